package mergetest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// spellings has, for each write, how its client ID was spelled when it came.
type spellings map[record.FieldValue]string

// note reads a batch.
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

// of returns how the client ID of a write was spelled, and the canonical spelling if it never came.
func (s spellings) of(v record.FieldValue) string {
	if text, ok := s[v]; ok {
		return text
	}
	return v.Stamp.Client.String()
}

// casing is a backend that compares client IDs at equal times as texts of some form.
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

// lettersFirst is how EBCDIC, and some collations, order letters and digits.
func lettersFirst(text string) string {
	return strings.NewReplacer("a", "!", "b", "\"", "c", "#", "d", "$", "e", "%", "f", "&").Replace(strings.ToLower(text))
}

// TestTieBreaksByText: client IDs that are compared by a spelling are found within twenty seeds.
func TestTieBreaksByText(t *testing.T) {
	skipShort(t)
	checkAll(t, []broken{
		{"as it came", casing(func(came string) string { return came }), []law.Law{law.Client}},
		{"letters before digits", casing(lettersFirst), []law.Law{law.Client}},
		{"without the hyphens, from the end", casing(func(came string) string {
			came = strings.ToLower(came)
			return came[19:] + came[:19]
		}), []law.Law{law.Client}},
	}, func(t *testing.T, b broken) {
		for first := range rounds(6) {
			b.check(t, Options{Seeds: 20, First: 100 * first})
		}
	})
}
