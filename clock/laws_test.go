package clock_test

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
)

// The tests of this file check laws on random inputs. The inputs come from
// narrow domains, so that equal milliseconds, full counters and backward steps
// of the wall clock are common. Two laws are checked in other files:
// TestConcurrentNowIssuesDistinctTimestamps checks that goroutines never get
// the same timestamp. TestTimestampTextAndBytes,
// TestParseTimestampRefusesOtherForms and TestTimestampOfRoundsDownWithinTheRange
// check the ends of the range.

func wallMillis() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64Range(-1, 6),
		rapid.SampledFrom([]int64{-hours8, hours8, clock.MaxTimestamp.Millis(), t0 * 10}),
	)
}

func nearTimestamps() *rapid.Generator[clock.Timestamp] {
	return rapid.Custom(func(t *rapid.T) clock.Timestamp {
		counter := rapid.SampledFrom([]int{0, 1, 2, full - 1, full}).Draw(t, "counter")
		return at(rapid.Int64Range(0, 6).Draw(t, "ms"), counter)
	})
}

// paperClock is the algorithm as the paper states it, on a pair of numbers. It
// is the oracle for Clock, which works on one number line.
type paperClock struct{ ms, counter int64 }

func (p *paperClock) now(wall int64) {
	if wall > p.ms {
		p.ms, p.counter = wall, 0
		return
	}
	p.counter++
	if p.counter > full {
		p.ms, p.counter = p.ms+1, 0
	}
}

func (p *paperClock) observe(ms, counter int64) {
	if ms > p.ms {
		p.ms, p.counter = ms, counter
	} else if ms == p.ms {
		p.counter = max(p.counter, counter)
	}
}

// TestClockFollowsThePaper checks every result of the clock, and its state after each step,
// against the algorithm of the paper.
func TestClockFollowsThePaper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 3).Draw(t, "limit in ms")
		d := newDevice(t, clock.Options{MaxAhead: time.Duration(limit) * time.Millisecond})
		var p paperClock
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			wall := rapid.Int64Range(-1, 6).Draw(t, "wall")
			d.set(wall)
			wall = max(wall, 0)
			if rapid.Bool().Draw(t, "tick") {
				p.now(wall)
				if got := d.Now(); got != at(p.ms, int(p.counter)) {
					t.Fatalf("Now = %d, want %v", got, p)
				}
			} else {
				s := nearTimestamps().Draw(t, "observed")
				ms, counter := s.Millis(), int64(s.Counter())
				old := ms < p.ms || ms == p.ms && counter <= p.counter
				accept := ms-wall <= limit
				if got := d.Check(s) == nil; got != accept {
					t.Fatalf("Check(%d) accepted: %v, want %v", s, got, accept)
				}
				if got := d.Observe(s) == nil; got != (old || accept) {
					t.Fatalf("Observe(%d) accepted: %v, want %v", s, got, old || accept)
				}
				if accept {
					p.observe(ms, counter)
				}
			}
			if got := d.Last(); got != at(p.ms, int(p.counter)) {
				t.Fatalf("Last = %d, want %v", got, p)
			}
		}
	})
}

// TestNowStrictlyIncreases: a clock never repeats or goes back, whatever the
// wall clock reads, and a full counter carries into the next millisecond.
func TestNowStrictlyIncreases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDevice(t, clock.Options{Last: nearTimestamps().Draw(t, "restored")})
		last := d.Last()
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			wall := wallMillis().Draw(t, "wall")
			d.set(wall)
			n := rapid.SampledFrom([]int{1, 1, 1, 2, full, full + 2}).Draw(t, "n")
			first := d.NowN(n)
			if first <= last || first < clock.TimestampOf(d.wall) {
				t.Fatalf("issued %d after %d, with the wall clock at %d", first, last, wall)
			}
			if last = d.Last(); last != first+clock.Timestamp(n-1) {
				t.Fatalf("after issuing %d timestamps from %d, Last is %d", n, first, last)
			}
		}
	})
}

// TestIssuedIsAboveSeenAndNearTheWallClock: a replica issues timestamps above
// all that it has seen. If the wall clocks differ by at most skew, no timestamp
// is further than skew ahead of its replica's wall clock (corollary 1 of the
// paper).
func TestIssuedIsAboveSeenAndNearTheWallClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const replicas, skew = 3, 4
		var devices [replicas]*device
		var offset [replicas]int64
		var seen [replicas]clock.Timestamp
		for i := range devices {
			devices[i] = newDevice(t, clock.Options{MaxAhead: skew * time.Millisecond})
			offset[i] = rapid.Int64Range(0, skew).Draw(t, "offset")
		}
		inFlight := []clock.Timestamp{}
		truth := int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			truth += rapid.Int64Range(0, 2).Draw(t, "passed")
			i := rapid.IntRange(0, replicas-1).Draw(t, "replica")
			d := devices[i]
			d.set(truth + offset[i])
			if len(inFlight) > 0 && rapid.Bool().Draw(t, "receive") {
				s := rapid.SampledFrom(inFlight).Draw(t, "message")
				if err := d.Observe(s); err != nil {
					t.Fatalf("a timestamp within the bound was refused: %v", err)
				}
				seen[i] = max(seen[i], s)
				continue
			}
			s := d.Now()
			if s <= seen[i] {
				t.Fatalf("issued %d, but had already seen %d", s, seen[i])
			}
			if ahead := s.Millis() - (truth + offset[i]); ahead < 0 || ahead > skew {
				t.Fatalf("issued a timestamp %d ms ahead of the replica's wall clock", ahead)
			}
			seen[i] = s
			inFlight = append(inFlight, s)
		}
	})
}

