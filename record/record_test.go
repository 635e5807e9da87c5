package record_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Two authors. In the order of client IDs, ana comes before ben.
var (
	ana = clock.MustParseClientID("0a3c1d52-88f4-4c36-9f0e-5d2b7b1e6a01")
	ben = clock.MustParseClientID("7be0f1c9-2b55-4f6e-8c7d-90aa34c1d202")
)

var milkKey = record.Key{Table: "tasks", ID: "milk"}

// stampOf returns the stamp of a client in the given millisecond of the test day.
func stampOf(ms int, client clock.ClientID) clock.Stamp {
	day := clock.MustParseTimestamp("2026-11-22T16:00:00Z")
	return clock.Stamp{Time: day + clock.Timestamp(ms)*1_000_000, Client: client}
}

// write returns the write of a Go value by ana.
func write(v any, ms int) record.FieldValue {
	return record.FieldValue{Value: record.MustOf(v), Stamp: stampOf(ms, ana)}
}

// taskOf returns the record with the key milkKey and the given fields.
func taskOf(t testing.TB, fields map[string]record.FieldValue) record.Record {
	t.Helper()
	var b record.Builder
	r, err := b.Record(milkKey, maps.All(fields))
	require.NoError(t, err)
	return r
}

func TestRecordReturnsItsFieldsInOrder(t *testing.T) {
	r := taskOf(t, map[string]record.FieldValue{
		"title": write("Milk", 1),
		"done":  write(record.Deletion(), 2),
		"due":   write(nil, 3),
	})
	require.Equal(t, 3, r.Len())
	require.Equal(t, milkKey, r.Key())

	var names []string
	for name, w := range r.All() {
		at, atWrite := r.At(len(names))
		got, ok := r.Get(name)
		require.True(t, ok)
		require.Equal(t, name, at)
		require.Equal(t, w, atWrite)
		require.Equal(t, w, got)
		names = append(names, name)
	}
	require.Equal(t, []string{"done", "due", "title"}, names)

	for range r.All() {
		break // panics if the iterator continues after this
	}
	for _, absent := range []string{"", "a", "dona", "donf", "zzz"} {
		w, ok := r.Get(absent)
		require.False(t, ok, absent)
		require.Zero(t, w)
	}
	require.Panics(t, func() { r.At(3) })
}

func TestRecordWithoutFieldsIsEmpty(t *testing.T) {
	for _, r := range []record.Record{{}, record.New(milkKey)} {
		require.Zero(t, r.Len())
		_, ok := r.Get("title")
		require.False(t, ok)
		for range r.All() {
			t.Fatal("a record without fields yields a field")
		}
		require.False(t, r.Deleted())
		require.Equal(t, "{}", string(r.AppendJSON(nil)))
		require.Equal(t, map[string]any{}, r.Map())
	}
	require.True(t, record.Record{}.Equal(record.New(record.Key{})))
}

func TestOnlyTheDeletedFieldDeletesARecord(t *testing.T) {
	for name, want := range map[string]bool{"true": true, "false": false} {
		r := taskOf(t, map[string]record.FieldValue{
			record.DeletedField: {Value: record.MustOf(json.RawMessage(name)), Stamp: stampOf(1, ana)},
			"title":             write("newer", 2),
		})
		require.Equal(t, want, r.Deleted(), "a newer field write must not revive the record")
	}
	require.False(t, taskOf(t, map[string]record.FieldValue{"deleted": write(true, 1)}).Deleted())
}

func TestEqualComparesKeyAndWrites(t *testing.T) {
	fields := map[string]record.FieldValue{"a": write(1, 1), "b": write(2, 2)}
	r := taskOf(t, fields)
	require.True(t, r.Equal(taskOf(t, fields)), "records from two builders must be equal")
	require.True(t, r.Equal(r.WithKey(record.Key{Table: "x", ID: "y"}).WithKey(milkKey)))

	require.False(t, r.Equal(r.WithKey(record.Key{Table: "tasks", ID: "tea"})))
	require.False(t, r.Equal(record.New(milkKey)))
	for _, other := range []map[string]record.FieldValue{
		{"a": write(1, 1)},
		{"a": write(1, 1), "c": write(2, 2)},
		{"a": write(1, 1), "b": write(3, 2)},
		{"a": write(1, 1), "b": write(2, 3)},
		{"a": write(1, 1), "b": {Value: record.Int(2), Stamp: stampOf(2, ben)}},
		{"a": write(1, 1), "b": write(2, 2), "c": write(3, 3)},
	} {
		require.False(t, r.Equal(taskOf(t, other)), other)
		require.False(t, taskOf(t, other).Equal(r), other)
	}
}

