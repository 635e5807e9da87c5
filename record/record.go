package record

import (
	"iter"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// Record holds the key of one thing and its fields, each as the write that set it. A Record
// is an immutable value: copies share memory, and no later operation changes it. Any number
// of goroutines may read it. A Record without fields represents no record; it is the neutral
// element of a join. The zero Record has no key either.
//
// Fields are sorted by the bytes of their names. A deleted field is still present, as a
// tombstone, and so are all fields of a deleted record.
type Record struct {
	key    Key
	names  *names
	writes []write // one for each name
	// text is the concatenation of the texts of all values. Texts in one piece are compared,
	// copied and freed together, and cost no pointers.
	text string
}

// write is the part of a FieldValue that has a fixed size.
type write struct {
	stamp clock.Stamp
	// end is where the text of the value ends in Record.text. The text begins at the end of
	// the previous one.
	end int
}

// start returns where the text of the Value at position i begins.
func (r *Record) start(i int) int {
	if i == 0 {
		return 0
	}
	return r.writes[i-1].end
}

// value returns the text of the Value at position i.
func (r *Record) value(i int) string { return r.text[r.start(i):r.writes[i].end] }

// field returns the write at position i.
func (r *Record) field(i int) FieldValue {
	return FieldValue{Value{r.value(i)}, r.writes[i].stamp}
}

// nameList returns the names of the fields of r.
func (r Record) nameList() []string {
	if r.names == nil {
		return nil
	}
	return r.names.list
}

// New returns a Record with a key and no fields.
func New(key Key) Record { return Record{key: key} }

// Key returns the key of r.
func (r Record) Key() Key { return r.key }

// WithKey returns a Record with the fields of r and another key.
func (r Record) WithKey(key Key) Record {
	r.key = key
	return r
}

// Len returns the number of fields, tombstones included.
func (r Record) Len() int { return len(r.writes) }

// At returns the field at position i in the order of names. It panics if i is out of
// range, like indexing a slice.
func (r Record) At(i int) (name string, w FieldValue) {
	return r.names.list[i], r.field(i)
}

// Get returns the write of the named field, and reports whether there is one. For a deleted
// field it returns the tombstone.
func (r Record) Get(name string) (FieldValue, bool) {
	i, ok := slices.BinarySearch(r.nameList(), name)
	if !ok {
		return FieldValue{}, false
	}
	return r.field(i), true
}

// All returns the fields in the order of their names.
func (r Record) All() iter.Seq2[string, FieldValue] {
	return func(yield func(string, FieldValue) bool) {
		for i, name := range r.nameList() {
			if !yield(name, r.field(i)) {
				return
			}
		}
	}
}

// Map returns the fields of r as the Go values that Value.Any returns. It leaves out deleted
// fields and fields whose names begin with $. It does not check whether the record as a whole
// is deleted. The caller owns the map.
func (r Record) Map() map[string]any {
	m := make(map[string]any, r.Len())
	for name, w := range r.All() {
		if !w.Deleted() && !Reserved(name) {
			m[name] = w.Value.Any()
		}
	}
	return m
}

// Deleted reports whether the record as a whole is deleted: whether its field $deleted is
// true. A field write that is newer than the deletion does not revive the record; only a
// newer write of false to $deleted does.
func (r Record) Deleted() bool {
	w, _ := r.Get(DeletedField)
	deleted, _ := w.Value.Bool()
	return deleted
}

// Erased reports whether the record was erased: whether its fields $deleted and $erased are both
// true. Erasing is an act of a server: see merge.Erase.
func (r Record) Erased() bool {
	w, _ := r.Get(ErasedField)
	erased, _ := w.Value.Bool()
	return erased && r.Deleted()
}

// Equal reports whether r and o have the same key and the same writes.
func (r Record) Equal(o Record) bool {
	return r.key == o.key && r.text == o.text && slices.Equal(r.writes, o.writes) && slices.Equal(r.nameList(), o.nameList())
}

// AppendJSON appends the canonical JSON of the fields of r to dst: an object that maps names
// to FieldValues. The key is not part of the object.
func (r Record) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i, name := range r.nameList() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendQuoted(dst, name), ':')
		dst = r.field(i).AppendJSON(dst)
	}
	return append(dst, '}')
}

// MarshalJSON returns the canonical JSON of the fields of r. Note that json.Marshal escapes
// <, > and & in this text.
func (r Record) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }

// UnmarshalJSON sets the fields of r from untrusted JSON, by the rules of Decoder and under
// its default limits. It therefore refuses stored records that have grown beyond these limits:
// read them with a trusted Decoder or Scan. The key of r does not change.
func (r *Record) UnmarshalJSON(text []byte) error {
	var d Decoder
	got, err := d.Record(r.key, text)
	if err == nil {
		*r = got
	}
	return err
}

// String returns the key and the JSON of the fields, for logs and tests.
func (r Record) String() string {
	var b strings.Builder
	b.WriteString(r.key.String())
	b.WriteByte(' ')
	b.Write(r.AppendJSON(nil))
	return b.String()
}