// TestObserveIsJoin: observing timestamps in any order, observing them twice
// and observing only the greatest give the same state. No step lowers the
// clock.
func TestObserveIsJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stamps := rapid.SliceOfN(nearTimestamps(), 1, 20).Draw(t, "stamps")
		restored := nearTimestamps().Draw(t, "restored")
		state := func(stamps []clock.Timestamp) clock.Timestamp {
			d := newDevice(t, clock.Options{MaxAhead: -1, Last: restored})
			for _, s := range stamps {
				before := d.Last()
				if err := d.Observe(s); err != nil {
					t.Fatal(err)
				}
				if d.Last() < before {
					t.Fatalf("observing %d lowered %d to %d", s, before, d.Last())
				}
			}
			return d.Last()
		}
		want := max(restored, slices.Max(stamps))
		for name, list := range map[string][]clock.Timestamp{
			"as given":                stamps,
			"permuted":                rapid.Permutation(stamps).Draw(t, "permutation"),
			"twice":                   append(slices.Clone(stamps), stamps...),
			"reduced to the greatest": {slices.Max(stamps)},
		} {
			if got := state(list); got != want {
				t.Fatalf("timestamps %s: Last is %d, want %d", name, got, want)
			}
		}
	})
}

// TestRefusedTimestampChangesNothing: a clock that refused timestamps behaves
// like a clock to which they were never offered.
func TestRefusedTimestampChangesNothing(t *testing.T) {
	offered := rapid.OneOf(nearTimestamps(), rapid.SampledFrom([]clock.Timestamp{
		math.MinInt64, -1, 0, clock.MaxTimestamp, clock.MaxTimestamp + 1, math.MaxInt64,
	}))
	rapid.Check(t, func(t *rapid.T) {
		o := clock.Options{MaxAhead: time.Millisecond, Last: nearTimestamps().Draw(t, "restored")}
		asked, control := newDevice(t, o), newDevice(t, o)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			wall := rapid.Int64Range(0, 6).Draw(t, "wall")
			asked.set(wall)
			control.set(wall)
			s := offered.Draw(t, "stamp")
			if err := asked.Check(s); err == nil {
				if err := asked.Observe(s); err != nil {
					t.Fatalf("Check accepts %d, but Observe refuses it: %v", s, err)
				}
				if err := control.Observe(s); err != nil {
					t.Fatal(err)
				}
			} else if s > asked.Last() && asked.Observe(s) == nil {
				t.Fatalf("Observe accepts %d, but Check refuses it: %v", s, err)
			}
			if rapid.Bool().Draw(t, "tick") {
				asked.Now()
				control.Now()
			}
			if asked.Last() != control.Last() {
				t.Fatalf("Last is %d, want %d", asked.Last(), control.Last())
			}
		}
	})
}

// TestReservedWindowOutlivesACrash: a process stores a bound before it issues
// timestamps up to it. After a crash at any point, with any wall clock, it
// issues only timestamps above those from before the crash.
func TestReservedWindowOutlivesACrash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const window = 3_000_000 // three milliseconds
		stored := clock.Timestamp(0)
		issued := clock.Timestamp(0)
		for range rapid.IntRange(1, 4).Draw(t, "lives") {
			d := newDevice(t, clock.Options{Last: stored})
			bound := stored
			for range rapid.IntRange(0, 10).Draw(t, "stamps") {
				d.set(rapid.Int64Range(-1, 6).Draw(t, "wall"))
				s := d.Now()
				if s >= bound {
					bound = s + window
					stored = bound // durable before s leaves
				}
				if rapid.IntRange(0, 9).Draw(t, "crash") == 0 {
					break
				}
				if s <= issued {
					t.Fatalf("issued %d after %d", s, issued)
				}
				issued = s
			}
		}
	})
}

// TestAllFormsSortAlikeAndReadBack: integers, texts, bytes and structs have one
// order, and every form decodes to the encoded value.
func TestAllFormsSortAlikeAndReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := stamps().Draw(t, "a"), stamps().Draw(t, "b")
		want := cmp.Or(cmp.Compare(int64(a.Time), int64(b.Time)), bytes.Compare(a.Client[:], b.Client[:]))
		if got := a.Compare(b); got != want {
			t.Fatalf("Compare = %d, want %d", got, want)
		}
		if (want == 0) != (a == b) {
			t.Fatalf("Compare = %d, but == is %v", want, a == b)
		}
		sameOrder(t, a, b, want)
		sameOrder(t, a.Time, b.Time, a.Time.Compare(b.Time))
		sameOrder(t, a.Client, b.Client, a.Client.Compare(b.Client))
		readsBack(t, a)
		readsBack(t, a.Time)
		readsBack(t, a.Client)
	})
}

// stamps generates valid stamps. Many have equal times, and clients that differ only in one
// byte, with its highest bit set or not.
func stamps() *rapid.Generator[clock.Stamp] {
	times := rapid.OneOf(
		nearTimestamps().Filter(func(s clock.Timestamp) bool { return s > 0 }),
		rapid.Map(rapid.Int64Range(1, int64(clock.MaxTimestamp)), func(n int64) clock.Timestamp {
			return clock.Timestamp(n)
		}),
	)
	return rapid.Custom(func(t *rapid.T) clock.Stamp {
		s := clock.Stamp{Time: times.Draw(t, "time"), Client: clock.ClientID{15: 1}}
		i := rapid.SampledFrom([]int{0, 7, 8, 15}).Draw(t, "byte")
		s.Client[i] = rapid.SampledFrom([]byte{1, 2, 0x7f, 0x80, 0xff}).Draw(t, "value")
		return s
	})
}
