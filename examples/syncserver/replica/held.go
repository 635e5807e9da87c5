package replica

import (
	"maps"
	"slices"
	"strings"

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

// find returns what is held of a record, or nil.
func (r *Replica) find(key record.Key) *held { return r.tables[key.Table][key.ID] }

// hold returns what is held of a record, which may be nothing yet.
func (r *Replica) hold(key record.Key) *held {
	if h := r.find(key); h != nil {
		return h
	}
	// Keys of records share memory with all that was decoded with them.
	key = record.Key{Table: strings.Clone(key.Table), ID: strings.Clone(key.ID)}
	if r.tables[key.Table] == nil {
		r.tables[key.Table] = make(map[string]*held)
	}
	h := &held{key: key, confirmed: record.New(key)}
	r.tables[key.Table][key.ID] = h
	return h
}

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
	joined, _, _ := r.builder.Join(a, b.WithKey(a.Key())) // only keys that differ are an error
	return joined
}

// waitingFields returns the names of the fields that wait, sorted.
func (h *held) waitingFields() []string {
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
