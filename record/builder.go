package record

import (
	"bytes"
	"iter"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// Builder makes records from fields and from other records. Records that one Builder makes
// share their list of field names if they have the same names. They share nothing else, so an
// unused record can be freed.
//
// The zero Builder is ready to use. It must not be used from two goroutines at once, nor
// copied after its first use; the records that it makes have neither restriction.
type Builder struct {
	table nameTable
	// alike are the last two lists of names that were found to be equal, and union is the
	// union of the last two lists that were united. Joining many similar records one after
	// another asks for the same two lists each time.
	alike   [2]*names
	unionOf [2]*names
	union   *names
	// entries and text are scratch memory that is kept for the next call.
	entries []entry
	text    []byte
	scratch []byte // for the text of the record under construction
}

// Record returns the record with the given key and fields. The fields may come in any order,
// but each name only once. The names, the stamps and the kind of $deleted are checked; Record
// returns an *Error for an invalid one. The key is not checked: call Key.Check on a key from
// an untrusted source.
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

// entry is one field of a record under construction. The text of its Value lies between the
// offsets from and to of a longer text.
type entry struct {
	name     []byte
	from, to int
	stamp    clock.Stamp
}

// sortEntries sorts entries by name. It returns a name that occurs twice, or nil.
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

// inOrder returns the length of the longest prefix in which each entry has a greater name
// than the one before.
func inOrder(entries []entry) int {
	for i := 1; i < len(entries); i++ {
		if bytes.Compare(entries[i-1].name, entries[i].name) >= 0 {
			return i
		}
	}
	return len(entries)
}

// record makes a record from entries that have been checked and sorted.
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
