package merge

import (
	"iter"
	"strconv"
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// Outcome is the result of joining one incoming write to the stored write of its field.
type Outcome uint8

// The outcomes. The zero Outcome is not one of them.
const (
	// Applied: the incoming write is stored, because it won over the stored one or the field is new.
	// If the value is the same as before, only the stamp changed: the stored bytes differ, but users
	// see no difference. Several writes of a field in one push are joined in ascending order, so an
	// applied write may be replaced by the next.
	Applied Outcome = iota + 1
	// Superseded: the stored write is greater than the incoming one, and stays.
	Superseded
	// Equal: the very same write was stored already, as it is when a client retries a push.
	Equal
	// Collision: another write with the same stamp was stored, so one stamp was
	// used twice, by a restored backup or a cloned device. The greater write
	// stays, and it is the same on every replica; the client should take a new ID.
	Collision
	// FieldGone: the field may have been purged, and the incoming write is at or below the
	// fence, so it was not joined. Only a Push that was applied under a Fence yields this outcome.
	FieldGone
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
	case FieldGone:
		return "gone"
	}
	return "Outcome(" + strconv.Itoa(int(o)) + ")"
}

// Step is the part of the rule that decided between two writes of one field.
type Step uint8

// The steps, in the order in which they are tried. The zero Step is not one of them.
const (
	FirstWrite Step = iota + 1 // the field is new: there was nothing to compare
	ByTime                     // the later time wins
	ByClient                   // equal times: the greater client ID wins
	ByKind                     // equal stamps: a deletion wins over a value
	ByValue                    // equal stamps: the greater canonical value wins
	SameWrite                  // nothing differs: the same write was stored
)

// String returns the step in one or two words, such as "time".
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

// The zero Seen is SeenUnknown.
const (
	SeenUnknown Seen = iota // not known
	SeenYes
	SeenNo
)

// Change describes what one incoming write did to one field.
type Change struct {
	// Before is the write that was stored before, or the zero FieldValue if there was none.
	Before record.FieldValue
	// Incoming is the incoming write.
	Incoming record.FieldValue
	Outcome  Outcome
}

// compare returns the Change that the write "incoming" makes to the write "before".
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

// rule reports whether the incoming write is greater, and by which step. It makes
// the same two comparisons as record.FieldValue.Compare, so the order is the same.
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

// Won reports whether the incoming write is stored now and was not before: it was applied,
// or it won a collision.
func (c Change) Won() bool {
	return c.Outcome == Applied || c.Outcome == Collision && c.Incoming.Compare(c.Before) > 0
}

// Winner returns the write that is stored now.
func (c Change) Winner() record.FieldValue {
	if c.Won() {
		return c.Incoming
	}
	return c.Before
}

// Loser returns the write that is not stored now: the replaced write, or an incoming write
// that did not win. It is the zero FieldValue if the field is new, and the same as Winner if
// the very same write was stored already.
func (c Change) Loser() record.FieldValue {
	if c.Won() {
		return c.Before
	}
	return c.Incoming
}

// Step returns the part of the rule that decided, or 0 for the outcome FieldGone.
func (c Change) Step() Step {
	switch {
	case c.Outcome == FieldGone:
		return 0
	case c.Before.IsZero():
		return FirstWrite
	}
	_, by := c.rule()
	return by
}

// Margin returns how much later the winner is than the loser, in whole milliseconds of the
// clock. It is 0 if the field is new, or if both writes fell into one millisecond, even if
// their counters differ.
func (c Change) Margin() time.Duration {
	if c.Before.IsZero() {
		return 0
	}
	ms := c.Winner().Stamp.Time.Millis() - c.Loser().Stamp.Time.Millis()
	return time.Duration(ms) * time.Millisecond
}

// Changes returns, for each field of incoming in the order of names, the Change that
// joining incoming to current makes to that field. It does not compare the keys.
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
