package replica

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// held is all that a Replica holds of one record.
type held struct {
	key       record.Key
	confirmed record.Record
	waiting   []*item // of the outbox, in its order
	whys      map[string]Why

	before     view // what was shown at the last TakeChanged, if touched
	touched    bool
	whyChanged bool

	stale, whyStale bool // not saved yet
}

// view is what is shown of a record, but for its whys.
type view struct {
	record.Record
	waiting []string
}

// touch returns what is held of a record that is about to change.
func (r *Replica) touch(key record.Key) *held {
	h := r.hold(key)
	if !h.touched {
		h.touched, h.before = true, r.view(h)
		r.touched = append(r.touched, h)
	}
	return h
}

// differs reports whether a record that was touched is shown differently now.
func (r *Replica) differs(h *held) bool {
	now := r.view(h)
	return h.whyChanged || !now.Equal(h.before.Record) || !slices.Equal(now.waiting, h.before.waiting)
}

func (r *Replica) view(h *held) view { return view{r.shown(h), h.waits()} }

// shown joins what is confirmed with what waits.
func (r *Replica) shown(h *held) record.Record {
	shown := h.confirmed
	for _, it := range h.waiting {
		shown = r.join(shown, it.m.Data)
	}
	return shown
}

// join joins two records of one key.
func (r *Replica) join(a, b record.Record) record.Record {
	joined, _, err := r.builder.Join(a, b)
	if err != nil {
		panic(err) // the keys differ, which is a mistake in this package
	}
	return joined
}

// waits returns the names of the fields that wait, sorted.
func (h *held) waits() []string {
	if len(h.waiting) == 0 {
		return nil
	}
	names := make(map[string]bool)
	for _, it := range h.waiting {
		for name := range it.m.Data.All() {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// drop takes an item out of what waits.
func (h *held) drop(it *item) {
	h.waiting = slices.DeleteFunc(h.waiting, func(w *item) bool { return w == it })
}
