package replica

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// A record leaves when it is dead, erased, or in no bucket any longer that the client may read. The
// client forgets it and writes nothing. If the record still exists elsewhere, the client's own edits of
// it must not go on showing it, not even the edit that created it. So they are hidden until a line of a
// pull brings the record again. They are still sent, because only the server can say whether they are
// accepted.
//
// If the record is dead, the fence decides which edits are shown, and an edit may begin a new life of
// it. No line says that a record has left because it is dead, but in a workspace without partial
// replication that is the only reason, and then only at level 2. A trailer that names buckets, be it only
// the bucket "", says that the workspace has partial replication.

// forget forgets what is confirmed of a record.
func (r *Replica) forget(h *held) {
	for name := range h.whys {
		h.dropWhy(name)
	}
	h.confirmed, h.in = record.New(h.key), nil
}

// leave forgets a record that has left, and hides its edits, unless it is likely to be dead.
func (r *Replica) leave(h *held) {
	hides := r.divided || r.level < 2 || newestUpTo(h.confirmed, clock.MaxTimestamp) > r.fence
	r.forget(h)
	for _, it := range h.items() {
		if hides {
			r.setHidden(h, it, true)
		}
	}
}

// bring shows the edits of a record again that were hidden.
func (r *Replica) bring(h *held) {
	for _, it := range h.items() {
		r.setHidden(h, it, false)
	}
}

// setHidden hides an item of a record, or shows it again.
func (r *Replica) setHidden(h *held, it *item, hidden bool) {
	switch {
	case it.hidden == hidden:
		return
	case it.queue == nil:
		r.entries.accepted.put(it)
	default:
		r.entries.outbox.put(it)
	}
	if it.hidden = hidden; h.over != nil {
		h.over.join(r)
	}
}

// isHidden reports whether an item is not shown.
func (it *item) isHidden() bool { return it.hidden || it.later > 0 }

// showing removes the items that are not shown.
func showing(items []*item) []*item { return slices.DeleteFunc(items, (*item).isHidden) }
