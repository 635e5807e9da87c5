package replica

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// BeginPull begins a pull and returns its cursor, which is empty for the first pull. Call it when
// the request is sent, once for each request.
func (r *Replica) BeginPull() (cursor string) {
	if r.pulls++; r.settled {
		r.settled, r.resets = false, 0
	}
	return r.cursor
}

// Pulled takes lines of the answer to the pull that BeginPull began last. The lines are whole chunks,
// each with a trailer at its end. Lines after the last trailer are discarded. A chunk is applied in
// one step. Each record replaces the confirmed one. The two are not joined, because a join would discard
// derived and repaired fields whose stamps are lower. The error is a *record.Error, as for an item
// of a batch, or ErrAnswer, also if the server resets the Replica more than ten times before a pull is
// settled. On error, the Replica shows and saves the same as before.
//
// The clock follows the pulled stamps. Once the server's time is known, it does not follow stamps
// too far ahead of that time, so call ServerTime first.
func (r *Replica) Pulled(lines []byte) error {
	chunks, err := r.parseChunks(lines)
	if err != nil {
		return err
	}
	if err := r.countResets(chunks); err != nil {
		return err
	}
	for i := range chunks {
		r.applyChunk(&chunks[i])
	}
	return nil
}

// maxResets is the maximum number of resets before a pull is settled. A server that changes its epoch
// with every answer would keep a client pulling forever.
const maxResets = 10

// countResets counts the resets since a pull was settled. After too many it returns an error and begins
// again, so that a later pull can succeed.
func (r *Replica) countResets(chunks []chunk) error {
	for i := range chunks {
		if chunks[i].why != "" {
			r.resets++
		}
		if r.resets > maxResets {
			r.resets = 0
			return fmt.Errorf("%w: more than %d resets before a pull is settled", ErrAnswer, maxResets)
		}
	}
	return nil
}

// Settled reports whether a chunk of the pull that began last said that nothing is left to pull.
func (r *Replica) Settled() bool { return r.settled }

// applyChunk applies a chunk. The order matters: overlays are joined by the old fence, and records
// are replaced under the new one.
func (r *Replica) applyChunk(c *chunk) {
	t := c.trailer
	r.settled = !t.More
	if c.why != "" || !r.chunked {
		r.reset(c.why)
	}
	if (t.Fence > r.fence || t.Level > r.level) && !r.loading {
		r.joinOverlays(c.items)
	}
	changed := len(c.items) > 0 || *t.Cursor != r.cursor || r.loading
	if r.follow(t) {
		changed = true
	}
	limit := r.limit()
	for _, it := range c.items {
		now := it.Mutation.Data
		r.observe(newestUpTo(now, limit))
		r.replace(merge.Purge(now, r.fence, r.level))
	}
	r.cursor, r.chunked = *t.Cursor, true
	r.unsaved.state = r.unsaved.state || changed
	if r.settled {
		r.settle()
	}
}

// settle ends a pull after which nothing is left to pull.
func (r *Replica) settle() {
	if r.loading {
		r.loading = false
		r.forgetCreations()
	}
	r.endOverlays()
	r.sendLater()
	r.sendAgain()
	r.renew()
}

// replace replaces the confirmed record.
func (r *Replica) replace(now record.Record) {
	h := r.find(now.Key())
	switch {
	case h == nil && now.Len() == 0:
		return
	case h != nil && h.confirmed.Equal(now) && h.over == nil:
		return // for example an edit by this client that comes back
	case h == nil:
		h = r.findOrAdd(now.Key())
	}
	r.change(h, func() {
		r.dropEnded(h)
		h.confirmed = now
	})
}

// change changes what is confirmed of a record: the confirmed record and the overlays.
func (r *Replica) change(h *held, change func()) {
	r.touch(h.key)
	before, confirmed, created := r.known(h), h.confirmed, h.created
	change()
	h.updateWhys(before, r.known(h))
	h.created = r.createdAfter(h)
	if h.created != created || h.whyStale || !h.confirmed.Equal(confirmed) {
		r.unsaved.record(h)
	}
	r.followRepair(h, before)
}

// followRepair handles a repair, which lowers the stamp of a write: waiting edits based on the old
// stamp are rebased on the new one. The stamps of derived fields can fall without a repair, for
// example when the newest write that a violation is derived from disappears.
func (r *Replica) followRepair(h *held, before record.Record) {
	var upon []*item
	known := r.known(h)
	for name, old := range merged(before).All() {
		now, ok := known.Get(name)
		if !ok || now.Stamp.Time >= old.Stamp.Time {
			continue
		}
		if old.Stamp.Client == r.id && old.Stamp.Time == r.mark {
			r.mark = now.Stamp.Time
		}
		for w := h.tops[name]; w != nil; w = w.before {
			if w.it.m.Base[name] == old.Stamp {
				r.rebase(w.it, func(base map[string]clock.Stamp) {
					if base[name] = now.Stamp; now.Value != old.Value {
						delete(base, name) // the author has not seen this value
					}
				})
				upon = append(upon, w.it)
			}
		}
	}
	if len(upon) > 0 {
		r.restampWaiting(r.serverTime(), 0, upon)
	}
}

// updateWhys notes why the fields of a record have their new values.
func (h *held) updateWhys(before, now record.Record) {
	for name := range h.whys {
		if _, ok := now.Get(name); !ok {
			h.dropWhy(name)
		}
	}
	if before.Len() == 0 {
		return // all fields are written for the first time
	}
	for name, c := range merge.Changes(merged(before), merged(now)) {
		switch {
		case c.Outcome == merge.Equal:
		case c.Won() && !c.Before.IsZero():
			h.setWhy(Why{Decision: merge.Decision{Key: h.key, Field: name, Change: c}})
		default:
			h.dropWhy(name) // the write is the first or a repaired one
		}
	}
}

// merged returns a record without the derived fields of a violation, which are not merged: none of
// their writes wins over another.
func merged(rec record.Record) record.Record {
	if rec.Key().Table == violation.DefaultTable {
		return violation.UserFields(rec)
	}
	return rec
}
