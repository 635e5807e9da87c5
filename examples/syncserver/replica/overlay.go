package replica

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// An overlay is an accepted item that a pull may not have brought yet. It is shown over the confirmed
// record, judged like a waiting item, until the first settled pull that began after its answer.
// Otherwise a pull that was read before the answer, or a pull that broke off, would hide it.

// overlays holds the overlays of a record.
type overlays struct {
	items  []*item
	joined record.Record // of the items that are not hidden
}

// join joins the items again.
func (o *overlays) join(r *Replica) {
	o.joined = record.New(o.joined.Key())
	for _, it := range o.items {
		if !it.hidden {
			o.joined = r.join(o.joined, it.m.Data)
		}
	}
}

// keep keeps the accepted writes of an item as an overlay.
func (r *Replica) keep(h *held, it *item, accepted record.Record) {
	it.answered = r.nextAnswered()
	it.number, it.again = it.answered, false
	it.m.Data, it.m.Base = accepted, nil
	r.overlay(h, it)
	r.entries.accepted.put(it)
}

func (r *Replica) overlay(h *held, it *item) {
	if h.over == nil {
		h.over = &overlays{joined: record.New(h.key)}
		r.overlaid = append(r.overlaid, h)
	}
	if h.over.items = append(h.over.items, it); !it.hidden {
		h.over.joined = r.join(h.over.joined, it.m.Data)
	}
}

// nextAnswered returns the number of an item that was answered.
func (r *Replica) nextAnswered() uint64 {
	r.answered++
	return r.answered
}

// acceptedOf returns the fields of an item that were accepted. A Notice reports the others.
func (r *Replica) acceptedOf(it *item, reply merge.Reply) record.Record {
	isGone := func(name string) bool { return reply.Fields[name].Outcome == merge.FieldGone.String() }
	var gone []string
	for name := range it.m.Data.All() {
		if isGone(name) {
			gone = append(gone, name)
		}
	}
	if gone == nil {
		return it.m.Data
	}
	r.notice(Notice{
		Kind: Refused, Key: it.m.Data.Key(), Fields: gone, Code: merge.Gone,
		RolledBack: r.only(it.m.Data, func(name string, _ record.FieldValue) bool { return isGone(name) }),
	})
	return r.only(it.m.Data, func(name string, _ record.FieldValue) bool { return !isGone(name) })
}

// only returns a record with the fields that a function selects.
func (r *Replica) only(rec record.Record, selects func(name string, w record.FieldValue) bool) record.Record {
	// The fields come from a record, so there is no error.
	part, _ := r.builder.Record(rec.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range rec.All() {
			if selects(name, w) && !yield(name, w) {
				return
			}
		}
	})
	return part
}

// joinOverlays joins the overlays of all records that a chunk does not bring, because the fence is
// about to rise: the server has judged them by the old one. The overlays remain, because a pull that
// began before their answers may still bring older records. A record that no pull has brought is
// forgotten when they end: it may have left, and then no pull reports it.
func (r *Replica) joinOverlays(brought []record.Item) {
	if len(r.overlaid) == 0 {
		return
	}
	brings := make(map[record.Key]bool, len(brought))
	for _, it := range brought {
		brings[it.Mutation.Data.Key()] = true
	}
	for _, h := range r.overlaid {
		if brings[h.key] {
			continue
		}
		r.change(h, func() {
			r.dropEnded(h)
			now := r.known(h)
			if h.confirmed.Len() == 0 && now.Len() > 0 {
				h.in = []string{}
			}
			h.confirmed = now
		})
	}
	r.forgetEnded()
}

// endOverlays ends the overlays that a settled pull has brought.
func (r *Replica) endOverlays() {
	for _, h := range r.overlaid {
		if slices.ContainsFunc(h.overlays(), r.covers) {
			r.change(h, func() { r.dropEnded(h) })
		}
	}
	r.forgetEnded()
}

// dropEnded drops the overlays of a record that the present chunk ends.
func (r *Replica) dropEnded(h *held) {
	if r.ended > 0 {
		r.dropOverlays(h, r.covers)
	}
}

// covers reports whether the present chunk is the last one of a pull that began after an item was
// answered.
func (r *Replica) covers(it *item) bool { return it.answered <= r.ended }

// dropOverlays drops some overlays of a record.
func (r *Replica) dropOverlays(h *held, ends func(*item) bool) {
	var rest *overlays
	for _, it := range h.overlays() {
		switch {
		case ends(it):
			if it.m.New {
				h.created = max(it.stamp().Time, newestUpTo(h.confirmed, clock.MaxTimestamp))
			}
			r.entries.accepted.remove(it)
			continue
		case rest == nil:
			rest = &overlays{joined: record.New(h.key)}
		}
		rest.items = append(rest.items, it)
	}
	if h.over = rest; rest != nil {
		rest.join(r)
	} else if !h.isBrought() {
		r.forget(h)
		r.unsaved.record(h)
	}
}

func all(*item) bool { return true }

// forgetEnded removes the records without overlays from the list of those with overlays.
func (r *Replica) forgetEnded() {
	r.overlaid = slices.DeleteFunc(r.overlaid, func(h *held) bool { return h.over == nil })
}
