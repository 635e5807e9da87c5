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
	joined record.Record
}

// keep keeps the accepted writes of an item as an overlay.
func (r *Replica) keep(h *held, it *item, accepted record.Record) {
	if len(r.overlaid) == 0 {
		r.accepted = 0
	}
	r.accepted++
	it.number, it.after, it.again = r.accepted, r.pulls, false
	it.m.Data, it.m.Base = accepted, nil
	r.overlay(h, it)
	r.entries.accepted.put(it)
}

func (r *Replica) overlay(h *held, it *item) {
	if h.over == nil {
		h.over = &overlays{joined: record.New(h.key)}
		r.overlaid = append(r.overlaid, h)
	}
	h.over.items = append(h.over.items, it)
	h.over.joined = r.join(h.over.joined, it.m.Data)
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
// about to rise: the server has judged them by the old one.
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
			h.confirmed = r.known(h)
			r.dropOverlays(h, all)
		})
	}
	r.forgetEnded()
}

// endOverlays ends the overlays that a settled pull has brought.
func (r *Replica) endOverlays() {
	for _, h := range r.overlaid {
		if slices.ContainsFunc(h.overlays(), r.isBrought) {
			r.change(h, func() { r.dropEnded(h) })
		}
	}
	r.forgetEnded()
}

// dropEnded drops the overlays of a record that this pull has brought, if it is settled.
func (r *Replica) dropEnded(h *held) {
	if r.settled {
		r.dropOverlays(h, r.isBrought)
	}
}

// isBrought reports whether the present pull began after an item was answered.
func (r *Replica) isBrought(it *item) bool { return it.after < r.pulls }

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
		rest.items, rest.joined = append(rest.items, it), r.join(rest.joined, it.m.Data)
	}
	h.over = rest
}

func all(*item) bool { return true }

// forgetEnded removes the records without overlays from the list of those with overlays.
func (r *Replica) forgetEnded() {
	r.overlaid = slices.DeleteFunc(r.overlaid, func(h *held) bool { return h.over == nil })
}
