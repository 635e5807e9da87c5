package clock_test

import (
	"flag"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// TestMain checks each property 1,000 times, unless the command line sets another number.
// Most errors show only at equal timestamps, which are rare.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}

const (
	// t0 is 2026-11-22T16:57:17.123Z in Unix milliseconds.
	t0 = 1_795_366_637_123
	// full is the greatest counter.
	full = 999_999
)

// at returns the timestamp of a millisecond and a counter.
func at(ms int64, counter int) clock.Timestamp {
	return clock.Timestamp(ms*1_000_000 + int64(counter))
}

// noFloor returns a floor that switches the check off: most tests use wall clocks near the epoch.
func noFloor() time.Time { return time.Unix(0, 0) }

// device is a clock with a wall clock that the test sets.
type device struct {
	*clock.Clock
	wall time.Time
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// newDevice returns a device with the given options. It has no floor unless o sets one.
func newDevice(t tester, o clock.Options) *device {
	t.Helper()
	d := new(device)
	o.Now = func() time.Time { return d.wall }
	if o.Floor.IsZero() {
		o.Floor = noFloor()
	}
	c, err := clock.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	d.Clock = c
	return d
}

func (d *device) set(ms int64) { d.wall = time.UnixMilli(ms) }
