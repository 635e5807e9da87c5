package clock_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// morning is the wall clock of these examples. It always returns the same time.
func morning() time.Time { return time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC) }

// Two devices edit one field. The phone's wall clock is ten minutes slow. Its
// edit still has the greater stamp, because it was made after seeing the
// laptop's edit.
func Example() {
	laptop, _ := clock.New(clock.Options{Now: morning})
	phone, _ := clock.New(clock.Options{
		Now:      func() time.Time { return morning().Add(-10 * time.Minute) },
		MaxAhead: -1, // a client trusts what its server sends
	})
	laptopID := clock.MustParseClientID("1a000000-0000-4000-8000-000000000001")
	phoneID := clock.MustParseClientID("9f000000-0000-4000-8000-000000000002")

	first := clock.Stamp{Time: laptop.Now(), Client: laptopID}
	_ = phone.Observe(first.Time)
	second := clock.Stamp{Time: phone.Now(), Client: phoneID}

	fmt.Println(first)
	fmt.Println(second)
	fmt.Println(second.Compare(first))
	// Output:
	// 2026-11-22T09:30:00.000000000Z/1a000000-0000-4000-8000-000000000001
	// 2026-11-22T09:30:00.000000001Z/9f000000-0000-4000-8000-000000000002
	// 1
}

func ExampleClock_Now() {
	c, _ := clock.New(clock.Options{Now: morning})
	fmt.Println(c.Now())
	fmt.Println(c.Now())
	// Output:
	// 2026-11-22T09:30:00.000000000Z
	// 2026-11-22T09:30:00.000000001Z
}

func ExampleClock_NowN() {
	c, _ := clock.New(clock.Options{Now: morning})
	first := c.NowN(3)
	for i := range clock.Timestamp(3) {
		fmt.Println(first + i)
	}
	// Output:
	// 2026-11-22T09:30:00.000000000Z
	// 2026-11-22T09:30:00.000000001Z
	// 2026-11-22T09:30:00.000000002Z
}

func ExampleClock_Observe() {
	c, _ := clock.New(clock.Options{Now: morning})
	if err := c.Observe(clock.MustParseTimestamp("2026-11-22T09:30:02Z")); err != nil {
		fmt.Println(err)
	}
	fmt.Println(c.Now())
	fmt.Println("ahead by", c.Ahead())
	// Output:
	// 2026-11-22T09:30:02.000000001Z
	// ahead by 2s
}

// A server judges each incoming stamp. It sends its own time to a client whose
// clock is wrong.
func ExampleClock_Check() {
	server, _ := clock.New(clock.Options{Now: morning})

	err := server.Check(clock.MustParseTimestamp("2099-01-01T00:00:00Z"))

	var ahead *clock.AheadError
	if errors.As(err, &ahead) {
		fmt.Println("refused; the server's time is", clock.TimestampOf(ahead.Wall))
		fmt.Println("limit", ahead.Limit)
	}
	fmt.Println("the clock stays at zero:", server.Last().IsZero())
	// Output:
	// refused; the server's time is 2026-11-22T09:30:00.000000000Z
	// limit 5m0s
	// the clock stays at zero: true
}

// A restarted process issues timestamps above those from before the restart,
// even though its wall clock went back.
func ExampleNew() {
	before, _ := clock.New(clock.Options{Now: morning})
	fmt.Println(before.Now())
	stored := before.Last()

	after, err := clock.New(clock.Options{
		Now:  func() time.Time { return morning().Add(-time.Minute) },
		Last: stored,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(after.Now())
	// Output:
	// 2026-11-22T09:30:00.000000000Z
	// 2026-11-22T09:30:00.000000001Z
}

func ExampleParseTimestamp() {
	for _, text := range []string{
		"2026-11-22T16:57:17.123Z", // as JavaScript writes it
		"2026-11-22T16:57:17.123000003+00:00",
		"2026-11-22T16:57:17+05:30",
	} {
		t, err := clock.ParseTimestamp(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(t, t.Millis(), t.Counter())
	}
	// Output:
	// 2026-11-22T16:57:17.123000000Z 1795366637123 0
	// 2026-11-22T16:57:17.123000003Z 1795366637123 3
	// clock: timestamp: want a final Z or +00:00 at offset 19
}

func ExampleParseClientID() {
	id, err := clock.ParseClientID("7F3C1A9E-52D4-4C8B-9D0E-1F2A3B4C5D6E") // as Apple's systems write it
	fmt.Println(id, err)
	// Output:
	// 7f3c1a9e-52d4-4c8b-9d0e-1f2a3b4c5d6e <nil>
}
