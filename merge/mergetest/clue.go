package mergetest

import "github.com/fieldlww/fieldlww/record"

// clue says what is special about a field that is not as it should be, as far as that tells more
// than the law does: f is what was found in it, if anything was.
func (w *world) clue(k fieldKey, f write, ok bool) string {
	p := w.ledger.pasts[k]
	switch {
	case !p.some:
		return ""
	case ok && sameValue(p.best, f) && p.writes[f] != nil:
		return "the two differ in the stamp only: an equal value with a newer stamp is a newer write"
	case p.best.value == "null" && p.writes[f] != nil && p.best.stamp != f.stamp:
		return "null is a value like any other, and not the same as no field"
	case k.field != record.DeletedField:
		return w.clueOfDeleted(k.id)
	}
	return "$deleted is a field like any other: its writes are compared with each other, and not with other fields"
}

// clueOfDeleted says what becomes of the fields of a record that is deleted, or that was.
func (w *world) clueOfDeleted(id string) string {
	p := w.ledger.pasts[fieldKey{id, record.DeletedField}]
	if p == nil || !p.some {
		return ""
	}
	if p.best.value == "true" {
		return "the record is deleted: its fields stay as they are and take later writes, which show if it is restored"
	}
	for x, f := range p.writes {
		if x.value == "true" && f.state == accepted {
			return "the record was deleted, and was restored: both write $deleted, and no other field"
		}
	}
	return ""
}
