package check

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// clue says what is special about a field that is not as it should be, as far as that tells more
// than the law does: f is what was found in it, if anything was.
func (j *Judge) clue(k oracle.FieldKey, f oracle.Write, ok bool) string {
	p := j.Ledger.Histories[k]
	switch {
	case !p.Some:
		return ""
	case ok && oracle.SameValue(p.Best, f) && p.Writes[f] != nil:
		return "the two differ in the stamp only: an equal value with a newer stamp is a newer write"
	case p.Best.Value == "null" && p.Writes[f] != nil && p.Best.Stamp != f.Stamp:
		return "null is a value like any other, and not the same as no field"
	case k.Field != record.DeletedField:
		return j.clueOfDeleted(k.ID)
	}
	return "$deleted is a field like any other: its writes are compared with each other, and not with other fields"
}

// clueOfDeleted says what becomes of the fields of a record that is deleted, or that was.
func (j *Judge) clueOfDeleted(id string) string {
	p := j.Ledger.Histories[oracle.FieldKey{ID: id, Field: record.DeletedField}]
	if p == nil || !p.Some {
		return ""
	}
	if p.Best.Value == "true" {
		return "the record is deleted: its fields stay as they are and take later writes, which show if it is restored"
	}
	for x, f := range p.Writes {
		if x.Value == "true" && f.State == oracle.Accepted {
			return "the record was deleted, and was restored: both write $deleted, and no other field"
		}
	}
	return ""
}
