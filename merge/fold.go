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
	tables map[string]map[string]*draft
	// table is the name of the table that was used last, and ids its records.
	table string
	ids   map[string]*draft
	n     int
	// builder makes the records of the Collection.
	builder record.Builder
}

// draft is a record that is being folded. Its fields are in the order in which
// they came.
type draft struct {
	// frozen is the record as it was added or last collected. It is all there is
	// while writes is nil.
	frozen record.Record
	names  []string
	writes []record.FieldValue
	index  map[string]int // of names, once they are many
	stale  bool           // whether writes has more than frozen
}

// scanned is the number of fields up to which looking at all of them is faster
// than an index.
const scanned = 16

// Write folds in one write of one field, and returns what it did there. What
// cannot be a key, or a write of that field, is refused with a *record.Error,
// and changes nothing.
func (f *Fold) Write(key record.Key, name string, w record.FieldValue) (Change, error) {
	d := f.find(key)
	if d != nil {
		d.thaw()
		if i := d.position(name); i >= 0 && w.Stamp.Valid() && name != record.DeletedField {
			return d.meet(i, w), nil
		}
	}
	if err := w.Check(name); err != nil {
		return Change{}, err
	}
	if d == nil {
		if err := key.Check(); err != nil {
			return Change{}, err
		}
		d = f.insert(record.New(key))
	}
	return d.join(name, w), nil
}

// Add folds in all fields of a record.
func (f *Fold) Add(r record.Record) {
	if r.Len() == 0 {
		return
	}
	d := f.find(r.Key())
	if d == nil {
		f.insert(r)
		return
	}
	d.thaw()
	for name, w := range r.All() {
		d.join(name, w)
	}
}

// Len returns the number of records so far.
func (f *Fold) Len() int { return f.n }

// Collection returns the state so far. The Fold can go on afterwards; the
// Collection does not change then.
func (f *Fold) Collection() Collection {
	records := make([]record.Record, 0, f.n)
	for _, ids := range f.tables {
		for _, d := range ids {
			d.freeze(&f.builder)
			records = append(records, d.frozen)
		}
	}
	slices.SortFunc(records, func(a, b record.Record) int { return a.Key().Compare(b.Key()) })
	return Collection{records}
}

// find returns the draft of a key, or nil.
func (f *Fold) find(key record.Key) *draft {
	if key.Table != f.table || f.ids == nil {
		f.table, f.ids = key.Table, f.tables[key.Table]
	}
	return f.ids[key.ID]
}

// insert begins a draft with r, whose key find did not find just now.
func (f *Fold) insert(r record.Record) *draft {
	if f.ids == nil {
		if f.tables == nil {
			f.tables = make(map[string]map[string]*draft)
		}
		f.ids = make(map[string]*draft)
		f.tables[f.table] = f.ids
	}
	d := &draft{frozen: r}
	f.ids[r.Key().ID] = d
	f.n++
	return d
}

// thaw makes the fields of d ready to be changed in place.
func (d *draft) thaw() {
	if d.writes != nil {
		return
	}
	n := d.frozen.Len()
	d.names, d.writes = make([]string, n, n+1), make([]record.FieldValue, n, n+1)
	for i := range n {
		d.names[i], d.writes[i] = d.frozen.At(i)
	}
	d.reindex()
}

func (d *draft) reindex() {
	if len(d.names) <= scanned {
		return
	}
	d.index = make(map[string]int, len(d.names))
	for i, name := range d.names {
		d.index[name] = i
	}
}

// position returns the index of a field, or -1.
func (d *draft) position(name string) int {
	if d.index == nil {
		return slices.Index(d.names, name)
	}
	if i, ok := d.index[name]; ok {
		return i
	}
	return -1
}

// join joins a write, which was checked, to its field.
func (d *draft) join(name string, w record.FieldValue) Change {
	if i := d.position(name); i >= 0 {
		return d.meet(i, w)
	}
	d.names = append(d.names, name)
	d.writes = append(d.writes, w)
	d.stale = true
	switch {
	case d.index != nil:
		d.index[name] = len(d.names) - 1
	case len(d.names) > scanned:
		d.reindex()
	}
	return compare(record.FieldValue{}, w)
}

// meet joins a write to the field at position i.
func (d *draft) meet(i int, w record.FieldValue) Change {
	c := compare(d.writes[i], w)
	if c.Changed() {
		d.writes[i] = w
		d.stale = true
	}
	return c
}

// freeze makes frozen the record of all writes.
func (d *draft) freeze(b *record.Builder) {
	if !d.stale {
		return
	}
	// What is in a draft was checked, so it makes a record.
	d.frozen, _ = b.Record(d.frozen.Key(), func(yield func(string, record.FieldValue) bool) {
		for i, name := range d.names {
			if !yield(name, d.writes[i]) {
				return
			}
		}
	})
	d.stale = false
}
