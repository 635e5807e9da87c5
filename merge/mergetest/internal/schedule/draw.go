package schedule

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Dice draws a schedule from a seed. Each fault is on or off for the whole run. If it is on, it
// strikes now and then. So runs differ in kind.
type Dice struct {
	*rand.Rand
	Seed uint64
	Grammar
	Domain Domain
	more   *rand.Rand // draws variants of what was drawn, so that all other draws stay as they are
	extra  *rand.Rand // draws what was added later, for the same reason
	kinds  []*Kind    // each kind as many times as its weight
	Faults Faults
	Silent []time.Duration // the long silences still to come
}

// Faults are the faults that the requests of a run can have.
type Faults struct{ Lost, Twice, Reversed, Last, Doubled, Spelled, Damaged, Dies, Meets, Unread, Still bool }

// Draw returns the schedule of a seed.
func Draw(seed uint64, o Domain) []Step {
	d := &Dice{Rand: rand.New(rand.NewPCG(seed, 5)), more: rand.New(rand.NewPCG(seed, 6)), extra: rand.New(rand.NewPCG(seed, 7)), Seed: seed, Domain: o, Grammar: o.Grammar}
	d.narrow()
	d.chooseFaults()
	var steps []Step
	for _, k := range d.Grammar {
		if k.Begin != nil {
			steps = append(steps, k.Begin(d)...)
		}
	}
	for len(steps) < o.Steps {
		s := d.step()
		steps = append(steps, s)
		if s.OneIn == 0 || d.IntN(s.OneIn) == 0 {
			steps = append(steps, d.FollowUps(s)...)
		}
	}
	for _, k := range d.Grammar {
		if k.End != nil {
			steps = k.End(d, steps)
		}
	}
	return steps
}

// On returns true in half of the cases.
func (d *Dice) On() bool { return d.IntN(2) == 0 }

// Also returns true in one of n cases. It does not change what else is drawn.
func (d *Dice) Also(n int) bool { return d.extra.IntN(n) == 0 }

// chooseFaults draws the faults of a run, and the weights of the kinds of steps.
func (d *Dice) chooseFaults() {
	d.Faults = Faults{d.On(), d.On(), d.On(), d.On(), d.On(), d.On(), d.On(), d.On(), d.On(), d.On(), d.IntN(3) == 0}
	if d.On() {
		d.Silent = []time.Duration{400 * Day, 40 * Day}[d.IntN(2):]
	}
	for _, f := range d.Domain.Families {
		for range f.Often(d) {
			d.kinds = append(d.kinds, f.Kinds...)
		}
	}
}

// narrow leaves out part of the domain, so that edits meet however large the domain is: it keeps a
// few records. Half of the runs also keep only some fields, and, independently, half keep only some
// values. What it keeps of a list is adjacent, and so easily confused.
func (d *Dice) narrow() {
	d.Domain.IDs = some(d, Pick(d, 2, 3, 4), d.Domain.IDs)
	for i := range d.Domain.IDs { // every other record is stored already, if there are such records
		if n := len(d.Domain.Stored); n > 0 && i%2 == 0 {
			d.Domain.IDs[i] = d.Domain.Stored[d.more.IntN(n)]
		}
	}
	if d.On() {
		alike := func(names []string) []string {
			return slices.SortedStableFunc(slices.Values(names), func(a, b string) int {
				return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
			})
		}
		if d.Domain.AnyField && len(d.Domain.Given) > 0 && d.On() { // otherwise they would be rare
			d.Domain.Names = d.Domain.Given
		}
		d.Domain.Names = some(d, 3, alike(d.Domain.Names))
	}
	if d.On() {
		fields := map[string][]string{}
		for _, name := range d.Domain.Names {
			fields[name] = some(d, 4, d.Domain.Fields[name])
		}
		d.Domain.Fields = fields
	}
}

// some returns at most n neighbouring elements of a list, which wraps around.
func some(d *Dice, n int, list []string) (few []string) {
	first := d.IntN(len(list))
	for i := range min(n, len(list)) {
		few = append(few, list[(first+i)%len(list)])
	}
	return few
}

