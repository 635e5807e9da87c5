package clock_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// lastDay is the first timestamp of the reserved day after MaxTimestamp.
const lastDay = clock.MaxTimestamp + 1

// foreign holds a function for each way in which a timestamp arrives from another host.
var foreign = map[string]func(t clock.Timestamp) (clock.Timestamp, error){
	"ParseTimestamp": func(t clock.Timestamp) (clock.Timestamp, error) { return clock.ParseTimestamp(t.String()) },
	"UnmarshalText": func(t clock.Timestamp) (got clock.Timestamp, err error) {
		return got, got.UnmarshalText([]byte(t.String()))
	},
	"JSON": func(t clock.Timestamp) (got clock.Timestamp, err error) {
		text, _ := json.Marshal(t)
		return got, json.Unmarshal(text, &got)
	},
	"ParseStamp": func(t clock.Timestamp) (clock.Timestamp, error) {
		s, err := clock.ParseStamp(stampAt(t).String())
		return s.Time, err
	},
	"Stamp.UnmarshalText": func(t clock.Timestamp) (clock.Timestamp, error) {
		var s clock.Stamp
		err := s.UnmarshalText([]byte(stampAt(t).String()))
		return s.Time, err
	},
}

// stored holds a function for each way in which this host stores a timestamp and reads it
// again.
var stored = map[string]func(t clock.Timestamp) (clock.Timestamp, error){
	"no encoding": func(t clock.Timestamp) (clock.Timestamp, error) { return t, nil },
	"Scan": func(t clock.Timestamp) (got clock.Timestamp, err error) {
		value, _ := t.Value()
		return got, got.Scan(value)
	},
	"Scan of a string": func(t clock.Timestamp) (got clock.Timestamp, err error) { return got, got.Scan(t.String()) },
	"Scan of bytes":    func(t clock.Timestamp) (got clock.Timestamp, err error) { return got, got.Scan([]byte(t.String())) },
	"UnmarshalBinary": func(t clock.Timestamp) (got clock.Timestamp, err error) {
		bytes, _ := t.MarshalBinary()
		return got, got.UnmarshalBinary(bytes)
	},
	"Stamp.Scan": func(t clock.Timestamp) (clock.Timestamp, error) {
		var s clock.Stamp
		value, _ := stampAt(t).Value()
		err := s.Scan(value)
		return s.Time, err
	},
	"Stamp.UnmarshalBinary": func(t clock.Timestamp) (clock.Timestamp, error) {
		var s clock.Stamp
		bytes, _ := stampAt(t).MarshalBinary()
		err := s.UnmarshalBinary(bytes)
		return s.Time, err
	},
}

func stampAt(t clock.Timestamp) clock.Stamp { return clock.Stamp{Time: t, Client: clock.ClientID{1}} }

// TestClockIssuesAboveEveryAcceptedTimestamp: a clock without a bound observes every timestamp
// that another host may send, and issues greater ones. After it is saved and restored in any
// form, it issues greater timestamps again.
func TestClockIssuesAboveEveryAcceptedTimestamp(t *testing.T) {
	for _, given := range []clock.Timestamp{
		1, at(t0, full), clock.MaxTimestamp - 1_000_000, clock.MaxTimestamp - full, clock.MaxTimestamp - 1, clock.MaxTimestamp,
	} {
		for read, from := range foreign {
			for saved, restore := range stored {
				t.Run(fmt.Sprint(given, " read by ", read, " restored by ", saved), func(t *testing.T) {
					accepted, err := from(given)
					require.NoError(t, err)
					require.Equal(t, given, accepted)
					d := newDevice(t, clock.Options{MaxAhead: -1})
					require.NoError(t, d.Observe(accepted))
					issued := d.Now()
					require.Equal(t, given+1, issued)
					require.True(t, stampAt(issued).Valid(), "the issued timestamp must be valid in a stamp")
					require.NoError(t, d.Observe(issued), "Observe must accept the clock's own timestamp")

					last, err := restore(d.Last())
					require.NoError(t, err)
					require.Equal(t, issued, last)
					d = newDevice(t, clock.Options{MaxAhead: -1, Last: last})
					require.Equal(t, last, d.Last())
					require.Equal(t, last+1, d.Now())
					require.Equal(t, last+2, d.NowN(1000))
				})
			}
		}
	}
}

// TestLastDayIsRefusedFromOtherHosts: a timestamp of the reserved day is accepted from storage
// and refused from other hosts. A text beyond the range of int64 is refused from storage as
// well.
func TestLastDayIsRefusedFromOtherHosts(t *testing.T) {
	for _, own := range []clock.Timestamp{lastDay, lastDay + 1, lastDay + full, lastDay + 1_000_000, math.MaxInt64 - 1, math.MaxInt64} {
		for name, read := range foreign {
			got, err := read(own)
			require.ErrorIs(t, err, clock.ErrRange, name)
			require.ErrorIs(t, err, clock.ErrAhead, "the error must say that the timestamp is ahead")
			require.Zero(t, got, name)
			var e *clock.ParseError
			require.ErrorAs(t, err, &e)
		}
		for name, read := range stored {
			got, err := read(own)
			require.NoError(t, err, name)
			require.Equal(t, own, got, name)
		}
		for _, bound := range []time.Duration{-1, 0, math.MaxInt64} {
			d := newDevice(t, clock.Options{MaxAhead: bound, Last: 5})
			d.wall = time.Date(2262, 4, 11, 12, 0, 0, 0, time.UTC)
			require.ErrorIs(t, d.Observe(own), clock.ErrRange)
			require.ErrorIs(t, d.Check(own), clock.ErrAhead)
			require.Equal(t, clock.Timestamp(5), d.Last())
		}
	}
	for _, text := range []string{"2262-04-11T23:47:16.854775808Z", "2262-04-11T23:47:17Z", "2262-04-12T00:00:00Z", "9999-12-31T23:59:59.999999999Z"} {
		var got clock.Timestamp
		require.ErrorIs(t, got.Scan(text), clock.ErrAhead, text)
	}
	for _, text := range []string{"1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"} {
		_, err := clock.ParseTimestamp(text)
		require.ErrorIs(t, err, clock.ErrRange)
		require.NotErrorIs(t, err, clock.ErrAhead, "a time before the range is not ahead")
	}
}

// TestNowRepeatsRatherThanOverflows: at the end of int64, a clock repeats timestamps and does
// not wrap around.
func TestNowRepeatsRatherThanOverflows(t *testing.T) {
	d := newDevice(t, clock.Options{Last: math.MaxInt64 - 3})
	require.Equal(t, clock.Timestamp(math.MaxInt64-2), d.Now())
	require.Equal(t, clock.Timestamp(math.MaxInt64-1), d.NowN(2))
	for range 2 {
		require.Equal(t, clock.Timestamp(math.MaxInt64), d.Now())
		require.Equal(t, clock.Timestamp(math.MaxInt64), d.Last())
	}
	require.Equal(t, clock.Timestamp(math.MaxInt64-9), d.NowN(10))
	require.Equal(t, clock.Timestamp(math.MaxInt64), d.Last())
}
