package replica

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// held is everything that a Replica holds for one record.
type held struct {
	key       record.Key
	confirmed record.Record
	in        []string          // the buckets of the confirmed record; see buckets.go
	over      *overlays         // nil if there are none
	tops      map[string]*write // the last waiting write of each field
	whys      map[string]Why

	before     view // the view at the last TakeChanged, if touched
	touched    bool
	whyChanged bool
	created    clock.Timestamp // the greatest time of the record if this client is known to have created it

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

// release removes a record from memory if nothing about it needs to be kept.
func (r *Replica) release(h *held) {
	if h.confirmed.Len() == 0 && len(h.tops) == 0 && len(h.whys) == 0 && h.over == nil && h.created == 0 && !h.touched && !h.stale {
		delete(r.tables[h.key.Table], h.key.ID)
	}
}

// known returns what the server is known to have of a record: the confirmed record with the overlays
// that are not hidden.
func (r *Replica) known(h *held) record.Record {
	if h.over == nil {
		return h.confirmed
	}
	if !r.agrees(h, false) {
		after, _ := r.judge(h, showing(slices.Clone(h.over.items)))
		return after
	}
	return r.join(h.confirmed, h.over.joined)
}

// shown joins what is known of a record with the writes that wait and are not hidden.
func (r *Replica) shown(h *held) record.Record {
	if len(h.tops) == 0 {
		return r.visible(r.known(h))
	}
	if !r.agrees(h, true) {
		after, _ := r.judge(h, showing(h.items()))
		return r.visible(after)
	}
	// These fields come from valid records, so they form a valid record.
	waiting, _ := r.builder.Record(h.key, func(yield func(string, record.FieldValue) bool) {
		for name, w := range h.tops {
			if v := w.greatest(name); !v.IsZero() && !yield(name, v) {
				return
			}
		}
	})
	return r.visible(r.join(r.known(h), waiting))
}

// greatest returns the greatest among a write and the writes before it that are not hidden, or zero if
// all are. This is the write itself, unless an edit that was refused temporarily is followed by an edit
// that is sent again.
func (w *write) greatest(name string) (greatest record.FieldValue) {
	for ; w != nil; w = w.before {
		if v, _ := w.it.m.Data.Get(name); !w.it.isHidden() && v.Compare(greatest) > 0 {
			greatest = v
		}
	}
	return greatest
}

func (h *held) overlays() []*item {
	if h.over == nil {
		return nil
	}
	return h.over.items
}

// items returns the overlays and the waiting items of a record.
func (h *held) items() []*item { return slices.Concat(h.overlays(), h.waiting()) }

// waiting returns the waiting items of a record, in the order of the edits.
func (h *held) waiting() (items []*item) {
	for _, w := range h.tops {
		for ; w != nil; w = w.before {
			if !slices.Contains(items, w.it) {
				items = append(items, w.it)
			}
		}
	}
	slices.SortFunc(items, func(a, b *item) int { return cmp.Compare(a.number, b.number) })
	return items
}

// join joins two records of one key.
func (r *Replica) join(a, b record.Record) record.Record {
	joined, _, _ := r.builder.Join(a, b.WithKey(a.Key())) // the only possible error is two different keys
	return joined
}

// waitingFields returns the names of the fields with a waiting write that is not hidden, sorted.
func (h *held) waitingFields() (names []string) {
	for name, w := range h.tops {
		if !w.greatest(name).IsZero() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
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
