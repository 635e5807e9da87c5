package replica

import (
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Pull is a pull that has begun: a request, and the part of its answer that was applied. Several pulls
// may be under way at once, for example in several tabs of a browser. A Pull may be used with
// another Replica that was opened from the same saved entries.
type Pull struct {
	// Cursor is the cursor to ask with, which is empty for the first pull. After a chunk was applied, it
	// is the cursor of its trailer.
	Cursor string
	// Answered is the number of items that were accepted before the pull began.
	Answered uint64
	// Settled says whether the last chunk that was applied is the last one: nothing is left to pull.
	Settled bool
}

// BeginPull begins a pull. Call it when the request is sent, once for each request.
func (r *Replica) BeginPull() Pull {
	if r.settled {
		r.settled, r.resets = false, 0
	}
	return Pull{Cursor: r.cursor, Answered: r.answered}
}

// Pulled takes the next lines of the answer to a pull. The lines are whole chunks, each with a trailer
// at its end. Lines after the last trailer are discarded. A chunk is applied in one step. Each record
// replaces the confirmed one. The two are not joined, because a join would discard derived and
// repaired fields whose stamps are lower.
//
// A chunk continues from the cursor that was asked for. If another pull has changed the cursor since,
// the chunk and the rest of the answer are discarded, without an error: they may bring back what has
// left. The pull is then not settled.
//
// The error is a *record.Error, as for an item of a batch, or ErrAnswer, also if the server resets the
// Replica more than ten times before a pull is settled. On error, the Replica shows and saves the same
// as before.
//
// The clock follows the pulled stamps. Once the server's time is known, it does not follow stamps
// too far ahead of that time, so call ServerTime first.
func (r *Replica) Pulled(p *Pull, lines []byte) error {
	chunks, err := r.parseChunks(lines)
	if err != nil {
		return err
	}
	if err := r.countResets(chunks); err != nil {
		return err
	}
	for i := range chunks {
		if p.Cursor != r.cursor {
			p.Settled = false
			r.log(clientlog.Event{Kind: clientlog.Discarded})
			return nil
		}
		r.applyChunk(p, &chunks[i])
	}
	return nil
}

// maxResets is the maximum number of resets before a pull is settled. A server that changes its epoch
// with every answer would keep a client pulling forever.
const maxResets = 10

// countResets counts the resets since a pull was settled, except for loads of new buckets. After too
// many it returns an error and begins again, so that a later pull can succeed.
func (r *Replica) countResets(chunks []chunk) error {
	for i := range chunks {
		if why := chunks[i].why(); why != "" && why != WhyGrant {
			r.resets++
		}
		if r.resets > maxResets {
			r.resets = 0
			return fmt.Errorf("%w: more than %d resets before a pull is settled", ErrAnswer, maxResets)
		}
	}
	return nil
}

// applyChunk applies a chunk. The order matters: what the client lost goes first, overlays are joined by
// the old fence, and records are replaced under the new one.
func (r *Replica) applyChunk(p *Pull, c *chunk) {
	t := c.trailer
	r.logChunk(c)
	if r.ended = 0; !t.More {
		r.ended = p.Answered
	}
	changed := r.takeAway(c)
	if (t.Fence > r.fence || t.Level > r.level) && !r.loading {
		r.joinOverlays(c.items)
	}
	changed = changed || len(c.items) > 0 || *t.Cursor != r.cursor || t.Seen != r.seen || r.loading
	if r.follow(t, c.why() == WhyEpoch) {
		changed = true
	}
	for _, key := range c.erased {
		if r.find(key) != nil || r.aside[key] != nil {
			r.notice(Notice{Kind: Erased, Key: key})
		}
	}
	limit := r.limit()
	for i, it := range c.items {
		now := it.Mutation.Data
		r.observe(newestUpTo(now, limit))
		r.replace(merge.Purge(now, r.fence, r.level), c.bucketsOf(i))
	}
	r.cursor, r.seen, r.chunked = *t.Cursor, t.Seen, true
	p.Cursor, p.Settled, r.settled = r.cursor, !t.More, !t.More
	r.unsaved.state = r.unsaved.state || changed
	if p.Settled {
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

// replace replaces the confirmed record and its buckets. A record without fields has left.
func (r *Replica) replace(now record.Record, in []string) {
	if in != nil && len(in) == 0 {
		now = record.New(now.Key())
	}
	if r.tentative {
		r.takeBack(now.Key()) // what counts of it is confirmed again, or has left
	}
	h := r.find(now.Key())
	switch {
	case h == nil && now.Len() == 0:
		return
	case h != nil && h.confirmed.Equal(now) && h.over == nil && len(h.tops) == 0 && slices.Equal(h.in, in):
		return // for example an edit by this client that comes back
	case h == nil:
		h = r.findOrAdd(now.Key())
	}
	r.change(h, func() {
		r.dropEnded(h)
		if now.Len() == 0 {
			r.leave(h)
			return
		}
		if !slices.Equal(h.in, in) || !h.isBrought() {
			r.unsaved.record(h)
		}
		h.confirmed, h.in = now, in
		r.bring(h)
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
	if h.confirmed.Len() > 0 { // otherwise it was forgotten, and what is known falls to overlays
		r.followRepair(h, before)
	}
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
