package check

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// clue describes what is special about a field whose stored write is wrong, or returns "" if that
// would add nothing to the law. If ok is true, f is the write that was found.
func (j *Judge) clue(k oracle.FieldKey, f oracle.Write, ok bool) string {
	p := j.Ledger.Histories[k]
	switch {
	case !p.Some:
		return ""
	case ok && oracle.SameValue(p.Best, f) && p.Writes[f] != nil:
		return "the two writes differ only in their stamps: an equal value with a newer stamp is a newer write"
	case p.Best.Value == "null" && p.Writes[f] != nil && p.Best.Stamp != f.Stamp:
		return "null is a value like any other; it is not the same as an absent field"
	case k.Field != record.DeletedField:
		return j.clueOfDeleted(k.ID)
	}
	return "$deleted is a field like any other: compare its writes with each other, not with writes of other fields"
}

// clueOfDeleted explains the fields of a record that is deleted, or was deleted and restored.
func (j *Judge) clueOfDeleted(id string) string {
	p := j.Ledger.Histories[oracle.FieldKey{ID: id, Field: record.DeletedField}]
	if p == nil || !p.Some {
		return ""
	}
	if p.Best.Value == "true" {
		return "the record is deleted: its fields stay and still take later writes, which become visible if it is restored"
	}
	for x, f := range p.Writes {
		if x.Value == "true" && f.State == oracle.Accepted {
			return "the record was deleted and restored: a delete and a restore write $deleted and no other field"
		}
	}
	return ""
}
