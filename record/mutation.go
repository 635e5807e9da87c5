package record

import (
	"maps"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// Mutation is what one author did to one record at once: the unit that is
// pushed, and accepted or refused as a whole.
type Mutation struct {
	// Data holds the key of the record and the fields that were written, and
	// only those. Without fields the mutation has no effect.
	Data Record
	// Base tells for a written field which write its author saw there: its
	// stamp, or the zero Stamp if the author saw that there was none. A field
	// that is not in Base makes no claim. Base is what lets a merge tell an edit
	// that was lost from one that was overwritten knowingly; it may be nil.
	Base map[string]clock.Stamp
}

// Item is one item of a batch: a mutation, or the reason why it is refused.
type Item struct {
	Mutation Mutation
	// Err is an *Error. The Mutation then holds the key, as far as it was read,
	// and no fields.
	Err error
}

// AppendJSON appends the canonical JSON of m to dst:
//
//	{"table":"tasks","id":"…","data":{"title":{…},"due":{…}},"base":{"title":{"updatedAt":"…","clientId":"…"},"due":null}}
//
// In the base, null says that the author saw no write there. Entries for fields that are
// not in Data are left out, and so is a base without entries. The key is not checked: a
// Decoder refuses the text of a mutation whose key is invalid.
func (m Mutation) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"table":`...)
	dst = jsontext.AppendQuoted(dst, m.Data.key.Table)
	dst = append(dst, `,"id":`...)
	dst = jsontext.AppendQuoted(dst, m.Data.key.ID)
	dst = append(dst, `,"data":`...)
	dst = m.Data.AppendJSON(dst)
	sep := `,"base":{`
	for _, name := range m.Data.nameList() {
		s, ok := m.Base[name]
		if !ok {
			continue
		}
		dst = append(dst, sep...)
		sep = ","
		dst = append(jsontext.AppendQuoted(dst, name), ':')
		if s.IsZero() {
			dst = append(dst, "null"...)
		} else {
			dst = append(appendStamp(append(dst, '{'), s), '}')
		}
	}
	if sep == "," {
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// MarshalJSON returns the canonical JSON of m, and an *Error if its key is not
// valid. Mind that json.Marshal escapes <, > and & in what this returns.
func (m Mutation) MarshalJSON() ([]byte, error) {
	if err := m.Data.key.Check(); err != nil {
		return nil, err
	}
	return m.AppendJSON(nil), nil
}

// UnmarshalJSON sets m from its JSON, by the rules of Decoder and under its default
// limits. It is there for messages that hold a mutation. Give untrusted bytes to a
// Decoder directly, since encoding/json reads them first and has no limits, and what
// was stored or pulled to a trusted one.
func (m *Mutation) UnmarshalJSON(text []byte) error {
	var d Decoder
	got, err := d.Mutation(text)
	if err == nil {
		*m = got
	}
	return err
}

// Restamp returns the mutations with all their writes stamped anew, in their order,
// each with the next stamp that next returns: what a client does with its outbox after
// its clock was found to be wrong and corrected. Where the base of one names a stamp that
// another one had, it names the new one now. It refuses stamps that are not valid with
// ErrStamp.
func Restamp(mutations []Mutation, next func() clock.Stamp) ([]Mutation, error) {
	var b Builder
	again := make([]Mutation, len(mutations))
	renamed := make(map[clock.Stamp]clock.Stamp)
	for i, m := range mutations {
		at := next()
		data, err := b.Record(m.Data.key, func(yield func(string, FieldValue) bool) {
			for name, w := range m.Data.All() {
				renamed[w.Stamp] = at
				w.Stamp = at
				if !yield(name, w) {
					return
				}
			}
		})
		if err != nil {
			return nil, err
		}
		again[i] = Mutation{data, maps.Clone(m.Base)}
		for name, base := range m.Base {
			if now, ok := renamed[base]; ok {
				again[i].Base[name] = now
			}
		}
	}
	return again, nil
}
