package mergetest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// dice draws a schedule from a seed. Each fault is on or off for the whole run, and then
// strikes now and then, so that runs differ in kind.
type dice struct {
	*rand.Rand
	seed uint64
	grammar
	o      domain
	kinds  []*kind // each as often as it is likely
	faults faults
	silent []time.Duration // how long there is silence at some time
}

type faults struct{ lost, twice, reversed, last, doubled, spelled, damaged, dies, meets, unread, still bool }

// draw returns the schedule of a seed.
func draw(seed uint64, o domain) []step {
	d := &dice{Rand: rand.New(rand.NewPCG(seed, 5)), seed: seed, o: o, grammar: o.grammar}
	d.narrow()
	d.chooseFaults()
	var steps []step
	for _, k := range d.grammar {
		if k.begin != nil {
			steps = append(steps, k.begin(d)...)
		}
	}
	for len(steps) < o.steps {
		s := d.step()
		steps = append(steps, s)
		if s.oneIn == 0 || d.IntN(s.oneIn) == 0 {
			steps = append(steps, d.followUps(s)...)
		}
	}
	for _, k := range d.grammar {
		if k.end != nil {
			steps = k.end(d, steps)
		}
	}
	return steps
}

func (d *dice) on() bool { return d.IntN(2) == 0 }

// chooseFaults decides which faults there are, and how often things happen.
func (d *dice) chooseFaults() {
	d.faults = faults{d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.IntN(3) == 0}
	if d.on() {
		d.silent = []time.Duration{400 * day, 40 * day}[d.IntN(2):]
	}
	for _, f := range d.o.families {
		for range f.often(d) {
			d.kinds = append(d.kinds, f.kinds...)
		}
	}
}

// narrow leaves out some of what can be written, so that edits meet however much there is: all
// but a few records, and in half of the runs each, some fields and some values. What is left
// are neighbors, which are easily confused.
func (d *dice) narrow() {
	d.o.ids = some(d, pick(d, 2, 3, 4), d.o.ids)
	if d.on() {
		alike := slices.SortedStableFunc(slices.Values(d.o.names), func(a, b string) int {
			return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
		})
		d.o.names = some(d, 3, alike)
	}
	if d.on() {
		fields := map[string][]string{}
		for _, name := range d.o.names {
			fields[name] = some(d, 4, d.o.fields[name])
		}
		d.o.fields = fields
	}
}

// some returns at most n neighbors of a list, whose first is a neighbor of its last.
func some(d *dice, n int, list []string) (few []string) {
	first := d.IntN(len(list))
	for i := range min(n, len(list)) {
		few = append(few, list[(first+i)%len(list)])
	}
	return few
}

// pick returns one of a list.
func pick[T any](d *dice, list ...T) T { return list[d.IntN(len(list))] }

// step draws one step.
func (d *dice) step() step {
	who, k, id := d.IntN(d.o.devices), pick(d, d.kinds...), pick(d, d.o.ids...)
	s := step{who: map[actor]int{ofDevice: who, ofServer: server, ofNobody: nobody}[k.who], kind: k}
	if k.hasID() {
		s.id = id
	}
	if k.draw != nil {
		k.draw(d, &s)
	}
	return s
}

const day = 24 * time.Hour

// duration draws how long nothing happens: mostly not long, and now and then for days.
func (d *dice) duration() time.Duration {
	if d.faults.still && d.IntN(10) > 0 {
		return time.Millisecond
	}
	return pick(d, time.Millisecond, time.Millisecond, time.Second, time.Minute, 6*time.Minute, time.Hour, 8*time.Hour, day, 3*day)
}

const year = 365 * day

// skew draws by how much a clock is wrong: not at all, behind, just within the bound, just outside,
// far away, before 2001, when a stamp has fewer digits, or in 1970, where a clock begins that is not
// set.
func (d *dice) skew(jump bool) time.Duration {
	bound := max(d.o.maxAhead, time.Millisecond)
	if jump && d.IntN(8) == 0 {
		return 10 * year
	}
	return pick(d, 0, 0, -time.Hour, -time.Second, time.Second, bound-time.Millisecond, bound, bound+time.Millisecond, time.Hour, -90*day, -24*year, -54*year)
}

// sets draws what an item writes.
func (d *dice) sets(deletions bool) (sets []assignment) {
	first := d.IntN(len(d.o.names))
	for i := range 1 + d.IntN(2) {
		if i == len(d.o.names) {
			break
		}
		name := d.o.names[(first+i)%len(d.o.names)]
		value := pick(d, d.o.fields[name]...)
		if deletions && d.IntN(4) == 0 {
			value = "deleted"
		}
		sets = append(sets, assignment{name, value})
	}
	return sets
}

// early draws one of n places, an early one more often, since most pushes are short.
func (d *dice) early(n int) int { return 1 + d.IntN(1+d.IntN(n)) }

// pause draws in which pause of a push something happens.
func (d *dice) pause() int { return d.early(max(2, d.o.pauses)) }

// manner draws how a push goes.
func (d *dice) manner() manner {
	hits := func(fault bool) bool { return fault && d.IntN(5) == 0 }
	m := manner{
		lost: hits(d.faults.lost), twice: hits(d.faults.twice), reversed: hits(d.faults.reversed),
		last: hits(d.faults.last), doubled: hits(d.faults.doubled), spelled: hits(d.faults.spelled),
		unread: d.faults.unread && d.on(),
	}
	if hits(d.faults.damaged) {
		*pick(d, &m.garbled, &m.cut) = 1 + d.IntN(2000)
	}
	if d.faults.dies && d.IntN(3) == 0 {
		n := max(3, d.o.points)
		m.dies = pick(d, 1, 2, d.early(n), 1+d.IntN(n))
	}
	if hits(d.faults.meets) && d.o.devices > 1 {
		m.at, m.whom = pick(d, 1, d.pause()), d.IntN(d.o.devices)
	}
	return m
}
