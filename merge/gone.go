package merge

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// fence is what Stored says about purged data.
type fence struct {
	at    clock.Timestamp
	level int
	whole bool                  // Request.WholeItems
	kept  map[int]record.Record // the remaining writes of partly gone items, by position
}

// applyFenced applies all items of one record under a fence. It judges them by the normal form
// of the stored record, and never by each other, so their order does not matter.
//
// For example, let the fence be 6, the stored record {f@3}, and the batch [f@8, $deleted@5].
// Both items are judged against {f@3}: the deletion is at or below the fence, but later than
// f@3, so it may be a late deletion, and it is joined. In either order, the result is the
// deleted record {f@8, $deleted@5}.
func (a *application) applyFenced(stored record.Record, items []int) {
	before := Purge(stored, a.fence.at, a.fence.level)
	// At level 1 a record without fields never existed, so no item is gone, except, with
	// WholeItems, an item with a write at or below the fence.
	unknown := before.Len() == 0 && a.fence.level < 2
	if !unknown && (before.Len() == 0 || isDead(before, a.fence.at)) {
		a.applyToDead(before, items)
		return
	}
	r := a.newRoom(before)
	r.purged = !unknown || a.fence.whole
	a.applyTo(before, a.refuseSome(&r, items))
}

// applyToDead applies the items of a record that is dead or was purged. Only new items above
// the fence begin a new life, which replaces the stored record; without a new life, every
// other item is gone.
func (a *application) applyToDead(before record.Record, items []int) {
	key := before.Key()
	r := a.newRoom(record.New(key))
	var news, rest []int
	for _, i := range items {
		if a.beginsLife(i) {
			news = append(news, i)
		} else {
			rest = append(rest, i)
		}
	}
	news = a.refuseSome(&r, news)
	if len(news) == 0 {
		a.refuseAsGone(rest)
		return
	}
	u := Update{Before: before}
	u.After, _ = a.joinTo(record.New(key), news)
	r.purged, r.judged = true, u.After
	if rest = a.refuseSome(&r, rest); len(rest) > 0 {
		u.After, _ = a.joinTo(u.After, rest)
	}
	a.answer.Updates = append(a.answer.Updates, u)
	a.addRemarks(u, append(news, rest...))
}

// refuseAsGone refuses items as a whole.
func (a *application) refuseAsGone(items []int) {
	for _, i := range items {
		a.answer.Results[i].Refusal = &Refusal{Code: Gone}
	}
}

// beginsLife reports whether an item creates its record and lies above the fence.
func (a *application) beginsLife(i int) bool {
	m := &a.request.Items[i].Mutation
	if !m.New {
		return false
	}
	for _, w := range m.Data.All() {
		if w.Stamp.Time <= a.fence.at {
			return false
		}
	}
	return true
}

// refuseGone refuses the items that are gone as a whole, and returns the others.
func (a *application) refuseGone(before record.Record, items []int) []int {
	return slices.DeleteFunc(items, func(i int) bool {
		gone := a.isGone(before, i)
		if gone {
			a.answer.Results[i].Refusal = &Refusal{Code: Gone}
		}
		return gone
	})
}

// isGone reports whether an item is gone as a whole. For an item that is partly gone, it notes the
// remaining writes.
func (a *application) isGone(before record.Record, i int) bool {
	data := a.request.Items[i].Mutation.Data
	remain := a.withoutGone(before, data)
	switch {
	case remain.Len() == 0 || a.fence.whole && a.isStale(before, data):
		return true
	case remain.Len() < data.Len():
		if a.fence.kept == nil {
			a.fence.kept = make(map[int]record.Record)
		}
		a.fence.kept[i] = remain
	}
	return false
}

// withoutGone returns the writes of an item that are not gone. A write at or below the fence is
// gone if the record lacks its field, which may have been purged, unless the write is a late
// deletion.
func (a *application) withoutGone(before, data record.Record) record.Record {
	gone := func(name string, w record.FieldValue) bool {
		if _, ok := before.Get(name); ok || w.Stamp.Time > a.fence.at {
			return false
		}
		return name != record.DeletedField || !isLateDeletion(before, w)
	}
	for name, w := range data.All() {
		if gone(name, w) {
			return filter(data, func(name string, w record.FieldValue) bool { return !gone(name, w) })
		}
	}
	return data
}

// isLateDeletion reports whether w deletes a record that has an earlier write. Such a deletion
// cannot have been purged: every life begins above the fence that holds when it begins.
func isLateDeletion(before record.Record, w record.FieldValue) bool {
	if deletes, _ := w.Value.Bool(); !deletes {
		return false
	}
	for _, v := range before.All() {
		if v.Stamp.Compare(w.Stamp) < 0 {
			return true
		}
	}
	return false
}

// isStale reports whether an item has a write at or below the fence that differs from the
// stored write of its field, as every gone write does. A client that joins accepted items as a
// whole would keep such a write.
func (a *application) isStale(before, data record.Record) bool {
	for name, w := range data.All() {
		if stored, _ := before.Get(name); w.Stamp.Time <= a.fence.at && w != stored {
			return true
		}
	}
	return false
}

// data returns the writes of an item that are not gone.
func (a *application) data(i int) record.Record {
	if kept, ok := a.fence.kept[i]; ok {
		return kept
	}
	return a.request.Items[i].Mutation.Data
}

// addGone adds the gone fields of a partly gone item to its result.
func (a *application) addGone(i int) {
	kept, ok := a.fence.kept[i]
	if !ok {
		return
	}
	r := &a.answer.Results[i]
	fields := make([]Decision, 0, a.request.Items[i].Mutation.Data.Len())
	for name, w := range a.request.Items[i].Mutation.Data.All() {
		if _, ok := kept.Get(name); ok {
			fields = append(fields, r.Fields[0])
			r.Fields = r.Fields[1:]
			continue
		}
		fields = append(fields, Decision{
			Key: r.Key, Field: name, Change: Change{Incoming: w, Outcome: FieldGone},
			IncomingImported: a.request.isImport(w.Stamp.Client),
		})
	}
	r.Fields = fields
	r.Notes = append(r.Notes, Gone)
}
