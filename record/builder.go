package record

import (
	"bytes"
	"iter"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// Builder makes records out of fields and out of other records. The records
// that one Builder makes share their lists of field names where these are equal;
// everything else each has for itself, so what is let go is freed.
//
// The zero Builder is ready to use. It must not be used from two goroutines at
// once, nor copied after its first use, but the records it makes may.
type Builder struct {
	table nameTable
	// alike are the last two lists of names that were found to be equal, and
	// union is that of the last two that were united: records that are joined
	// one after another are much like each other.
	alike   [2]*names
	unionOf [2]*names
	union   *names
	// entries and text are scratch that is kept for the next call.
	entries []entry
	text    []byte
	scratch []byte // for the text of the record that is put together
}

// Record returns the record that has the given key and fields. They may come in
// any order, and none twice. The names, the stamps and the kind of $deleted are
// checked; a refused one is returned as an *Error. The key is taken as it is: use
// Key.Check where it comes from somebody else.
func (b *Builder) Record(key Key, fields iter.Seq2[string, FieldValue]) (Record, error) {
	b.entries, b.text = b.entries[:0], b.text[:0]
	for name, w := range fields {
		if err := w.Check(name); err != nil {
			return Record{}, err
		}
		start := len(b.text)
		b.text = append(b.text, name...)
		from := len(b.text)
		b.text = append(b.text, w.Value.text...)
		b.entries = append(b.entries, entry{b.text[start:from], from, len(b.text), w.Stamp})
	}
	if twice := sortEntries(b.entries); twice != nil {
		return Record{}, at(PathName(string(twice)), ErrDuplicate)
	}
	return b.record(key, b.entries, b.text), nil
}

// entry is one field of a record that is being made. The text of its Value is a
// part of a longer text.
type entry struct {
	name     []byte
	from, to int
	stamp    clock.Stamp
}

// sortEntries sorts by name. It returns a name that occurs twice, or nil.
func sortEntries(entries []entry) (twice []byte) {
	if inOrder(entries) == len(entries) {
		return nil
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.name, b.name) })
	if i := inOrder(entries); i < len(entries) {
		return entries[i].name
	}
	return nil
}

// inOrder returns how many entries, from the first on, have each a greater name
// than the one before.
func inOrder(entries []entry) int {
	for i := 1; i < len(entries); i++ {
		if bytes.Compare(entries[i-1].name, entries[i].name) >= 0 {
			return i
		}
	}
	return len(entries)
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
	m := making{make([]write, len(entries)), slices.Grow(b.scratch[:0], size), 0}
	for i := range entries {
		e := &entries[i]
		m.text = append(m.text, texts[e.from:e.to]...)
		m.writes[i] = write{e.stamp, len(m.text)}
	}
	r := Record{key: key, names: b.table.shared(len(entries), func(i int) []byte { return entries[i].name })}
	b.finish(&m, &r)
	return r
}
