package check

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// A reply may leave out its notes, and who won and who lost. What it says of them must be true.
// Only what a note needs is asked here, and not whether it should be there.

// notable returns the notes that can be true of an item because of one of its writes. It is
// asked before that write is noted as accepted.
func (j *Judge) notable(a Answer, x arrival) (codes []merge.Code) {
	p := j.Ledger.Of(x.FieldKey)
	outcome, stored := p.Outcome(x.Write)
	b := a.base(x)
	ofField := x.Field != record.DeletedField
	was, is := p.Best.Value == "true", x.Value == "true"
	add := func(code merge.Code, can bool) {
		if can {
			codes = append(codes, code)
		}
	}
	add(merge.Rewound, outcome != "equal" && x.Time < max(a.Mark.Most, a.Top))
	add(merge.StampBelowBase, b.Known && !b.Below(x.Stamp))
	add(merge.UpdateOfDeleted, ofField && outcome != "superseded" && j.mayBeDeleted(x.ID))
	add(merge.AlreadyDeleted, !ofField && was && is)
	add(merge.Restored, !ofField && was && !is && stored)
	return codes
}

// mayBeDeleted reports whether a record is deleted, as far as is known: a deletion may be in the
// same batch, or have got no answer.
func (j *Judge) mayBeDeleted(id string) bool {
	p := j.Ledger.Histories[oracle.FieldKey{ID: id, Field: record.DeletedField}]
	if p == nil {
		return false
	}
	for x := range p.Writes {
		if x.Value == "true" && p.Permits(x, true) {
			return true
		}
	}
	return false
}

// missingFor says what a note needs that is not so. Of other notes nothing is known.
func missingFor(note merge.Code) string {
	return map[merge.Code]string{
		merge.Rewound:         "no stamp of the item is below another one of this push, or one that was accepted from this client before",
		merge.StampBelowBase:  "each stamp of the item is above its base",
		merge.UpdateOfDeleted: "it stores no field of a record that is deleted",
		merge.AlreadyDeleted:  "it does not delete a record that is deleted",
		merge.Restored:        "it does not restore a record that is deleted",
	}[note]
}

// judgeNotes looks for notes that cannot be true.
func judgeNotes(at string, r merge.Reply, can []merge.Code) (wrong []complaint) {
	for _, note := range r.Notes {
		if reason := missingFor(note); reason != "" && !slices.Contains(can, note) {
			wrong = append(wrong, complaint{law.Note, at + ": it has the note " + string(note) + ", and " + reason})
		}
	}
	return wrong
}

// judgeNames looks for a winner where the write won, or that is another one, and for a loser
// where no edit is lost.
func (j *Judge) judgeNames(r merge.Reply, x arrival, l oracle.Loss) (wrong []complaint) {
	said := r.Fields[x.Field]
	p := j.Ledger.Of(x.FieldKey)
	outcome, stored := p.Outcome(x.Write)
	text := ""
	switch {
	case said.Winner != nil && (stored || outcome == "equal"):
		text = "names a winner over " + short(x.Written) + ", which is stored itself"
	case said.Winner != nil && !isStampOf(said.Winner, p.Best):
		text = "names " + whoAndWhen(said.Winner) + " as the winner over " + short(x.Written) + "; it is " + short(oracle.Written{FieldKey: x.FieldKey, Write: p.Best})
	case said.Loser != nil && (l.Own || !l.Is):
		text = "names a loser to " + short(x.Written) + ", and no edit is lost by it"
	}
	if text != "" {
		wrong = append(wrong, complaint{law.Note, j.about(x) + text})
	}
	return wrong
}

// whoAndWhen describes the stamp that a reply names.
func whoAndWhen(s *merge.StampReply) string {
	return schedule.Whose(s.ClientID) + " at " + When(int64(s.UpdatedAt))
}

// judgeSuperseded looks at what is said of a field while not all is known of it, since another
// request is being served or was not answered: whatever is superseded, something greater was
// sent at some time. If nothing was, that part of the rule is broken which should have decided.
func (j *Judge) judgeSuperseded(r merge.Reply, x arrival) (wrong []complaint) {
	if r.Fields[x.Field].Outcome != "superseded" {
		return nil
	}
	p := j.Ledger.Of(x.FieldKey)
	top, some := oracle.Write{}, false
	for y, f := range p.Writes {
		if above, _ := oracle.Rule(y, top); f.State != oracle.Refused && y != x.Write && (above || !some) {
			top, some = y, true
		}
	}
	above, by := oracle.Rule(x.Write, top)
	switch {
	case !some:
		wrong = append(wrong, complaint{law.Outcome, j.about(x) + "says that " + x.Field + " is superseded; there was no other write"})
	case above:
		wrong = append(wrong, complaint{lawOf(by), j.about(x) + "says that " + x.Field + " is superseded; but " + decided(x.Write, top)})
	}
	return wrong
}
