package replica

import (
	"cmp"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// A server that was restored from a backup lacks writes that it had confirmed. Each client sends its
// own writes again. The writes to one record that share a stamp form an item. The item has no base,
// because the server would compare the base with writes that came later. It is new only if the client
// is known to have created the record.

// ownWrites identifies such an item. The ID of the client may change.
type ownWrites struct {
	key record.Key
	at  clock.Timestamp
}

func (it *item) writesOf() ownWrites { return ownWrites{it.m.Data.Key(), it.stamp().Time} }

// setAside keeps this client's own accepted writes, which are about to be forgotten. A write of another
// client does not replace them: the restored server may lack both, and the other client may be gone.
func (r *Replica) setAside() {
	kept := make(map[ownWrites]bool) // also by an earlier reset
	for _, it := range r.aside {
		kept[it.writesOf()] = true
	}
	var aside []*item
	for _, table := range r.tables {
		for _, h := range table {
			accepted := r.only(h.confirmed, func(_ string, w record.FieldValue) bool { return w.Stamp.Client == r.id })
			created, hidden := h.created > 0, map[clock.Timestamp]bool{}
			for _, it := range h.overlays() {
				accepted, created = r.join(accepted, it.m.Data), created || it.m.New
				hidden[it.stamp().Time] = it.hidden
			}
			for _, w := range accepted.All() {
				own := ownWrites{h.key, w.Stamp.Time}
				if kept[own] {
					continue
				}
				kept[own] = true
				data := r.only(accepted, func(_ string, other record.FieldValue) bool { return other.Stamp == w.Stamp })
				aside = append(aside, &item{m: record.Mutation{Data: data, New: created}, hidden: hidden[w.Stamp.Time]})
			}
		}
	}
	slices.SortFunc(aside, compareWrites)
	for i, it := range aside {
		it.number = uint64(len(r.aside)+i) + 1
		r.entries.again.put(it)
	}
	r.aside = append(r.aside, aside...)
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
// outbox. Writes under an earlier ID of the client are restamped.
func (r *Replica) sendAgain() {
	if len(r.aside) == 0 || r.id.IsZero() {
		return // a Replica without an ID cannot send
	}
	waiting := make(map[ownWrites]bool)
	for _, it := range r.outbox.items() {
		waiting[it.writesOf()] = true
	}
	var again []*item
	restamps := false
	for _, it := range r.aside {
		r.entries.again.remove(it)
		renamed := it.stamp().Client != r.id
		if it.m.New && !renamed {
			r.keepCreated(it.m.Data)
		}
		if !waiting[it.writesOf()] && r.lacks(it.m.Data) {
			it.wall, it.sent, it.again = it.stamp().Time.Time(), true, true
			it.hidden = it.hidden && r.find(it.m.Data.Key()).confirmed.Len() == 0
			again = append(again, it)
			restamps = restamps || renamed
		}
	}
	r.aside = nil
	slices.SortFunc(again, compareWrites)
	r.putBefore(again)
	if restamps {
		r.restampWaiting(r.serverTime(), 0, nil)
	}
	if len(again) > 0 {
		r.notice(Notice{Kind: SentAgain, Items: len(again)})
	}
}

// keepCreated notes again that this client has created a record, if the restored server still has one
// of the given writes to it: the server may be restored again, from a backup without the record.
func (r *Replica) keepCreated(own record.Record) {
	h := r.findOrAdd(own.Key())
	for name, w := range own.All() {
		if confirmed, _ := h.confirmed.Get(name); confirmed == w && r.lives(h.confirmed) && h.created == 0 {
			h.created = newestUpTo(h.confirmed, clock.MaxTimestamp)
			r.unsaved.record(h)
		}
	}
}

// lacks reports whether the server lacks any of the writes in a record. A deletion that it may have
// purged is not lacking, nor is a write from before it erased the record.
func (r *Replica) lacks(own record.Record) bool {
	h := r.findOrAdd(own.Key())
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