// Pick returns a random element of a list.
func Pick[T any](d *Dice, list ...T) T { return list[d.IntN(len(list))] }

// step draws one step.
func (d *Dice) step() Step {
	who, k, id := d.IntN(d.Domain.Devices), Pick(d, d.kinds...), Pick(d, d.Domain.IDs...)
	s := Step{Who: map[Actor]int{OfDevice: who, OfServer: Server, OfNone: none}[k.Who], Kind: k}
	if k.hasID() {
		s.ID = id
	}
	if k.Draw != nil {
		k.Draw(d, &s)
	}
	return s
}

// Day is 24 hours.
const Day = 24 * time.Hour

// Duration draws the length of a wait: mostly short, and now and then days.
func (d *Dice) Duration() time.Duration {
	if d.Faults.Still && d.IntN(10) > 0 {
		return time.Millisecond
	}
	return Pick(d, time.Millisecond, time.Millisecond, time.Second, time.Minute, 6*time.Minute, time.Hour, 8*time.Hour, Day, 3*Day)
}

// Year is 365 days.
const Year = 365 * Day

// Skew draws the error of a clock: none, behind, just within the bound, just outside it, far away,
// before 2001, when a stamp has fewer digits, or in 1970, where an unset clock begins.
func (d *Dice) Skew(jump bool) time.Duration {
	bound := max(d.Domain.MaxAhead, time.Millisecond)
	if jump && d.IntN(8) == 0 {
		return 10 * Year
	}
	return Pick(d, 0, 0, -time.Hour, -time.Second, time.Second, bound-time.Millisecond, bound, bound+time.Millisecond, time.Hour, -90*Day, -24*Year, -54*Year)
}

// Sets draws the assignments of an item.
func (d *Dice) Sets(deletions bool) (sets []Assignment) {
	first := d.IntN(len(d.Domain.Names))
	for i := range 1 + d.IntN(2) {
		if i == len(d.Domain.Names) {
			break
		}
		name := d.Domain.Names[(first+i)%len(d.Domain.Names)]
		value := Pick(d, d.Domain.Fields[name]...)
		if deletions && d.IntN(4) == 0 {
			value = "deleted"
		}
		sets = append(sets, Assignment{name, value})
	}
	return d.withBuckets(sets)
}

// Early draws one of n places, with a preference for early ones, because most pushes are short.
func (d *Dice) Early(n int) int { return 1 + d.IntN(1+d.IntN(n)) }

// Pause draws the pause of a push in which something happens.
func (d *Dice) Pause() int { return d.Early(max(2, d.Domain.Pauses)) }

// PushManner draws the manner of a push.
func (d *Dice) PushManner() Manner {
	hits := func(fault bool) bool { return fault && d.IntN(5) == 0 }
	m := Manner{
		Lost: hits(d.Faults.Lost), Twice: hits(d.Faults.Twice), Reversed: hits(d.Faults.Reversed),
		Last: hits(d.Faults.Last), Doubled: hits(d.Faults.Doubled), Spelled: hits(d.Faults.Spelled),
		Unread: d.Faults.Unread && d.On(),
	}
	if hits(d.Faults.Damaged) {
		*Pick(d, &m.Garbled, &m.Cut) = 1 + d.IntN(2000)
	}
	if d.Faults.Dies && d.IntN(3) == 0 {
		n := max(3, d.Domain.Points)
		m = d.crash(m, Pick(d, 1, 2, d.Early(n), 1+d.IntN(n)))
	}
	if hits(d.Faults.Meets) && d.Domain.Devices > 1 {
		m.At, m.Whom = Pick(d, 1, d.Pause()), d.IntN(d.Domain.Devices)
	}
	return m
}

// crash returns a manner in which a crash point returns an error: the server dies, or, if its process could be
// told apart from the next one, only the commit fails.
func (d *Dice) crash(m Manner, at int) Manner {
	if d.Domain.Restarts && d.more.IntN(2) == 0 {
		m.Fails = at
	} else {
		m.Dies = at
	}
	return m
}
