package merge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// application is an Input that is being applied.
type application struct {
	*Input
	maxRecord int
	answer    Answer
	marks     marks
	builder   record.Builder
	// decisions holds those of all results, one behind the other.
	decisions []Decision
	touches   []touch // scratch
}

// touch is one write of one item.
type touch struct {
	*Decision
	item int
}

// all applies the accepted items, whose positions are given, record by record.
func (a *application) all(accepted []int) {
	key := func(i int) record.Key { return a.answer.Results[i].Key }
	byKey := func(i, j int) int { return cmp.Or(key(i).Compare(key(j)), cmp.Compare(i, j)) }
	if !slices.IsSortedFunc(accepted, byKey) {
		slices.SortFunc(accepted, byKey)
	}
	for len(accepted) > 0 {
		n := 1
		for n < len(accepted) && key(accepted[n]) == key(accepted[0]) {
			n++
		}
		a.record(key(accepted[0]), accepted[:n])
		accepted = accepted[n:]
	}
}

// record applies all items of one record.
func (a *application) record(key record.Key, items []int) {
	before, ok := a.Current.Get(key)
	if !ok {
		before = record.New(key)
	}
	if items = a.fit(before, items); len(items) == 0 {
		return
	}
	a.lay(key, items)
	a.meet(before)
	// Records of one key always have a join.
	after, changed, _ := a.builder.Join(before, a.incoming(key, items))
	if changed {
		a.answer.Updates = append(a.answer.Updates, Update{before, after})
	}
	for _, i := range items {
		a.note(i, Update{before, after})
	}
}

// lay lays out the writes of the items by field, and those of a field in
// ascending order.
func (a *application) lay(key record.Key, items []int) {
	a.touches = a.touches[:0]
	for _, i := range items {
		from := len(a.decisions)
		for name, w := range a.Items[i].Mutation.Data.All() {
			a.marks.accept(w.Stamp)
			a.decisions = append(a.decisions, Decision{Key: key, Field: name, Change: Change{Incoming: w}})
			a.touches = append(a.touches, touch{&a.decisions[len(a.decisions)-1], i})
		}
		a.answer.Results[i].Fields = slices.Clip(a.decisions[from:])
	}
	if len(items) > 1 {
		slices.SortFunc(a.touches, func(t, u touch) int {
			return cmp.Or(strings.Compare(t.Field, u.Field), t.Incoming.Compare(u.Incoming))
		})
	}
}

// meet lets each write meet the one that stands in its field by then.
func (a *application) meet(before record.Record) {
	var standing record.FieldValue
	for n, t := range a.touches {
		switch {
		case n == 0 || a.touches[n-1].Field != t.Field:
			standing, _ = before.Get(t.Field)
			fallthrough
		case a.touches[n-1].Incoming != t.Incoming:
			if t.Before = standing; t.decide() {
				standing = t.Incoming
			}
		default:
			// The same write in two items: what becomes of it is the same.
			t.Change = a.touches[n-1].Change
		}
		a.look(t)
	}
}

// incoming returns the join of the items of one record.
func (a *application) incoming(key record.Key, items []int) record.Record {
	if len(items) == 1 {
		return a.Items[items[0]].Mutation.Data
	}
	// What is in records was checked, so it makes a record.
	r, _ := a.builder.Record(key, func(yield func(string, record.FieldValue) bool) {
		for n, t := range a.touches {
			last := n+1 == len(a.touches) || a.touches[n+1].Field != t.Field
			if last && !yield(t.Field, t.Incoming) {
				return
			}
		}
	})
	return r
}

// look finds out whether the winner's author had seen the loser. Nothing is known
// of writes by one client, nor where an item does not tell its base.
func (a *application) look(t touch) {
	base, known := a.Items[t.item].Mutation.Base[t.Field]
	switch {
	case !known || t.Before.IsZero() || t.Before.Stamp.Client == t.Incoming.Stamp.Client:
	case !t.Changed():
		// Whoever wrote the winner cannot have seen what comes only now. The clients of a
		// gateway may have seen what it holds back.
		if a.marks.isNew(t.Incoming.Stamp) && t.Incoming.Stamp.Client == a.Actor {
			t.Seen = SeenNo
		}
	case base == t.Before.Stamp:
		t.Seen = SeenYes
	case base.Compare(t.Before.Stamp) < 0:
		// Authors see the greatest of the writes that reached them, so this one
		// did not. A base above it is a write that is not here, such as one that was
		// refused, and tells nothing of what its author saw beneath.
		t.Seen = SeenNo
	}
}

// note adds the notes to the result of an accepted item, given what becomes of its
// record.
func (a *application) note(i int, u Update) {
	r := &a.answer.Results[i]
	life, _ := u.After.Get(record.DeletedField)
	notes := noteSet{}
	for n := range r.Fields {
		d := &r.Fields[n]
		r.Changed = r.Changed || d.Changed()
		base, known := a.Items[i].Mutation.Base[d.Field]
		notes.add(LostEdit, d.Lost())
		notes.add(StampCollision, d.Outcome == Collision)
		// A write that is stored now and was not before is new, whatever its stamp.
		notes.add(Rewound, d.Outcome == Applied && a.marks.isBehind(d.Incoming.Stamp))
		// A client's own write above this one was refused, and is stamped anew.
		notes.add(StampBelowBase, known && base.Client != d.Incoming.Stamp.Client && base.Compare(d.Incoming.Stamp) >= 0)
		if d.Field != record.DeletedField {
			later := d.Incoming.Stamp.Compare(life.Stamp) > 0 && (d.Outcome == Applied || d.Outcome == Equal)
			notes.add(UpdateOfDeleted, u.After.Deleted() && (later || d.Outcome == Applied && u.Before.Deleted()))
			continue
		}
		was, _ := d.Before.Value.Bool()
		is, _ := d.Incoming.Value.Bool()
		notes.add(AlreadyDeleted, was && is && d.Outcome != Equal && u.After.Deleted())
		notes.add(Restored, was && !is && d.Changed() && !u.After.Deleted())
	}
	r.Notes = notes.codes()
}

// noteCodes are the notes in the order in which a Result has them.
var noteCodes = [...]Code{LostEdit, StampCollision, Rewound, StampBelowBase, UpdateOfDeleted, AlreadyDeleted, Restored}

// noteSet is a set of them.
type noteSet [len(noteCodes)]bool

func (s *noteSet) add(code Code, applies bool) {
	if applies {
		s[slices.Index(noteCodes[:], code)] = true
	}
}

// codes returns the notes that were added, and nil if none was.
func (s *noteSet) codes() (codes []Code) {
	for i, code := range noteCodes {
		if s[i] {
			codes = append(codes, code)
		}
	}
	return codes
}
