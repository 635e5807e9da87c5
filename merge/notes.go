package merge

import (
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// addNotes adds the notes to the result of an accepted item, given the update of its
// record.
func (a *application) addNotes(i int, u Update) {
	r := &a.answer.Results[i]
	life, _ := u.After.Get(record.DeletedField)
	notes := noteSet{}
	for n := range r.Fields {
		d := &r.Fields[n]
		r.Changed = r.Changed || d.Won()
		base, known := a.request.Items[i].Mutation.Base[d.Field]
		notes.add(LostEdit, d.Lost())
		notes.add(StampCollision, d.Outcome == Collision)
		// An applied write was not stored before, so it is new, whatever its stamp.
		notes.add(Rewound, d.Outcome == Applied && a.watermarks.isBehind(d.Incoming.Stamp))
		// If the base is above this write and is a write by the same client, the base was
		// refused and restamped, so it proves nothing about the clock.
		notes.add(StampBelowBase, known && base.Client != d.Incoming.Stamp.Client && base.Compare(d.Incoming.Stamp) >= 0)
		if d.Field != record.DeletedField {
			later := d.Incoming.Stamp.Compare(life.Stamp) > 0 && (d.Outcome == Applied || d.Outcome == Equal)
			notes.add(UpdateOfDeleted, u.After.Deleted() && (later || d.Outcome == Applied && u.Before.Deleted()))
			continue
		}
		was, _ := d.Before.Value.Bool()
		is, _ := d.Incoming.Value.Bool()
		notes.add(AlreadyDeleted, was && is && d.Outcome != Equal && u.After.Deleted())
		notes.add(Restored, was && !is && d.Won() && !u.After.Deleted())
	}
	r.Notes = notes.codes()
}

// noteCodes lists the notes in the order of Result.Notes.
var noteCodes = [...]Code{LostEdit, StampCollision, Rewound, StampBelowBase, UpdateOfDeleted, AlreadyDeleted, Restored}

// noteSet is a set of noteCodes.
type noteSet [len(noteCodes)]bool

func (s *noteSet) add(code Code, applies bool) {
	if applies {
		s[slices.Index(noteCodes[:], code)] = true
	}
}

// codes returns the notes that were added, or nil.
func (s *noteSet) codes() (codes []Code) {
	for i, code := range noteCodes {
		if s[i] {
			codes = append(codes, code)
		}
	}
	return codes
}
