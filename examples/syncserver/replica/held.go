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
	tops      map[string]*write // by field, the last write that waits
	whys      map[string]Why

	before     view // what was shown at the last TakeChanged, if touched
	touched    bool
	whyChanged bool

	stale, whyStale   bool // not saved yet
	stored, whyStored bool // in the storage, as they were
}

// write is a write that waits. It is linked to the other ones of its field that wait, in the order
// of the outbox, which is the order of their stamps.
type write struct {
	it            *item
	before, after *write
}

// find returns what is held of a record, or nil.
func (r *Replica) find(key record.Key) *held { return r.tables[key.Table][key.ID] }

// findOrAdd returns what is held of a record, which may be nothing yet.
func (r *Replica) findOrAdd(key record.Key) *held {
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

// shown joins what is confirmed with what waits. Of the writes of a field that wait, the last one
// is the greatest.
func (r *Replica) shown(h *held) record.Record {
	if len(h.tops) == 0 {
		return h.confirmed
	}
	// These fields are parts of records, so they make one.
	waiting, _ := r.builder.Record(h.key, func(yield func(string, record.FieldValue) bool) {
		for name, w := range h.tops {
			if v, _ := w.it.m.Data.Get(name); !yield(name, v) {
				return
			}
		}
	})
	return r.join(h.confirmed, waiting)
}

// join joins two records of one key.
func (r *Replica) join(a, b record.Record) record.Record {
	joined, _, _ := r.builder.Join(a, b.WithKey(a.Key())) // only keys that differ are an error
	return joined
}

// waitingFields returns the names of the fields that wait, sorted.
func (h *held) waitingFields() []string {
	if len(h.tops) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(h.tops))
}

// add puts the writes of an item last.
func (h *held) add(it *item) {
	if h.tops == nil {
		h.tops = make(map[string]*write)
	}
	it.writes = make([]write, 0, it.m.Data.Len())
	for name := range it.m.Data.All() {
		it.writes = append(it.writes, write{it: it, before: h.tops[name]})
		w := &it.writes[len(it.writes)-1]
		if w.before != nil {
			w.before.after = w
		}
		h.tops[name] = w
	}
}

// drop takes out the writes of an item.
func (h *held) drop(it *item) {
	for name, w := range it.links() {
		switch {
		case w.after != nil:
			w.after.before = w.before
		case w.before != nil:
			h.tops[name] = w.before
		default:
			delete(h.tops, name)
		}
		if w.before != nil {
			w.before.after = w.after
		}
	}
}
