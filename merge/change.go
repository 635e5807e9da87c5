package merge

import (
	"iter"
	"strconv"
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// Outcome says what became of one incoming write when it met the write that was
// there before.
type Outcome uint8

// The outcomes. The zero Outcome is none of them.
const (
	// Applied: the incoming write won over what was there, and is stored. If it has
	// the same value as before, only the stamp changed. Several writes of a field in one
	// push take their turns in ascending order, so one that is applied may be replaced
	// by the next.
	Applied Outcome = iota + 1
	// Superseded: the write that was there is greater, and stays.
	Superseded
	// Equal: the very same write was there already, as it is after a retry.
	Equal
	// Collision: another write with the same stamp was there, so one stamp was
	// used twice, by a restored backup or a cloned device. The greater write
	// stays, on every replica the same; the client should take a new ID.
	Collision
)

// String returns the outcome in lower case, such as "applied".
func (o Outcome) String() string {
	switch o {
	case Applied:
		return "applied"
	case Superseded:
		return "superseded"
	case Equal:
		return "equal"
	case Collision:
		return "collision"
	}
	return "Outcome(" + strconv.Itoa(int(o)) + ")"
}

// Step is the part of the rule that decided between two writes of one field.
type Step uint8

// The steps, in the order in which they are tried. The zero Step is none of them.
const (
	FirstWrite Step = iota + 1 // there was nothing to decide: the field is new
	ByTime                     // the later time
	ByClient                   // equal times, and the greater client ID
	ByKind                     // equal stamps, and a deletion above a value
	ByValue                    // equal stamps, and the greater canonical value
	SameWrite                  // nothing differs: the write met itself
)

// String returns the step in a word or two, such as "time".
func (s Step) String() string {
	switch s {
	case FirstWrite:
		return "first write"
	case ByTime:
		return "time"
	case ByClient:
		return "client"
	case ByKind:
		return "kind"
	case ByValue:
		return "value"
	case SameWrite:
		return "same write"
	}
	return "Step(" + strconv.Itoa(int(s)) + ")"
}

// Seen says whether the author of one write had seen another one.
type Seen uint8

// The zero Seen claims nothing.
const (
	SeenUnknown Seen = iota // nothing is claimed
	SeenYes
	SeenNo
)

// Change is what one incoming write did to one field.
type Change struct {
	// Before is the write that was there, or the zero FieldValue if none was.
	Before record.FieldValue
	// Incoming is the write that came.
	Incoming record.FieldValue
	Outcome  Outcome
}

// compare returns the Change that incoming makes to before.
func compare(before, incoming record.FieldValue) Change {
	c := Change{Before: before, Incoming: incoming}
	c.decide()
	return c
}

// decide sets the outcome, and reports whether the incoming write won.
func (c *Change) decide() (won bool) {
	won, by := c.rule()
	switch {
	case by == SameWrite:
		c.Outcome = Equal
	case by == ByKind || by == ByValue:
		c.Outcome = Collision
	case won:
		c.Outcome = Applied
	default:
		c.Outcome = Superseded
	}
	return won
}

// rule returns whether the incoming write is greater, and by which step. The order is that
// of record.FieldValue.Compare, whose two comparisons it makes.
func (c *Change) rule() (won bool, by Step) {
	v, w := &c.Incoming, &c.Before
	if order := v.Stamp.Compare(w.Stamp); order != 0 {
		if by = ByClient; v.Stamp.Time != w.Stamp.Time {
			by = ByTime
		}
		return order > 0, by
	}
	if v.Value == w.Value {
		return false, SameWrite
	}
	if by = ByValue; v.Deleted() != w.Deleted() {
		by = ByKind
	}
	return v.Value.Compare(w.Value) > 0, by
}

// Won reports whether the incoming write is stored now and was not before:
// whether it was applied, or won a collision.
func (c Change) Won() bool {
	return c.Outcome == Applied || c.Outcome == Collision && c.Incoming.Compare(c.Before) > 0
}

// Winner returns the write that is there now.
func (c Change) Winner() record.FieldValue {
	if c.Won() {
		return c.Incoming
	}
	return c.Before
}

// Loser returns the write that is not there now: the one that was replaced, or
// the one that came too late. It is the zero FieldValue if the field is new, and
// the same as Winner if the write met itself.
func (c Change) Loser() record.FieldValue {
	if c.Won() {
		return c.Before
	}
	return c.Incoming
}

// Step returns the part of the rule that decided.
func (c Change) Step() Step {
	if c.Before.IsZero() {
		return FirstWrite
	}
	_, by := c.rule()
	return by
}

// Margin returns how much later the winner is than the loser, in whole
// milliseconds as a clock counts them. It is 0 if both fell into one millisecond,
// where the counter of the later one is greater, and if the field is new.
func (c Change) Margin() time.Duration {
	if c.Before.IsZero() {
		return 0
	}
	ms := c.Winner().Stamp.Time.Millis() - c.Loser().Stamp.Time.Millis()
	return time.Duration(ms) * time.Millisecond
}

// Changes returns, for each field of incoming in the order of names, what
// joining it to current does to that field. The keys are not compared.
func Changes(current, incoming record.Record) iter.Seq2[string, Change] {
	return func(yield func(string, Change) bool) {
		for name, w := range incoming.All() {
			before, _ := current.Get(name)
			if !yield(name, compare(before, w)) {
				return
			}
		}
	}
}
