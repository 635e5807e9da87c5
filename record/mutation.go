package record

import (
	"maps"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// Mutation contains the changes that one author made to one record at once. It is the unit
// that is pushed, and accepted or refused as a whole.
type Mutation struct {
	// Data holds the key of the record and only the fields that were written. Without fields
	// the mutation has no effect.
	Data Record
	// Base maps a written field to the stamp of the write that its author saw there, or to the
	// zero Stamp if the author saw no write there. For a field that is not in Base, the
	// mutation does not say what its author saw. Base lets a merge distinguish an edit that
	// was lost from one that was overwritten knowingly. It may be nil.
	Base map[string]clock.Stamp
	// New says that the author created the record, after seeing none. A server that purges deleted
	// records needs New to tell a creation from a late edit; see merge.Purge.
	New bool
	// Seen is what the author had pulled from the server when the mutation was made. It explains
	// the mutation afterwards, and decides nothing. The zero Seen means that it is not known.
	Seen Seen
}

// Item is one item of a batch: a mutation, or the reason for refusing it.
type Item struct {
	Mutation Mutation
	// Err is nil or an *Error. If it is set, the Mutation holds no fields, and only those
	// parts of the key that had been read before the error.
	Err error
}

// AppendJSON appends the canonical JSON of m to dst, without a line break; a batch in JSON Lines
// needs one between two mutations:
//
//	{"table":"tasks","id":"…","data":{"title":{…},"due":{…}},"base":{"title":{"updatedAt":"…","clientId":"…"},"due":null},"new":true,"seen":{"epoch":"…","seq":7}}
//
// In the base, null says that the author saw no write of that field. Base entries for fields
// that are not in Data are left out, and so are an empty base, a New that is false, and a zero
// Seen. The key and Seen are not checked: a Decoder refuses the text of a mutation in which one
// of them is invalid.
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
	if m.New {
		dst = append(dst, `,"new":true`...)
	}
	return append(m.Seen.appendMember(dst), '}')
}

// MarshalJSON returns the canonical JSON of m, or an *Error if its key is invalid. Note that
// json.Marshal escapes <, > and & in this text.
func (m Mutation) MarshalJSON() ([]byte, error) {
	if err := m.Data.key.Check(); err != nil {
		return nil, err
	}
	return m.AppendJSON(nil), nil
}

// UnmarshalJSON sets m from its JSON, by the rules of Decoder and under its default limits.
// Use it for messages that contain a mutation. Give untrusted bytes to a Decoder directly,
// since encoding/json reads them first and has no limits. Give stored or pulled bytes to a
// trusted Decoder.
func (m *Mutation) UnmarshalJSON(text []byte) error {
	var d Decoder
	got, err := d.Mutation(text)
	if err == nil {
		*m = got
	}
	return err
}

// Restamp returns the mutations with new stamps on all their writes. Restamp calls next once
// for each mutation, in order, to get its stamp. A client restamps its outbox after its clock
// was found to be wrong and was corrected. If the base of a mutation contains the old stamp of
// an earlier mutation, the base in the result contains the new stamp. Everything else stays,
// also Seen. Invalid stamps are refused with ErrStamp.
//
// A mutation that a server may have must not get a later time: it would win over the edits made
// since. So for a new client ID, next returns the time that the mutation had, with the new ID.
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
		again[i] = Mutation{data, maps.Clone(m.Base), m.New, m.Seen}
		for name, base := range m.Base {
			if now, ok := renamed[base]; ok {
				again[i].Base[name] = now
			}
		}
	}
	return again, nil
}