func TestRecordWithKeyLeavesTheOriginal(t *testing.T) {
	r := taskOf(t, map[string]record.FieldValue{"a": write(1, 1)})
	moved := r.WithKey(record.Key{Table: "done", ID: "milk"})
	require.Equal(t, milkKey, r.Key())
	require.Equal(t, record.Key{Table: "done", ID: "milk"}, moved.Key())
	require.Equal(t, string(r.AppendJSON(nil)), string(moved.AppendJSON(nil)))
}

// A caller cannot change a record through the values that it passed in or got out.
func TestRecordIsImmutable(t *testing.T) {
	fields := map[string]record.FieldValue{"a": write(1, 1), "tags": write([]string{"x", "y"}, 2)}
	r := taskOf(t, fields)
	want := string(r.AppendJSON(nil))

	fields["a"] = write(9, 9)
	delete(fields, "tags")
	out := r.Map()
	out["tags"].([]any)[0] = "z"
	out["b"] = 1
	text := r.AppendJSON(nil)
	for i := range text {
		text[i] = '!'
	}
	_, err := r.Edit(stampOf(5, ben)).Set("a", 2).Delete("tags").DeleteRecord().Mutation()
	require.NoError(t, err)
	var b record.Builder
	_, changed, err := b.Join(r, taskOf(t, map[string]record.FieldValue{"a": write(3, 7)}))
	require.NoError(t, err)
	require.True(t, changed)
	_, changed, err = b.Join(r, taskOf(t, map[string]record.FieldValue{"a": write(3, 7), "tags": write(nil, 8)}))
	require.NoError(t, err)
	require.True(t, changed)

	require.Equal(t, want, string(r.AppendJSON(nil)))
}

func TestRecordJSONIsCanonicalAndReadsBack(t *testing.T) {
	r := taskOf(t, map[string]record.FieldValue{
		"z":    write("<b>\u2028", 1),
		"a\"b": write(record.Deletion(), 2),
		"é":    write(nil, 3),
	})
	const ana = `"clientId":"0a3c1d52-88f4-4c36-9f0e-5d2b7b1e6a01"`
	want := `{"a\"b":{"deleted":true,"updatedAt":"2026-11-22T16:00:00.002000000Z",` + ana +
		`},"z":{"value":"<b>` + "\u2028" + `","updatedAt":"2026-11-22T16:00:00.001000000Z",` + ana +
		`},"é":{"value":null,"updatedAt":"2026-11-22T16:00:00.003000000Z",` + ana + `}}`
	require.Equal(t, want, string(r.AppendJSON(nil)))
	require.Equal(t, "prefix"+want, string(r.AppendJSON([]byte("prefix"))))
	require.Equal(t, "tasks/milk "+want, r.String())
	text, err := r.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, want, string(text))

	got := record.New(milkKey)
	require.NoError(t, got.UnmarshalJSON([]byte(want)))
	require.True(t, r.Equal(got), "the key must not change")

	// encoding/json escapes the output of MarshalJSON. The escaped text can be read back too.
	escaped, err := json.Marshal(r)
	require.NoError(t, err)
	require.NotEqual(t, want, string(escaped))
	again := record.New(milkKey)
	require.NoError(t, json.Unmarshal(escaped, &again))
	require.True(t, r.Equal(again))

	require.ErrorIs(t, got.UnmarshalJSON([]byte(`{"z":{"value":1}}`)), record.ErrMissing)
	require.True(t, r.Equal(got), "a refused text must not change the record")
}

func TestMapOmitsDeletedAndReservedFields(t *testing.T) {
	r := taskOf(t, map[string]record.FieldValue{
		"big":               write(int64(1)<<53+1, 1),
		"due":               write(nil, 2),
		"gone":              write(record.Deletion(), 3),
		"meta":              write(map[string]any{"n": int64(1)<<53 + 1, "f": 0.5}, 4),
		record.DeletedField: write(true, 5),
	})
	require.Equal(t, map[string]any{
		"big":  int64(9007199254740993),
		"due":  nil,
		"meta": map[string]any{"n": int64(9007199254740993), "f": 0.5},
	}, r.Map())
	require.Equal(t, []string{"big", "due", "meta"}, slices.Sorted(maps.Keys(r.Map())))
}
