package check

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// A reply may leave out its notes, and the names of winners and losers. Those that are present must
// be true. So these functions ask only whether a note can be true, not whether it is missing.

// notable returns the notes that one write of an item can justify. It is called before the write
// is recorded as accepted.
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

// mayBeDeleted reports whether a record may be deleted now, perhaps by a deletion in the same batch
// or in an unanswered push.
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

// missingFor returns the reason why a note is wrong, or "" for a note that the kit does not
// know.
func missingFor(note merge.Code) string {
	return map[merge.Code]string{
		merge.Rewound:         "no stamp of the item is below another stamp of this push, or below one accepted from this client before",
		merge.StampBelowBase:  "each stamp of the item is above its base",
		merge.UpdateOfDeleted: "the item stores no field of a deleted record",
		merge.AlreadyDeleted:  "the item does not delete a record that is already deleted",
		merge.Restored:        "the item does not restore a deleted record",
	}[note]
}

// judgeNotes looks for notes that cannot be true.
func judgeNotes(at string, r merge.Reply, can []merge.Code) (wrong []complaint) {
	for _, note := range r.Notes {
		if reason := missingFor(note); reason != "" && !slices.Contains(can, note) {
			wrong = append(wrong, complaint{law.Note, at + ": it has the note " + string(note) + ", but " + reason})
		}
	}
	return wrong
}

// judgeNames looks for a named winner over a write that won, for a wrong winner, and for a named
// loser where no edit is lost.
func (j *Judge) judgeNames(r merge.Reply, x arrival, l oracle.Loss) (wrong []complaint) {
	said := r.Fields[x.Field]
	p := j.Ledger.Of(x.FieldKey)
	outcome, stored := p.Outcome(x.Write)
	text := ""
	switch {
	case said.Winner != nil && (stored || outcome == "equal"):
		text = "names a winner over " + short(x.Written) + ", although that write is stored"
	case said.Winner != nil && !isStampOf(said.Winner, p.Best):
		text = "names " + whoAndWhen(said.Winner) + " as the winner over " + short(x.Written) + "; the winner is " + short(oracle.Written{FieldKey: x.FieldKey, Write: p.Best})
	case said.Loser != nil && (l.Own || !l.Is):
		text = "names a loser to " + short(x.Written) + ", but no edit is lost to that write"
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

// judgeSuperseded judges the outcome of a field whose history is uncertain, because another
// request is being served or was not answered. Even then, some greater write must have been sent
// before the field can be superseded. If none was, the broken law is the part of the rule that
// should have decided.
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
		wrong = append(wrong, complaint{law.Outcome, j.about(x) + "reports " + x.Field + " as superseded, but there was no other write"})
	case above:
		wrong = append(wrong, complaint{lawOf(by), j.about(x) + "reports " + x.Field + " as superseded, but " + decided(x.Write, top)})
	}
	return wrong
}
