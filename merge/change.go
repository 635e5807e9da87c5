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

// decide sets the outcome, and reports whether the incoming write won. It follows
// record.FieldValue.Compare, and looks no further than it must: a fold does
// little else.
func (c *Change) decide() (won bool) {
	v, w := &c.Incoming, &c.Before
	switch {
	case v.Stamp.Time != w.Stamp.Time:
		won = v.Stamp.Time > w.Stamp.Time
	case v.Stamp.Client != w.Stamp.Client:
		won = v.Stamp.Client.Compare(w.Stamp.Client) > 0
	case v.Value == w.Value:
		c.Outcome = Equal
		return false
	default:
		c.Outcome = Collision
		return v.Value.Compare(w.Value) > 0
	}
	c.Outcome = Superseded
	if won {
		c.Outcome = Applied
	}
	return won
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
	v, w := c.Incoming, c.Before
	switch {
	case w.IsZero():
		return FirstWrite
	case v.Stamp.Time != w.Stamp.Time:
		return ByTime
	case v.Stamp.Client != w.Stamp.Client:
		return ByClient
	case v.Deleted() != w.Deleted():
		return ByKind
	case v.Value != w.Value:
		return ByValue
	}
	return SameWrite
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
