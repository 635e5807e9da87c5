package merge

import (
	"bytes"

	"github.com/fieldlww/fieldlww/record"
)

// rights is what Stored says about the rights of the actor.
type rights struct {
	mayRead  func(r record.Record) bool
	mayWrite func(seen, after record.Record, m record.Mutation) error
	texts    map[int][]byte // of items with equal stamps, by position
}

// isLimited reports whether the rights of the actor are to be judged.
func (r rights) isLimited() bool { return r.mayRead != nil || r.mayWrite != nil }

// judgeRights decides about an item by the rights of the actor, and whether the item is gone. It
// returns the record with the item, or nothing to join: then the item is refused, or it repeats
// writes that stand and is accepted without outcomes.
func (a *application) judgeRights(r *room, i int) (after record.Record, joins bool, refusal *Refusal) {
	switch {
	case !a.isReadable(r, i):
		if !a.stands(r.seen, i) {
			refusal = &Refusal{Code: Forbidden}
		}
		return r.seen, false, refusal
	case r.purged && a.isGone(r.judged, i):
		return r.seen, false, &Refusal{Code: Gone}
	}
	m := a.request.Items[i].Mutation
	if m.Data = above(r.seen, a.data(i)); m.Data.Len() == 0 {
		return r.seen, true, nil
	}
	// Records of one key always have a join.
	after, _, _ = a.builder.Join(r.seen, m.Data)
	if a.rights.mayWrite != nil {
		if err := a.rights.mayWrite(r.seen, after, m); err != nil {
			return r.seen, false, refusalByGuard(err)
		}
	}
	return after, true, nil
}

// isReadable reports whether the actor may read the record with the items accepted so far, or there
// is nothing to read: the record is absent or dead. An item that equals the one accepted last gets
// the same answer, even if the record cannot be read after it.
func (a *application) isReadable(r *room, i int) bool {
	return a.rights.mayRead == nil || r.seen.Len() == 0 || isDead(r.seen, a.fence.at) ||
		a.rights.mayRead(r.seen) || r.last >= 0 && bytes.Equal(a.text(i), a.text(r.last))
}

// stands reports whether a record holds every write of an item, and all of them are the actor's own.
func (a *application) stands(seen record.Record, i int) bool {
	for name, w := range a.request.Items[i].Mutation.Data.All() {
		if was, _ := seen.Get(name); w != was || w.Stamp.Client != a.request.Actor {
			return false
		}
	}
	return true
}

// above returns the writes of data that would change a record.
func above(seen, data record.Record) record.Record {
	wins := func(name string, w record.FieldValue) bool {
		was, ok := seen.Get(name)
		return !ok || w.Compare(was) > 0
	}
	n := 0
	for name, w := range data.All() {
		if wins(name, w) {
			n++
		}
	}
	switch n {
	case 0:
		return record.New(data.Key())
	case data.Len():
		return data
	}
	return filter(data, wins)
}

// text returns the canonical JSON of an item. It is made once for each item, because a large item
// may be compared with many small ones.
func (a *application) text(i int) []byte {
	text, ok := a.rights.texts[i]
	if !ok {
		if a.rights.texts == nil {
			a.rights.texts = make(map[int][]byte)
		}
		text = a.request.Items[i].Mutation.AppendJSON(nil)
		a.rights.texts[i] = text
	}
	return text
}
