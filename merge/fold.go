package merge

import (
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// Fold joins a stream of writes, in any order, into a Collection. It holds the
// state and not the history, and changes it in place, so it is the way to read a
// long log. The zero Fold is ready to use. It must not be used from two
// goroutines at once.
type Fold struct {
	tables map[string]map[string]draft
	// table is the name of the table that was used last, and ids its records.
	table string
	ids   map[string]draft
	names nameSets
	n     int
}

// draft is a record that is being folded. It is as small as it can be: what a
// fold costs is mostly the memory that it has to look at.
type draft struct {
	names  *nameSet
	writes []record.FieldValue // one for each name
}

// Write folds in one write of one field, and returns what it did there. What
// cannot be a key, or a write of that field, is refused with a *record.Error,
// and changes nothing.
//
// A write that wins is kept as it is. If its Value was read out of a record that
// is not kept otherwise, pass a Clone, as Add does, or the rest of the record is
// kept as well.
func (f *Fold) Write(key record.Key, name string, w record.FieldValue) (c Change, err error) {
	d, found := f.find(key)
	if found {
		// A name that is there already was checked.
		if i := d.names.position(name); i >= 0 && w.Stamp.Valid() && name != record.DeletedField {
			d.joinAt(i, w, &c)
			return c, nil
		}
	}
	if err := w.Check(name); err != nil {
		return Change{}, err
	}
	if !found {
		if err := key.Check(); err != nil {
			return Change{}, err
		}
	}
	f.joinField(&d, name, w, &c)
	f.put(key, d, found)
	return c, nil
}

// Add folds in all fields of a record.
func (f *Fold) Add(r record.Record) {
	if r.Len() == 0 {
		return
	}
	d, found := f.find(r.Key())
	if !found {
		d.writes = make([]record.FieldValue, 0, r.Len())
	}
	before := len(d.writes)
	var c Change
	for name, w := range r.All() {
		if i, won := f.joinField(&d, name, w, &c); won {
			d.writes[i].Value = w.Value.Clone()
		}
	}
	if len(d.writes) > before {
		f.put(r.Key(), d, found)
	}
}

// Len returns the number of records so far.
func (f *Fold) Len() int { return f.n }

// Collection returns the state so far, at a cost that is linear in all of it.
// The Fold can go on afterwards; the Collection does not change then.
func (f *Fold) Collection() Collection {
	var b record.Builder
	records := make([]record.Record, 0, f.n)
	for table, ids := range f.tables {
		for id, d := range ids {
			// What is in a draft was checked, so it makes a record.
			r, _ := b.Record(record.Key{Table: table, ID: id}, d.fields)
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b record.Record) int { return a.Key().Compare(b.Key()) })
	return Collection{records}
}

// find returns the draft of a key, and whether there is one.
func (f *Fold) find(key record.Key) (draft, bool) {
	if key.Table != f.table || f.ids == nil {
		f.table, f.ids = key.Table, f.tables[key.Table]
	}
	d, found := f.ids[key.ID]
	return d, found
}

// put stores the draft of a key that was looked for just now.
func (f *Fold) put(key record.Key, d draft, found bool) {
	if f.ids == nil {
		if f.tables == nil {
			f.tables = make(map[string]map[string]draft)
		}
		f.ids = make(map[string]draft)
		f.tables[f.table] = f.ids
	}
	f.ids[key.ID] = d
	if !found {
		f.n++
	}
}

// joinField joins a write, which was checked, to a field of d, and says in c what it
// did. It returns the position of the field, and whether the write is there now
// and was not before.
func (f *Fold) joinField(d *draft, name string, w record.FieldValue, c *Change) (i int, won bool) {
	if i := d.names.position(name); i >= 0 {
		return i, d.joinAt(i, w, c)
	}
	d.names, i = f.names.with(d.names, name)
	d.writes = slices.Insert(d.writes, i, w)
	*c = Change{Incoming: w, Outcome: Applied}
	return i, true
}

// joinAt joins a write to the field at position i, and reports whether it won. A
// Change is large, so it is filled in where it is wanted.
func (d *draft) joinAt(i int, w record.FieldValue, c *Change) (won bool) {
	c.Before, c.Incoming = d.writes[i], w
	if won = c.decide(); won {
		d.writes[i] = w
	}
	return won
}

// fields yields the fields of d.
func (d draft) fields(yield func(string, record.FieldValue) bool) {
	for i, name := range d.names.list {
		if !yield(name, d.writes[i]) {
			return
		}
	}
}
