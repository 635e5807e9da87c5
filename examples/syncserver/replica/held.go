package replica

import (
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// held is everything that a Replica holds for one record.
type held struct {
	key       record.Key
	confirmed record.Record
	tops      map[string]*write // the last waiting write of each field
	whys      map[string]Why

	before     view // the view at the last TakeChanged, if touched
	touched    bool
	whyChanged bool

	stale, whyStale   bool // changed since the last save
	stored, whyStored bool // whether the storage has an entry
}

// write is a waiting write of one field. It is linked to the other waiting writes of its field,
// in the order of the outbox, which is the order of their stamps.
type write struct {
	it            *item
	before, after *write
}

// find returns the held state of a record, or nil.
func (r *Replica) find(key record.Key) *held { return r.tables[key.Table][key.ID] }

// findOrAdd returns the held state of a record, and adds an empty one if there is none.
func (r *Replica) findOrAdd(key record.Key) *held {
	if h := r.find(key); h != nil {
		return h
	}
	// A decoded key shares memory with everything decoded along with it.
	key = record.Key{Table: strings.Clone(key.Table), ID: strings.Clone(key.ID)}
	if r.tables[key.Table] == nil {
		r.tables[key.Table] = make(map[string]*held)
	}
	h := &held{key: key, confirmed: record.New(key)}
	r.tables[key.Table][key.ID] = h
	return h
}

// shown joins the confirmed record with the writes that wait. Of the waiting writes of a field, the
// last is the greatest.
func (r *Replica) shown(h *held) record.Record {
	if len(h.tops) == 0 {
		return h.confirmed
	}
	// These fields come from valid records, so they form a valid record.
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
	joined, _, _ := r.builder.Join(a, b.WithKey(a.Key())) // the only possible error is two different keys
	return joined
}

// waitingFields returns the names of the fields with a waiting write, sorted.
func (h *held) waitingFields() []string {
	if len(h.tops) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(h.tops))
}

// add appends the writes of an item to the waiting writes.
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

// drop removes the writes of an item.
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
