package record

import (
	"bytes"
	"iter"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// Builder makes records out of fields and out of other records. The records
// that one Builder makes share what they can: lists of field names, and memory
// that is taken in chunks of up to 512 fields. So a record that is kept for
// long can hold on to the memory of some that were made beside it; what is made
// with a Builder of its own does not.
//
// The zero Builder is ready to use. It must not be used from two goroutines at
// once, but the records it makes may.
type Builder struct {
	table nameTable
	chunk []FieldValue // the unused part of the present chunk
	size  int          // how long the present chunk was
	// unionOf and union are the last two lists of names that were united, and
	// the result: records that are joined one after another are much alike.
	unionOf [2]*names
	union   *names
}

// maxChunk is the number of fields in the largest chunk of memory.
const maxChunk = 512

// take returns memory for n writes.
func (b *Builder) take(n int) []FieldValue {
	if n > len(b.chunk) {
		b.size = max(n, min(2*b.size, maxChunk))
		b.chunk = make([]FieldValue, b.size)
	}
	w := b.chunk[:n:n]
	b.chunk = b.chunk[n:]
	return w
}

// Record returns the record that has the given key and fields. They may come in
// any order, and none twice. The key, the names, the stamps and the kind of
// $deleted are checked; a refused one is returned as an *Error.
func (b *Builder) Record(key Key, fields iter.Seq2[string, FieldValue]) (Record, error) {
	if err := key.Check(); err != nil {
		return Record{}, err
	}
	var entries []entry
	for name, w := range fields {
		if err := w.Check(name); err != nil {
			return Record{}, err
		}
		entries = append(entries, entry{name: []byte(name), value: w.Value, stamp: w.Stamp})
	}
	if err := sortEntries(entries); err != nil {
		return Record{}, err
	}
	return b.record(key, entries), nil
}

// entry is one field of a record that is being made. The decoder knows the
// value as a part of its output at first.
type entry struct {
	name     []byte
	value    Value
	from, to int
	stamp    clock.Stamp
}

// sortEntries sorts by name and refuses a name that occurs twice.
func sortEntries(entries []entry) error {
	byName := func(a, b entry) int { return bytes.Compare(a.name, b.name) }
	if !slices.IsSortedFunc(entries, byName) {
		slices.SortFunc(entries, byName)
	}
	for i := 1; i < len(entries); i++ {
		if byName(entries[i-1], entries[i]) == 0 {
			return at(pathName(entries[i].name), ErrDuplicate)
		}
	}
	return nil
}

// record returns the record of entries that are checked and sorted.
func (b *Builder) record(key Key, entries []entry) Record {
	if len(entries) == 0 {
		return Record{key: key}
	}
	r := Record{key: key, writes: make([]FieldValue, len(entries))}
	r.names = b.table.shared(len(entries), func(i int) []byte { return entries[i].name })
	for i, e := range entries {
		r.writes[i] = FieldValue{e.value, e.stamp}
	}
	return r
}

// Join returns the join of x and y: of every field the greater write, by
// FieldValue.Compare. It is commutative, associative and idempotent, and a
// record without fields changes nothing, so any number of records can be joined
// in any order, and any of them twice. Joining never fails, except that records
// of two different keys have no join: that is ErrKey.
//
// It also tells whether the result differs from x. Where it does not, because y
// adds nothing, the result is x itself, and nothing is allocated.
func (b *Builder) Join(x, y Record) (joined Record, changed bool, err error) {
	if x.key != y.key {
		return x, false, &Error{Offset: -1, Err: ErrKey}
	}
	switch {
	case len(y.writes) == 0:
		return x, false, nil
	case len(x.writes) == 0:
		return y, true, nil
	case x.names == y.names:
		changed = b.joinAlike(&x, y.writes)
		return x, changed, nil
	}
	all := b.unite(x.names, y.names)
	if all == x.names && len(y.writes) == len(x.writes) {
		changed = b.joinAlike(&x, y.writes)
		return x, changed, nil
	}
	changed = b.joinUnlike(&x, y, all)
	return x, changed, nil
}

// unite returns the union of two lists, remembering the last one.
func (b *Builder) unite(x, y *names) *names {
	if b.unionOf != [2]*names{x, y} {
		b.unionOf, b.union = [2]*names{x, y}, union(x, y)
	}
	return b.union
}

// joinAlike joins to x the writes of a record that has the same names, and
// reports whether that changed x.
func (b *Builder) joinAlike(x *Record, with []FieldValue) bool {
	from := x.writes
	with = with[:len(from)]
	for i := range from {
		if !with[i].beats(&from[i]) {
			continue
		}
		w := b.take(len(from))
		copy(w, from)
		for ; i < len(w); i++ {
			if with[i].beats(&w[i]) {
				w[i] = with[i]
			}
		}
		x.writes = w
		return true
	}
	return false
}

// joinUnlike joins y to x, all being the names of both together, and reports
// whether that changed x.
func (b *Builder) joinUnlike(x *Record, y Record, all *names) bool {
	if all == x.names && !adds(*x, y) {
		return false
	}
	w := b.take(len(all.list))
	i, j := 0, 0
	for k, name := range all.list {
		inX := i < len(x.writes) && x.names.list[i] == name
		inY := j < len(y.writes) && y.names.list[j] == name
		if inX && (!inY || !y.writes[j].beats(&x.writes[i])) {
			w[k] = x.writes[i]
		} else {
			w[k] = y.writes[j]
		}
		if inX {
			i++
		}
		if inY {
			j++
		}
	}
	x.names, x.writes = all, w
	return true
}

// adds reports whether a write of y, whose names x has all, beats that of x.
func adds(x, y Record) bool {
	i := 0
	for j, name := range y.names.list {
		for x.names.list[i] != name {
			i++
		}
		if y.writes[j].beats(&x.writes[i]) {
			return true
		}
	}
	return false
}
