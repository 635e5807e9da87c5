package merge

import (
	"iter"
	"slices"
	"sort"

	"github.com/fieldlww/fieldlww/record"
)

// Collection is a set of records, one for each key, sorted by table and then by
// ID: the state of a replica, or a part of that state. It is an immutable value: copies
// share memory, and it may be read from any number of goroutines. The zero Collection is empty, so
// a series of joins can start with it.
type Collection struct{ records []record.Record }

// Collect returns the Collection of the given records, which may come in any
// order. It joins records of one key, and leaves out records without fields.
func Collect(records ...record.Record) Collection {
	byKey := func(a, b record.Record) int { return a.Key().Compare(b.Key()) }
	records = slices.DeleteFunc(slices.Clone(records), func(r record.Record) bool { return r.Len() == 0 })
	if !slices.IsSortedFunc(records, byKey) {
		slices.SortStableFunc(records, byKey)
	}
	var b record.Builder
	n := 0
	for rest := records; len(rest) > 0; n++ {
		same := 1
		for same < len(rest) && rest[same].Key() == rest[0].Key() {
			same++
		}
		records[n] = joinSame(&b, rest[:same])
		rest = rest[same:]
	}
	clear(records[n:])
	return Collection{records[:n]}
}

// joinSame returns the join of records of one key, and overwrites the slice. It joins the
// records in pairs, and the results in pairs again, so no field of n records is copied more
// than log₂ n times, rounded up.
func joinSame(b *record.Builder, records []record.Record) record.Record {
	for len(records) > 1 {
		for i := 0; i+1 < len(records); i += 2 {
			// Records of one key always have a join.
			records[i/2], _, _ = b.Join(records[i], records[i+1])
		}
		half := (len(records) + 1) / 2
		if len(records)%2 == 1 {
			records[half-1] = records[len(records)-1]
		}
		records = records[:half]
	}
	return records[0]
}

// Len returns the number of records, deleted ones included.
func (c Collection) Len() int { return len(c.records) }

// At returns the record at position i in the order of keys. It panics if i is
// out of range, as a slice does.
func (c Collection) At(i int) record.Record { return c.records[i] }

// Get returns the record of the given key, and reports whether there is one.
func (c Collection) Get(key record.Key) (record.Record, bool) {
	i, ok := sort.Find(len(c.records), func(i int) int { return key.Compare(c.records[i].Key()) })
	if !ok {
		return record.Record{}, false
	}
	return c.records[i], true
}

// Lookup returns one record for each of the given keys, in their order: the record in c,
// or record.New of the key if there is none. It makes Stored.Records from the records that
// were loaded for Push.Keys, in whatever order they came.
func (c Collection) Lookup(keys []record.Key) []record.Record {
	found := make([]record.Record, len(keys))
	for i, key := range keys {
		var ok bool
		if found[i], ok = c.Get(key); !ok {
			found[i] = record.New(key)
		}
	}
	return found
}

// All returns the records in the order of their keys.
func (c Collection) All() iter.Seq[record.Record] { return slices.Values(c.records) }

// Equal reports whether c and o hold the same writes.
func (c Collection) Equal(o Collection) bool {
	return slices.EqualFunc(c.records, o.records, record.Record.Equal)
}

// AppendLines appends the records to dst as canonical JSON Lines. Each line is a mutation
// with the whole record as its data. Equal collections give equal bytes.
func (c Collection) AppendLines(dst []byte) []byte {
	start := len(dst)
	for i, r := range c.records {
		if i > 0 && cap(dst)-len(dst) < (len(dst)-start)/i {
			// Room for the other records, if they are as long as those so far.
			dst = slices.Grow(dst, (len(dst)-start)/i*(len(c.records)-i)*9/8)
		}
		dst = append(record.Mutation{Data: r}.AppendJSON(dst), '\n')
	}
	return dst
}
