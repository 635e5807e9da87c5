package merge

import (
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// Fold joins a stream of writes, in any order, into a Collection. It holds the
// state, not the history, and changes it in place, so it suits reading a long log.
// The zero Fold is ready to use. It must not be used from two goroutines at once.
type Fold struct {
	tables map[string]map[string]draft
	// table is the table that was used last, and ids holds its records.
	table string
	ids   map[string]draft
	names nameSets
	n     int
}

// draft is a record that is being folded. It is as small as possible, because the cost of a
// fold is mostly the memory that it reads.
type draft struct {
	names  *nameSet
	writes []record.FieldValue // one write for each name
}

// Write joins one write to one field, and returns the Change that it made. An invalid
// key, or an invalid write of that field, is refused with a *record.Error and changes
// nothing.
//
// A write that wins is kept without copying. If its Value belongs to a record that is not
// otherwise kept, pass a Clone of the Value, as Add does, or the whole record stays in
// memory.
func (f *Fold) Write(key record.Key, name string, w record.FieldValue) (c Change, err error) {
	d, found := f.find(key)
	if found {
		// The name of a stored field was checked before.
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

// Add joins all fields of a record.
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

// Collection returns the state so far, at a cost linear in its size. Further writes to
// the Fold do not change the Collection.
func (f *Fold) Collection() Collection {
	var b record.Builder
	records := make([]record.Record, 0, f.n)
	for table, ids := range f.tables {
		for id, d := range ids {
			// Fields of a draft were checked before, so Record returns no error.
			r, _ := b.Record(record.Key{Table: table, ID: id}, d.fields)
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b record.Record) int { return a.Key().Compare(b.Key()) })
	return Collection{records}
}

// find returns the draft of a key, and reports whether there is one.
func (f *Fold) find(key record.Key) (draft, bool) {
	if key.Table != f.table || f.ids == nil {
		f.table, f.ids = key.Table, f.tables[key.Table]
	}
	d, found := f.ids[key.ID]
	return d, found
}

// put stores a draft under its key, for which find must have been called last.
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

// joinField joins a checked write to a field of d, and sets c to the Change that it made.
// It returns the position of the field, and whether the write is stored now and was not
// before.
func (f *Fold) joinField(d *draft, name string, w record.FieldValue, c *Change) (i int, won bool) {
	if i := d.names.position(name); i >= 0 {
		return i, d.joinAt(i, w, c)
	}
	d.names, i = f.names.with(d.names, name)
	d.writes = slices.Insert(d.writes, i, w)
	*c = Change{Incoming: w, Outcome: Applied}
	return i, true
}

// joinAt joins a write to the field at position i, sets c to the Change that it made, and
// reports whether the write won. A Change is large, so it is filled in place.
func (d *draft) joinAt(i int, w record.FieldValue, c *Change) (won bool) {
	c.Before, c.Incoming = d.writes[i], w
	if won = c.decide(); won {
		d.writes[i] = w
	}
	return won
}

// fields is an iterator over the fields of d.
func (d draft) fields(yield func(string, record.FieldValue) bool) {
	for i, name := range d.names.list {
		if !yield(name, d.writes[i]) {
			return
		}
	}
}
