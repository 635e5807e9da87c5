package mergetest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// spellings maps each write to the spelling in which its client ID arrived.
type spellings map[record.FieldValue]string

// note remembers the spellings of a batch, and returns the batch.
func (s spellings) note(batch []byte) []byte {
	var items []struct{ Data map[string]json.RawMessage }
	if json.Unmarshal(batch, &items) != nil {
		return batch
	}
	for _, it := range items {
		for _, raw := range it.Data {
			var v record.FieldValue
			var spelled struct{ ClientID string }
			if v.UnmarshalJSON(raw) == nil && json.Unmarshal(raw, &spelled) == nil && s[v] == "" {
				s[v] = spelled.ClientID
			}
		}
	}
	return batch
}

// of returns the spelling of a write's client ID, or the canonical spelling for an unknown write.
func (s spellings) of(v record.FieldValue) string {
	if text, ok := s[v]; ok {
		return text
	}
	return v.Stamp.Client.String()
}

// casing returns a backend that compares client IDs at equal times as text, after a conversion of
// their spellings.
func casing(as func(came string) string) newBackend {
	return func(env *Env) (Backend, error) {
		came := spellings{}
		return with(quirks{batch: came.note, wins: func(old, in record.FieldValue) bool {
			if old.Stamp.Time != in.Stamp.Time || old.Stamp.Client == in.Stamp.Client {
				return rightly(old, in)
			}
			return as(came.of(in)) > as(came.of(old))
		}})(env)
	}
}

// lettersFirst maps letters below digits, as EBCDIC and some collations order them.
func lettersFirst(text string) string {
	return strings.NewReplacer("a", "!", "b", "\"", "c", "#", "d", "$", "e", "%", "f", "&").Replace(strings.ToLower(text))
}

// TestClientIDsComparedAsTextAreFound checks that a comparison of client IDs by their spelling is found within
// twenty seeds.
func TestClientIDsComparedAsTextAreFound(t *testing.T) {
	skipShort(t)
	checkAll(t, []broken{
		{"client IDs compared in the spelling that arrived", casing(func(came string) string { return came }), []law.Law{law.Client}},
		{"client IDs compared with letters before digits", casing(lettersFirst), []law.Law{law.Client}},
		{"client IDs compared with the last groups first", casing(func(came string) string {
			came = strings.ToLower(came)
			return came[19:] + came[:19]
		}), []law.Law{law.Client}},
	}, func(t *testing.T, b broken) {
		for first := range rounds(6) {
			b.check(t, Options{Seeds: 20, First: 100 * first})
		}
	})
}
