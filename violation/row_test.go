package violation_test

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// hashOf returns the SHA-256 of a tag and of parts, each preceded by its length. It is a
// second implementation, written from the specification of IDs.
func hashOf(tag string, parts ...string) []byte {
	h := sha256.New()
	h.Write([]byte(tag))
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(append(n[:], p...))
	}
	return h.Sum(nil)
}

// TestIDIsAHashOfRuleAndKey: the ID is a hash of the rule's name and the key, and of nothing
// else, so it does not depend on texts or times. The way to compute it must never change.
func TestIDIsAHashOfRuleAndKey(t *testing.T) {
	sum := hashOf("fieldlww/violation/1\n", "overlap", "bookings\x00a\x00bookings\x00b")
	want := strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
	_, v := conflict(t)
	require.Equal(t, want, v.ID)
	require.Equal(t, "lb4scs1hmpgjmt47felpmehopg", want, "the ID must stay the one of the first release")

	rule := overlapRule
	rule.Describe = func(record.Record, record.Record) string { return "another text" }
	rule.Fields, rule.Relevant = nil, true
	s := newServer(map[string]violation.Rule{"overlap": rule})
	s.push(t, book("b", by(3, 7), "D", 1, 2), book("a", by(1, 100), "D", 0, 9))
	require.Equal(t, want, s.only(t).ID)

	lock := hashOf("fieldlww/scope/1\n", "overlap", "B")
	require.Equal(t, int64(binary.BigEndian.Uint64(lock)), violation.Scope{Rule: "overlap", Name: "B"}.Lock())
}

// TestKeysAreDistinct: a pair has one key in either order, and different records have
// different keys.
func TestKeysAreDistinct(t *testing.T) {
	a, b := keyOf("t", "1"), keyOf("t", "2")
	require.Equal(t, violation.PairKey(a, b), violation.PairKey(b, a))
	keys := map[string]bool{}
	for _, k := range []string{
		violation.PairKey(a, b), violation.PairKey(a, a), violation.PairKey(keyOf("t1", "t"), keyOf("2", "x")), violation.RecordKey(a), violation.RecordKey(b),
		violation.RecordKey(keyOf("t1", "")), violation.RecordKey(keyOf("", "t1")),
	} {
		keys[k] = true
	}
	require.Len(t, keys, 7)
}

// TestRowsSurviveEncoding: a row is encoded, decoded and parsed like any other record and
// stays the same, also as JSON for clients.
func TestRowsSurviveEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := serverOf(genChecker().Draw(t, "checker"))
		s.push(t, genWrites(1, 20, true).Draw(t, "writes")...)
		for _, v := range s.violations(t) {
			var d record.Decoder
			row, err := d.Record(s.row(v.ID).Key(), s.row(v.ID).AppendJSON(nil))
			require.NoError(t, err)
			again, err := violation.Parse(row)
			require.NoError(t, err)
			require.Equal(t, v, again)
			text, err := json.Marshal(v)
			require.NoError(t, err)
			var back violation.Violation
			require.NoError(t, json.Unmarshal(text, &back))
			require.Equal(t, v, back)
		}
	})
}

// TestViolationJSONKeepsItsNames: clients rely on these names.
func TestViolationJSONKeepsItsNames(t *testing.T) {
	s, v := conflict(t)
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, `{"id": "`+v.ID+`", "type": "scheduling_conflict", "rule": "overlap", "scope": "B",
		"table": "bookings", "recordId": "b", "conflictingTable": "bookings", "conflictingRecords": ["a"],
		"description": "conflicts with another record at the same time", "total": 1,
		"detectedAt": "2026-03-02T12:00:00.002000000Z", "evidence": "`+v.Evidence+`", "status": "open",
		"acknowledged": false, "dismissed": false}`, string(text))
	row := s.row(v.ID)
	for name, w := range row.All() {
		require.Equal(t, by(2, 2), w.Stamp, "%s must have the greatest stamp of the evidence", name)
	}
	single := alone(doneRule)
	single.push(t, write("tasks", "a", by(1, 1), fields{"done": true}))
	text, err = json.Marshal(single.only(t))
	require.NoError(t, err)
	require.Contains(t, string(text), `"conflictingRecords":[]`)
}

func TestParseRefusesOtherRecords(t *testing.T) {
	s, v := conflict(t)
	row := s.row(v.ID)
	change := func(name string, value any) record.Record {
		var b record.Builder
		r, err := b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
			for n, w := range row.All() {
				if n == name {
					w.Value = record.MustOf(value)
				}
				if !yield(n, w) {
					return
				}
			}
		})
		require.NoError(t, err)
		return r
	}
	for name, value := range map[string]any{
		"rule": 1, "status": record.Deletion(), "conflictingRecords": "a", "detectedAt": "yesterday",
	} {
		_, err := violation.Parse(change(name, value))
		require.ErrorIs(t, err, violation.ErrRow, name)
	}
	for _, r := range []record.Record{{}, record.New(row.Key()), book("a", by(1, 1), "B", 1, 2), says(v.ID, 1, 1, fields{"note": "x"})} {
		_, err := violation.Parse(r)
		require.ErrorIs(t, err, violation.ErrRow)
	}
	bad := alone(returning(func(f *violation.Finding) { f.RelevantUntil = noon }))
	bad.push(t, book("a", by(1, 1), "B", 1, 2))
	row = bad.row(bad.only(t).ID)
	_, err := violation.Parse(change("relevantUntil", "soon"))
	require.ErrorIs(t, err, violation.ErrRow)
	// A malformed row is left alone, and other rows are still checked.
	s.store(s.join([]record.Record{write(violation.DefaultTable, "odd", by(1, 1), fields{"scope": "overlap/B", "note": "x"})}))
	require.NoError(t, s.push(t, book("a", by(1, 8), "C", 1, 2)).Err)
}
