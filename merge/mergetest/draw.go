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
	o      domain
	verbs  []string // each as often as it is likely
	faults faults
	silent []time.Duration // how long there is silence at some time
}

type faults struct{ lost, twice, reversed, last, doubled, spelled, damaged, dies, meets, unread, still bool }

// draw returns the schedule of a seed.
func draw(seed uint64, o domain) []step {
	d := &dice{Rand: rand.New(rand.NewPCG(seed, 5)), o: o}
	d.narrow()
	d.chooseFaults()
	var steps []step
	if d.on() {
		for i := range d.o.Devices {
			steps = append(steps, step{who: i, verb: "clock", by: d.skew(false)})
		}
	}
	for len(steps) < o.Steps {
		s := d.step()
		steps = append(steps, s)
		if s.verb != "wait" || d.IntN(3) == 0 {
			steps = append(steps, d.followUps(s)...)
		}
	}
	if d.on() { // and what was written far ahead waits until the faults end
		s := step{who: d.IntN(d.o.Devices), verb: "edits", id: pick(d, d.o.IDs...), sets: d.sets(true)}
		steps = append(steps, step{who: s.who, verb: "clock", by: time.Hour}, s)
		if d.on() { // though the clock is right by then
			steps = append(steps, step{who: s.who, verb: "clock"})
		}
	}
	if d.IntN(3) == 0 {
		s := step{who: d.IntN(d.o.Devices), verb: "floods", id: pick(d, d.o.IDs...), n: pick(d, 150, 300)}
		steps = slices.Insert(steps, d.IntN(len(steps)), append([]step{s}, d.followUps(s)...)...)
	}
	return steps
}

func (d *dice) on() bool { return d.IntN(2) == 0 }

// chooseFaults decides which faults there are, and how often things happen.
func (d *dice) chooseFaults() {
	often := func(n int, verbs ...string) {
		for range n {
			d.verbs = append(d.verbs, verbs...)
		}
	}
	d.faults = faults{d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.on(), d.IntN(3) == 0}
	if d.on() {
		d.silent = []time.Duration{400 * day, 40 * day}[d.IntN(2):]
	}
	often(24, "edits")
	often(3, "deletes", "restores")
	often([]int{6, 18}[d.IntN(2)], "pushes")
	often([]int{6, 18}[d.IntN(2)], "pulls")
	often([]int{14, 5}[d.IntN(2)], "wait")
	for _, fault := range [][]string{{"resends"}, {"spoils"}, {"clock"}, {"ticks"}, {"server restarts"}, {"server writes"}, {"reinstalls"}} {
		if d.on() {
			often(2, fault...)
		}
	}
	if d.on() {
		often(4, "clones")
	}
	if d.on() {
		often(2, "backs-up", "is-restored")
	}
	if d.o.NewClient != nil && d.on() {
		often(2, "reopens")
	}
	for _, fault := range []string{"server backs-up", "server forgets-time"} {
		if d.IntN(3) == 0 {
			often(1, fault)
		}
	}
}

// narrow leaves out some of what can be written, so that edits meet however much there is: all
// but a few records, and in half of the runs each, some fields and some values. What is left
// are neighbors, which are easily confused.
func (d *dice) narrow() {
	d.o.IDs = some(d, pick(d, 2, 3, 4), d.o.IDs)
	if d.on() {
		alike := slices.SortedStableFunc(slices.Values(d.o.names), func(a, b string) int {
			return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
		})
		d.o.names = some(d, 3, alike)
	}
	if d.on() {
		fields := map[string][]string{}
		for _, name := range d.o.names {
			fields[name] = some(d, 4, d.o.Fields[name])
		}
		d.o.Fields = fields
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
	s := step{who: d.IntN(d.o.Devices), verb: pick(d, d.verbs...), id: pick(d, d.o.IDs...)}
	if verb, ok := strings.CutPrefix(s.verb, "server "); ok {
		s.who, s.verb = server, verb
	}
	switch s.verb {
	case "wait":
		return step{who: nobody, verb: "wait", by: d.wait()}
	case "writes":
		s.sets = d.sets(false)[:1]
	case "edits":
		s.sets = d.sets(true)
		switch d.IntN(20) {
		case 0:
			s.sets = nil
		case 1, 2, 3:
			s.verb = "adds"
		}
	case "spoils":
		s.sets, s.bad = d.sets(false), pick(d, d.o.flaws()...)
	case "clock":
		s.by = d.skew(true)
	case "resends":
		s.n = d.IntN(6)
	case "clones":
		s.whom = d.IntN(d.o.Devices)
	case "pushes":
		s.push = d.manner()
		s.push.meanwhile = d.o.hasClient(s.who) && d.IntN(4) == 0
	case "pulls":
		s.push.lost = d.faults.lost && d.IntN(5) == 0
		s.push.closed = d.o.hasClient(s.who) && d.IntN(4) == 0
		if d.faults.meets && d.o.Devices > 1 && d.IntN(5) == 0 {
			s.push.at, s.push.whom = d.early(6), d.IntN(d.o.Devices)
		}
	}
	return s
}

const day = 24 * time.Hour

// wait draws how long nothing happens: mostly not long, and now and then for days.
func (d *dice) wait() time.Duration {
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
	bound := max(d.o.MaxAhead, time.Millisecond)
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
		value := pick(d, d.o.Fields[name]...)
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
	if hits(d.faults.meets) && d.o.Devices > 1 {
		m.at, m.whom = pick(d, 1, d.pause()), d.IntN(d.o.Devices)
	}
	return m
}
