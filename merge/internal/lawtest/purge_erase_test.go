package lawtest

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
)

// purgeErasure is what is known about the erasure of the record, outside the server and its backup.
type purgeErasure struct {
	at rank // the stamp of the erasure, if there was one
	// delivered holds the stamps of the edits that the server has accepted, in ascending order, and
	// erased holds the stamps of the edits that it had accepted before the erasure.
	delivered, erased [4]rank
}

func (e *purgeErasure) each(visit func(*rank)) {
	visit(&e.at)
	for i := range e.delivered {
		visit(&e.delivered[i])
		visit(&e.erased[i])
	}
}

func (e *purgeErasure) hash(h *purgeHash) {
	h.add(packed(e.at))
	h.add(packed(append(e.delivered[:], e.erased[:]...)...))
}

// accept notes that writes of an edit were accepted.
func (e *purgeErasure) accept(joined triple) {
	at := joined.newest()
	if at == 0 || slices.Contains(e.delivered[:], at) {
		return
	}
	e.delivered[0] = at // this place is free, because there are at most four edits
	slices.Sort(e.delivered[:])
}

// has reports whether fields have a value that was erased.
func (e *purgeErasure) has(fields ...mark) bool {
	for _, c := range fields {
		if c.kind == set && slices.Contains(e.erased[:], c.at) {
			return true
		}
	}
	return false
}

// ends reports whether the erased record is no longer deleted, given the ideal record before.
func (e *purgeErasure) ends(before, after triple) bool {
	return e.at > 0 && before[life] == mark{removed, e.at} && !after.empty() && !after.deleted()
}

// erase lets the server erase the record: once with the next stamp above the record, and once with
// each later stamp.
func (x *purgeSearch) erase(s *purgeState) {
	if s.erasing.at > 0 || s.stored.empty() {
		return
	}
	last := s.newest() + 1
	for at := s.stored.newest() + 1; at <= last; at += 2 {
		t := *s
		t.erasing.at = x.rules.erasureAt(s.stored, at)
		t.erasing.erased = s.erasing.delivered
		t.purgeServer.erase(x.rules.erase(s.stored, t.erasing.at))
		if x.rules.silent {
			t.sequence, t.changed = s.sequence, s.changed
		}
		x.visit(t, purgeAction{what: "the server erases", who: server}, t.check())
	}
}

// erase stores an erased record.
func (v *purgeServer) erase(t triple) {
	if t == v.stored {
		return
	}
	v.sequence++
	v.changed, v.stored = v.sequence, t
	v.greatest = max(v.greatest, t.newest())
	for i := range life {
		if v.ideal[i].kind != absent {
			v.ideal[i].kind = removed
		}
	}
	v.ideal[life] = mark{removed, t[life].at}
}

// erase returns the erased form by merge.Erase.
func (e *purgeEngine) erase(t triple, at rank) triple {
	erased, err := merge.Erase(e.record(t), clock.Stamp{Time: stampAt(at).Time, Client: purgeClient})
	if err != nil {
		panic(err) // the stamp is valid
	}
	return tripleOf(erased)
}
