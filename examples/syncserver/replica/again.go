package replica

import (
	"cmp"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// A server that was restored from a backup lacks writes that it had confirmed. Each client sends its
// own writes again. The writes to one record that share a stamp form an item. The item has no base,
// because the server would compare the base with writes that came later. It is new only if the client
// is known to have created the record.

// setAside keeps this client's own accepted writes, which are about to be forgotten. A write of another
// client does not replace them: the restored server may lack both, and the other client may be gone. If
// the server was not restored, they are kept in case that it is restored before the load is complete.
func (r *Replica) setAside(why string) {
	r.tentative = why != WhyEpoch && (r.tentative || len(r.aside) == 0)
	for key := range r.aside { // by an earlier reset
		r.findOrAdd(key)
	}
	var all []*item
	for _, table := range r.tables {
		for _, h := range table {
			own := r.ownWritesOf(h)
			r.takeBack(h.key)
			all = append(all, own...)
		}
	}
	slices.SortFunc(all, compareWrites)
	for i, it := range all {
		it.number, it.tentative = uint64(i)+1, r.tentative
		r.aside[it.m.Data.Key()] = append(r.aside[it.m.Data.Key()], it)
		r.entries.again.put(it)
	}
}

// ownWritesOf returns this client's own accepted writes of a record, an item for each stamp.
func (r *Replica) ownWritesOf(h *held) (items []*item) {
	own := make(map[string]record.FieldValue)
	for name, w := range h.confirmed.All() {
		if w.Stamp.Client == r.id {
			own[name] = w
		}
	}
	created, hidden := h.created > 0, map[clock.Stamp]bool{}
	for _, it := range slices.Concat(h.overlays(), r.aside[h.key]) {
		for name, w := range it.m.Data.All() {
			if w.Compare(own[name]) > 0 {
				own[name] = w
			}
		}
		created = created || it.m.New
		hidden[it.stamp()] = it.hidden || hidden[it.stamp()]
	}
	parts := make(map[clock.Stamp]map[string]record.FieldValue)
	for name, w := range own {
		if parts[w.Stamp] == nil {
			parts[w.Stamp] = make(map[string]record.FieldValue)
		}
		parts[w.Stamp][name] = w
	}
	for stamp, part := range parts {
		data, _ := r.builder.Record(h.key, maps.All(part)) // the fields come from valid records
		items = append(items, &item{m: record.Mutation{Data: data, New: created}, hidden: hidden[stamp]})
	}
	return items
}

// takeBack removes what was set aside of a record.
func (r *Replica) takeBack(key record.Key) {
	for _, it := range r.aside[key] {
		r.entries.again.remove(it)
	}
	delete(r.aside, key)
}

// createdAfter returns the new value of h.created after the confirmed record was replaced. While a
// reset is not settled, a missing record keeps the value, because it may come back.
func (r *Replica) createdAfter(h *held) clock.Timestamp {
	switch now := h.confirmed; {
	case h.created == 0 || now.Len() == 0 && r.loading:
		return h.created
	case !r.lives(now) || r.mayBeReborn(h, now):
		return 0
	default:
		return newestUpTo(now, clock.MaxTimestamp)
	}
}

// mayBeReborn reports whether another client may have created a record again between two pulls. A new
// life replaces a dead record, which has no stamp above the fence, and all stamps of the new life are
// above the stamps of the dead record.
func (r *Replica) mayBeReborn(h *held, now record.Record) bool {
	oldest := clock.MaxTimestamp
	for _, w := range now.All() {
		oldest = min(oldest, w.Stamp.Time)
	}
	return h.created <= r.fence && oldest > h.created
}

// compareWrites orders items by their stamps.
func compareWrites(a, b *item) int {
	return cmp.Or(a.stamp().Compare(b.stamp()), a.m.Data.Key().Compare(b.m.Data.Key()))
}

// sendAgain puts the writes that were set aside, and that the restored server lacks, before the
// outbox. Writes under an earlier ID of the client are restamped. If the server was not restored, the
// writes are forgotten: the load would have brought those that still count.
func (r *Replica) sendAgain() {
	if len(r.aside) == 0 || r.id.IsZero() && !r.tentative {
		return // a Replica without an ID cannot send
	}
	var again []*item
	for key, items := range r.aside {
		r.takeBack(key)
		if r.tentative {
			continue
		}
		for _, it := range items {
			h := r.findOrAdd(key)
			if it.m.New && it.stamp().Client == r.id {
				r.keepCreated(h, it.m.Data)
			}
			if !h.waitsFrom(it.stamp().Time) && r.lacks(h, it.m.Data) {
				it.wall, it.sent, it.again = it.stamp().Time.Time(), true, true
				it.hidden = it.hidden && h.confirmed.Len() == 0
				again = append(again, it)
			}
		}
	}
	slices.SortFunc(again, compareWrites)
	r.putBefore(again)
	if slices.ContainsFunc(again, func(it *item) bool { return it.stamp().Client != r.id }) {
		r.restampWaiting(r.serverTime(), 0, nil)
	}
	if len(again) > 0 {
		r.notice(Notice{Kind: SentAgain, Items: len(again)})
	}
}

// keepCreated notes again that this client has created a record, if the restored server still has one
// of the given writes to it: the server may be restored again, from a backup without the record.
func (r *Replica) keepCreated(h *held, own record.Record) {
	for name, w := range own.All() {
		if confirmed, _ := h.confirmed.Get(name); confirmed == w && r.lives(h.confirmed) && h.created == 0 {
			h.created = newestUpTo(h.confirmed, clock.MaxTimestamp)
			r.unsaved.record(h)
		}
	}
}

// waitsFrom reports whether an edit of a record from a time waits. The ID of the client may have changed.
func (h *held) waitsFrom(at clock.Timestamp) bool {
	return slices.ContainsFunc(h.waiting(), func(it *item) bool { return it.stamp().Time == at })
}

// lacks reports whether the server lacks any of the writes in a record. A deletion that it may have
// purged is not lacking, nor is a write from before it erased the record.
func (r *Replica) lacks(h *held, own record.Record) bool {
	erased, _ := h.confirmed.Get(record.ErasedField)
	for name, w := range own.All() {
		confirmed, ok := h.confirmed.Get(name)
		purged := !ok && w.Deleted() && w.Stamp.Time <= r.fence
		if !purged && w.Compare(confirmed) > 0 && w.Stamp.Compare(erased.Stamp) > 0 {
			return true
		}
	}
	return false
}

// postpone keeps an item that is gone, once, and reports whether it does: if another client created
// the record, that client may have to send the creation again first. The item is sent once more when
// a settled pull has brought the record, or else after the second settled pull: the first one may
// come too early to bring it.
func (r *Replica) postpone(it *item) bool {
	if !it.again || it.m.New {
		return false
	}
	r.touch(it.m.Data.Key())
	it.again, it.later, it.answered = false, 2, r.nextAnswered()
	it.put(&r.outbox.later)
	r.entries.outbox.put(it)
	return true
}

// sendLater puts the postponed items that need not wait for another settled pull into the queue of
// items to send.
func (r *Replica) sendLater() {
	for e := r.outbox.later.Back(); e != nil; {
		it := e.Value.(*item)
		if e = e.Prev(); !r.covers(it) {
			continue
		}
		r.touch(it.m.Data.Key())
		if it.later--; it.later == 0 || r.lives(r.find(it.m.Data.Key()).confirmed) {
			it.later = 0
			it.putFirst(&r.outbox.fresh)
			r.entries.outbox.put(it)
		}
	}
}
