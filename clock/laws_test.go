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

// The laws, and where they are tested:
//
//	law C1   strictly increasing under any wall clock       TestNowIncreases
//	law C2   above everything seen                          TestCausality
//	law C3   ahead of the wall by at most the skew          TestCausality
//	law C4   a full counter never repeats or lowers         TestNowIncreases, TestClockIsThePapers
//	law C5   observing is a join                            TestObserveIsJoin
//	law C6   a refusal changes nothing                      TestRefusalChangesNothing
//	law C7   above everything issued before a restart       TestRestart
//	law C8   distinct between goroutines                    TestConcurrentNow
//	law C9   one order in all forms, which read back        TestOrders
//	law C10  the extremes have an answer                    TestTimestampForms, TestParseTimestampRefuses, TestTimestampOf
//
// The domains are narrow, so that equal milliseconds, full counters and steps
// back of the wall clock are common.

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

// paperClock is the algorithm as the paper states it, on a pair of numbers:
// the oracle for the one number line.
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

// TestClockIsThePapers holds the clock against the paper's algorithm (laws C1, C4
// and C6 in one): every result, and the state after it.
func TestClockIsThePapers(t *testing.T) {
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
					t.Fatalf("Check(%d) accepts: %v, want %v", s, got, accept)
				}
				if got := d.Observe(s) == nil; got != (old || accept) {
					t.Fatalf("Observe(%d) accepts: %v, want %v", s, got, old || accept)
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

// TestNowIncreases: a clock never repeats or goes back under any readings of
// the wall clock, and its counter carries (laws C1 and C4).
func TestNowIncreases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDevice(t, clock.Options{Last: nearTimestamps().Draw(t, "restored")})
		last := d.Last()
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			wall := wallMillis().Draw(t, "wall")
			d.set(wall)
			n := rapid.SampledFrom([]int{1, 1, 1, 2, full, full + 2}).Draw(t, "n")
			first := d.NowN(n)
			if first <= last || first < clock.TimestampOf(d.wall) {
				t.Fatalf("%d after %d at wall %d", first, last, wall)
			}
			if last = d.Last(); last != first+clock.Timestamp(n-1) {
				t.Fatalf("%d stamps from %d, and Last is %d", n, first, last)
			}
		}
	})
}

// TestCausality: what a replica has seen is below what it issues next (law C2),
// and while the wall clocks differ by at most skew, no stamp is further ahead
// of its own wall clock than that (law C3, the paper's corollary 1).
func TestCausality(t *testing.T) {
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
					t.Fatalf("honest stamp refused: %v", err)
				}
				seen[i] = max(seen[i], s)
				continue
			}
			s := d.Now()
			if s <= seen[i] {
				t.Fatalf("issued %d, had seen %d", s, seen[i])
			}
			if ahead := s.Millis() - (truth + offset[i]); ahead < 0 || ahead > skew {
				t.Fatalf("stamp %d ms ahead of its wall clock", ahead)
			}
			seen[i] = s
			inFlight = append(inFlight, s)
		}
	})
}

// TestObserveIsJoin: any order, any repetition and the maximum alone give the
// same state, which is never lower than before (law C5).
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
			"as given": stamps,
			"permuted": rapid.Permutation(stamps).Draw(t, "permutation"),
			"twice":    append(slices.Clone(stamps), stamps...),
			"maximum":  {slices.Max(stamps)},
		} {
			if got := state(list); got != want {
				t.Fatalf("%s: %d, want %d", name, got, want)
			}
		}
	})
}

// TestRefusalChangesNothing: a clock that refused stamps goes on as one that
// was never asked (law C6).
func TestRefusalChangesNothing(t *testing.T) {
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
					t.Fatalf("Check accepts %d, Observe does not: %v", s, err)
				}
				if err := control.Observe(s); err != nil {
					t.Fatal(err)
				}
			} else if s > asked.Last() && asked.Observe(s) == nil {
				t.Fatalf("Observe accepts %d, Check does not: %v", s, err)
			}
			if rapid.Bool().Draw(t, "tick") {
				asked.Now()
				control.Now()
			}
			if asked.Last() != control.Last() {
				t.Fatalf("%d, want %d", asked.Last(), control.Last())
			}
		}
	})
}

// TestRestart: with a bound stored ahead of use, nothing issued after a crash
// repeats or precedes what was issued before it, wherever the crash falls and
// wherever the wall clock then is (law C7).
func TestRestart(t *testing.T) {
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

// TestOrders: integers, texts, bytes and structs are ordered alike, and every
// form reads back as what was written (law C9).
func TestOrders(t *testing.T) {
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

// stamps returns valid stamps, many of equal times and of clients that differ
// in one byte, on either side of the sign bit.
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
