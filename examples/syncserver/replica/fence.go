package replica

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// follow takes the fence, the level and the clock of a trailer, and reports whether one of them has
// changed.
//
// The clock follows the clock of the trailer without a bound: the next edit must be above a fence
// that the server may raise before it arrives. The bound is the server's own, because no stamp
// further ahead of its wall clock than Engine.MaxAhead gets into fence, samples or trailers. The
// last trailer counts: after a repair on the server, the stamp may fall.
//
// The fence and the level only grow, but for a server that was restored: a chunk that was read earlier
// may be applied later.
func (r *Replica) follow(t *line, restored bool) (changed bool) {
	floor := min(max(t.Clock, t.Fence), endless)
	changed = floor != r.floor
	r.floor = floor
	r.observe(floor)
	fence, level := t.Fence, t.Level
	if !restored {
		fence, level = max(fence, r.fence), max(level, r.level)
	}
	if fence != r.fence || level != r.level {
		changed = true
		r.purge(fence, level)
	}
	return changed
}

// purge sets the fence and the level, and purges all records. No line of a pull reports what a
// fence has purged.
func (r *Replica) purge(fence clock.Timestamp, level int) {
	var affected []*held
	for _, table := range r.tables {
		for _, h := range table {
			if h.confirmed.Deleted() || len(h.tops) > 0 || h.over != nil || merge.Purge(h.confirmed, fence, level).Len() < h.confirmed.Len() {
				r.touch(h.key) // before the fence changes what is shown
				affected = append(affected, h)
			}
		}
	}
	r.fence, r.level = fence, level
	for _, h := range affected {
		if n := merge.Purge(h.confirmed, fence, level); n.Len() < h.confirmed.Len() || h.created > 0 && !r.lives(n) {
			r.change(h, func() { r.purgeRecord(h, n) })
		}
	}
}

// purgeRecord replaces the confirmed record with its normal form. If it has just died, it has left.
func (r *Replica) purgeRecord(h *held, normal record.Record) {
	if dies := h.confirmed.Len() > 0 && !r.lives(normal); dies && r.divided {
		r.leave(h)
		return
	}
	if h.confirmed = normal; normal.Len() == 0 {
		h.in = nil
	}
}

// lives reports whether a record exists and is not dead at the fence.
func (r *Replica) lives(rec record.Record) bool {
	if rec.Len() == 0 {
		return false
	}
	return r.fence == 0 || !rec.Deleted() || merge.Purge(rec, r.fence, 2).Len() > 0
}

// visible returns a record as users see it: a dead record does not exist for them.
func (r *Replica) visible(rec record.Record) record.Record {
	if rec.Len() == 0 || r.lives(rec) {
		return rec
	}
	return record.New(rec.Key())
}

// agrees reports whether the server's rules accept all items of a record as a whole: there is no
// fence, or the record lives and the items are above the fence, or the server has never had the
// record. It accepts no item on an erased record.
func (r *Replica) agrees(h *held, waiting bool) bool {
	switch {
	case h.confirmed.Erased(): // all items are gone, even without a fence
		return false
	case r.fence == 0, r.level < 2 && h.confirmed.Len() == 0:
		return true
	case !r.lives(h.confirmed):
		return false
	}
	for _, it := range h.overlays() {
		if it.stamp().Time <= r.fence {
			return false
		}
	}
	if !waiting {
		return true
	}
	for _, w := range h.tops {
		for ; w != nil; w = w.before {
			if w.it.stamp().Time <= r.fence {
				return false
			}
		}
	}
	return true
}

// judge joins the confirmed record with items by the rules of the server, but without a bound on
// stamps and without a guard: the server has accepted the items, or will judge them itself. It
// reports for each item whether it is gone as a whole.
func (r *Replica) judge(h *held, items []*item) (after record.Record, gone []bool) {
	request := merge.Request{AnyClient: true, Items: make([]record.Item, len(items))}
	for i, it := range items {
		request.Items[i].Mutation = record.Mutation{Data: it.m.Data, New: it.m.New}
	}
	after = h.confirmed
	engine := merge.Engine{MaxAhead: -1}
	push := engine.Prepare(request)
	stored := merge.Stored{Fence: r.fence, Level: r.level}
	for range push.Keys() { // one key, unless all items were refused
		stored.Records = append(stored.Records, h.confirmed)
	}
	answer, _ := push.Apply(stored) // no error: the record has the only key
	for _, u := range answer.Updates {
		after = u.After
	}
	gone = make([]bool, len(items))
	for i, result := range answer.Results {
		switch {
		case result.Accepted():
		case result.Refusal.Code == merge.Gone:
			gone[i] = true
		default: // its stamp is out of range, so it is far above the fence
			after = r.join(after, items[i].m.Data)
		}
	}
	return after, gone
}

// renew restamps creations that were never sent and that the fence makes gone, each with the edits
// that follow it. An item that may have been sent keeps its stamp: a server may have it.
func (r *Replica) renew() {
	if r.fence == 0 {
		return
	}
	var dead []*held
	for e := r.outbox.fresh.Front(); e != nil; e = e.Next() {
		it := e.Value.(*item)
		if !it.m.New || !it.renews || it.hidden || it.stamp().Time > r.fence {
			continue
		}
		h := r.find(it.m.Data.Key())
		items := showing(h.items())
		if _, gone := r.judge(h, items); gone[slices.Index(items, it)] && !slices.Contains(dead, h) {
			dead = append(dead, h)
		}
	}
	for _, h := range dead {
		r.renewRecord(h)
	}
}

// renewRecord repeats, at the present time, the edits that create a record and were never sent.
func (r *Replica) renewRecord(h *held) {
	var again []record.Mutation
	for _, it := range h.waiting() {
		if it.renews {
			again = append(again, it.m)
			r.remove(it)
		}
	}
	renamed, _ := record.Restamp(again, r.nextStamp)
	for i, m := range renamed {
		r.logRestamp(h.key, (&item{m: again[i]}).stamp(), r.enqueue(m).stamp())
	}
}
