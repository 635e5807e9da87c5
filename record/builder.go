package record

import (
	"bytes"
	"iter"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// Builder makes records out of fields and out of other records. The records
// that one Builder makes share what they can: lists of field names, and memory
// that is taken in chunks. So a record that is kept for long can hold on to the
// memory of some that were made beside it, some kilobytes at most; what is made
// with a Builder of its own does not.
//
// The zero Builder is ready to use. It must not be used from two goroutines at
// once, nor copied after its first use, but the records it makes may.
type Builder struct {
	memory memory
	table  nameTable
	// alike are the last two lists of names that were found to be equal, and
	// union is that of the last two that were united: records that are joined
	// one after another are much like each other.
	alike   [2]*names
	unionOf [2]*names
	union   *names
	mixed   mix
	// entries and texts are kept for the next call.
	entries []entry
	texts   []byte
}

// Record returns the record that has the given key and fields. They may come in
// any order, and none twice. The key, the names, the stamps and the kind of
// $deleted are checked; a refused one is returned as an *Error.
func (b *Builder) Record(key Key, fields iter.Seq2[string, FieldValue]) (Record, error) {
	if err := key.Check(); err != nil {
		return Record{}, err
	}
	b.entries, b.texts = b.entries[:0], b.texts[:0]
	for name, w := range fields {
		if err := w.Check(name); err != nil {
			return Record{}, err
		}
		start := len(b.texts)
		b.texts = append(b.texts, name...)
		from := len(b.texts)
		b.texts = append(b.texts, w.Value.text...)
		b.entries = append(b.entries, entry{b.texts[start:from], from, len(b.texts), w.Stamp})
	}
	if err := sortEntries(b.entries); err != nil {
		return Record{}, err
	}
	return b.record(key, b.entries, b.texts), nil
}

// entry is one field of a record that is being made. The text of its Value is a
// part of a longer text.
type entry struct {
	name     []byte
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
func (b *Builder) record(key Key, entries []entry, texts []byte) Record {
	if len(entries) == 0 {
		return Record{key: key}
	}
	size := 0
	for i := range entries {
		size += entries[i].to - entries[i].from
	}
	writes := b.memory.writes(len(entries))
	b.memory.reserve(size)
	end := 0
	for i := range entries {
		e := &entries[i]
		end += e.to - e.from
		writes[i] = write{e.stamp, end}
		b.memory.text.Write(texts[e.from:e.to])
	}
	names := b.table.shared(len(entries), func(i int) []byte { return entries[i].name })
	return Record{key, names, writes, b.memory.cut(size)}
}
