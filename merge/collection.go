package merge

import (
	"iter"
	"slices"
	"sort"

	"github.com/fieldlww/fieldlww/record"
)

// Collection is a set of records, one for each key, sorted by table and then by
// ID: the state of a replica, or a part of one. It is an immutable value: copies
// share memory, and it may be read from any number of goroutines. The zero
// Collection is empty, and is what joining begins with.
type Collection struct{ records []record.Record }

// Collect returns the Collection of the given records, which may come in any
// order. Several of one key are joined; those without fields are left out.
func Collect(records ...record.Record) Collection {
	byKey := func(a, b record.Record) int { return a.Key().Compare(b.Key()) }
	records = slices.DeleteFunc(slices.Clone(records), func(r record.Record) bool { return r.Len() == 0 })
	if !slices.IsSortedFunc(records, byKey) {
		slices.SortStableFunc(records, byKey)
	}
	var b record.Builder
	n := 0
	for _, r := range records {
		if n > 0 && records[n-1].Key() == r.Key() {
			// Records of one key always have a join.
			records[n-1], _, _ = b.Join(records[n-1], r)
			continue
		}
		records[n] = r
		n++
	}
	clear(records[n:])
	return Collection{records[:n]}
}

// Len returns the number of records, deleted ones included.
func (c Collection) Len() int { return len(c.records) }

// At returns the record at position i in the order of keys. It panics if i is
// out of range, as a slice does.
func (c Collection) At(i int) record.Record { return c.records[i] }

// Get returns the record of the given key, and whether there is one.
func (c Collection) Get(key record.Key) (record.Record, bool) {
	i, ok := sort.Find(len(c.records), func(i int) int { return key.Compare(c.records[i].Key()) })
	if !ok {
		return record.Record{}, false
	}
	return c.records[i], true
}

// All returns the records in the order of their keys.
func (c Collection) All() iter.Seq[record.Record] { return slices.Values(c.records) }

// Equal reports whether c and o hold the same writes.
func (c Collection) Equal(o Collection) bool {
	return slices.EqualFunc(c.records, o.records, record.Record.Equal)
}

// AppendLines appends the records to dst as canonical JSON Lines, each a
// mutation with the whole record as its data. Equal collections give equal
// bytes.
func (c Collection) AppendLines(dst []byte) []byte {
	start := len(dst)
	for i, r := range c.records {
		if i > 0 && cap(dst)-len(dst) < (len(dst)-start)/i {
			// Room for the rest, if its records are as long as those so far.
			dst = slices.Grow(dst, (len(dst)-start)/i*(len(c.records)-i)*9/8)
		}
		dst = append(record.Mutation{Data: r}.AppendJSON(dst), '\n')
	}
	return dst
}
