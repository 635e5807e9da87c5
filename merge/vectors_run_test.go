package merge_test

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// vectorKey is the key of records in sections without keys.
var vectorKey = record.Key{Table: "t", ID: "i"}

func readVectorValue(t *testing.T, text vectorText) record.Value {
	t.Helper()
	value, err := record.ParseValue(text)
	require.NoError(t, err)
	return value
}

func readVectorRecord(t *testing.T, key record.Key, text vectorText) record.Record {
	t.Helper()
	r, err := new(record.Decoder).Record(key, text)
	require.NoError(t, err)
	return r
}

func readVectorWrite(t *testing.T, text vectorText) record.FieldValue {
	t.Helper()
	var w record.FieldValue
	require.NoError(t, w.UnmarshalJSON(text))
	return w
}

func vectorTime(t *testing.T, v vector) {
	time, err := clock.ParseTimestamp(string(v.In))
	if v.Refused != nil {
		require.Equal(t, "stamp", *v.Refused)
		require.Error(t, err)
		require.Zero(t, time)
		return
	}
	require.NoError(t, err)
	require.Equal(t, *v.Text, time.String())
	require.Equal(t, *v.NS, strconv.FormatInt(int64(time), 10))
	again, err := clock.ParseTimestamp(*v.Text)
	require.NoError(t, err)
	require.Equal(t, time, again)
}

func vectorClient(t *testing.T, v vector) {
	client, err := clock.ParseClientID(string(v.In))
	if v.Refused != nil {
		require.Equal(t, "client", *v.Refused)
		require.Error(t, err)
		require.Zero(t, client)
		return
	}
	require.NoError(t, err)
	require.Equal(t, *v.Text, client.String())
}

// vectorAscends compares all pairs, in both orders, and each item with itself.
func vectorAscends[T any](t *testing.T, items []T, compare func(a, b T) int) {
	t.Helper()
	require.Greater(t, len(items), 1)
	for i, a := range items {
		for j, b := range items {
			require.Equal(t, cmp.Compare(i, j), compare(a, b), "items %d and %d", i, j)
		}
	}
}

// vectorStamped returns a write with the given stamp, to compare whole writes.
func vectorStamped(time clock.Timestamp, client clock.ClientID) record.FieldValue {
	return record.FieldValue{Value: record.Int(0), Stamp: clock.Stamp{Time: time, Client: client}}
}

func vectorTimeOrder(t *testing.T, v vector) {
	var times []clock.Timestamp
	var texts []string
	var writes []record.FieldValue
	for _, text := range v.Ascending {
		time, err := clock.ParseTimestamp(string(text))
		require.NoError(t, err)
		times, texts, writes = append(times, time), append(texts, time.String()), append(writes, vectorStamped(time, clock.ClientID{5}))
	}
	vectorAscends(t, times, clock.Timestamp.Compare)
	vectorAscends(t, texts, strings.Compare)
	vectorAscends(t, writes, record.FieldValue.Compare)
}

func vectorClientOrder(t *testing.T, v vector) {
	var clients []clock.ClientID
	var texts []string
	var writes []record.FieldValue
	for _, text := range v.Ascending {
		client, err := clock.ParseClientID(string(text))
		require.NoError(t, err)
		clients, texts, writes = append(clients, client), append(texts, client.String()), append(writes, vectorStamped(1, client))
	}
	vectorAscends(t, clients, clock.ClientID.Compare)
	vectorAscends(t, texts, strings.Compare)
	vectorAscends(t, writes, record.FieldValue.Compare)
}

func vectorValue(t *testing.T, v vector) {
	value, err := record.ParseValue(v.In)
	if v.refusedAs(t, err) {
		require.Zero(t, value)
		return
	}
	require.Equal(t, string(v.Canonical), value.JSON())
	require.Equal(t, value, readVectorValue(t, v.Canonical))
}

func vectorValueOrder(t *testing.T, v vector) {
	var values []record.Value
	var texts []string
	for _, text := range v.Ascending {
		value := readVectorValue(t, text)
		values, texts = append(values, value), append(texts, value.JSON())
	}
	vectorAscends(t, values, record.Value.Compare)
	vectorAscends(t, texts, strings.Compare)
}

func vectorEqual(t *testing.T, v vector) {
	require.Greater(t, len(v.Same), 1)
	for _, text := range v.Same {
		require.Equal(t, readVectorValue(t, v.Same[0]), readVectorValue(t, text), "%s", text)
	}
}

func vectorDifferent(t *testing.T, v vector) {
	seen := map[record.Value]bool{}
	for _, text := range v.Values {
		seen[readVectorValue(t, text)] = true
	}
	require.Greater(t, len(seen), 1)
	require.Len(t, seen, len(v.Values))
}

func vectorTie(t *testing.T, v vector) {
	a, b := readVectorWrite(t, v.A), readVectorWrite(t, v.B)
	order, ok := map[string]int{"a": 1, "b": -1, "both": 0}[*v.Winner]
	require.True(t, ok, *v.Winner)
	require.Equal(t, order, a.Compare(b))
	require.Equal(t, -order, b.Compare(a))
	require.Equal(t, *v.Step, vectorStep(a, b))

	won := a
	if order < 0 {
		won = b
	}
	var builder record.Builder
	for _, pair := range [][2]record.FieldValue{{a, b}, {b, a}} {
		x, errX := builder.Record(vectorKey, maps.All(map[string]record.FieldValue{"f": pair[0]}))
		y, errY := builder.Record(vectorKey, maps.All(map[string]record.FieldValue{"f": pair[1]}))
		joined, err := merge.Records(x, y)
		require.NoError(t, cmp.Or(errX, errY, err))
		got, _ := joined.Get("f")
		require.Equal(t, won, got)
		for _, change := range merge.Changes(x, y) {
			require.Equal(t, won, change.Winner())
			require.Equal(t, *v.Step == "kind" || *v.Step == "value", change.Outcome == merge.Collision)
			require.Equal(t, *v.Step == "equal", change.Outcome == merge.Equal)
		}
	}
}

// vectorStep returns the first step of the rule at which two writes differ.
func vectorStep(a, b record.FieldValue) string {
	switch {
	case a.Stamp.Time != b.Stamp.Time:
		return "time"
	case a.Stamp.Client != b.Stamp.Client:
		return "client"
	case a.Deleted() != b.Deleted():
		return "kind"
	case a.Value != b.Value:
		return "value"
	}
	return "equal"
}

func vectorField(t *testing.T, v vector) {
	var w record.FieldValue
	err := w.UnmarshalJSON(v.In)
	asField := append(append([]byte(`{"f":`), v.In...), '}')
	r, errRecord := new(record.Decoder).Record(vectorKey, asField)
	if v.refusedAs(t, err) {
		require.True(t, v.refusedAs(t, errRecord), "a record with this field must be refused too")
		require.Zero(t, w)
		return
	}
	require.NoError(t, errRecord)
	require.Equal(t, *v.Kind, w.Value.Kind().String())
	require.Equal(t, string(v.Canonical), string(w.AppendJSON(nil)))
	require.Equal(t, w, readVectorWrite(t, v.Canonical))
	got, _ := r.Get("f")
	require.Equal(t, w, got)
}

func vectorApart(t *testing.T, v vector) {
	w, ok := readVectorRecord(t, vectorKey, v.Record).Get(*v.Field)
	if *v.Kind == "absent" {
		require.False(t, ok)
		return
	}
	require.True(t, ok)
	require.Equal(t, *v.Kind, w.Value.Kind().String())
	require.Equal(t, v.Value == nil, w.Deleted())
	if v.Value != nil {
		require.Equal(t, *v.Value, w.Value.JSON())
	}
}

func vectorRead(t *testing.T, v vector) {
	r, err := new(record.Decoder).Record(vectorKey, v.In)
	if v.refusedAs(t, err) {
		require.Zero(t, r)
		return
	}
	require.Equal(t, string(v.Canonical), string(r.AppendJSON(nil)))
	require.True(t, r.Equal(readVectorRecord(t, vectorKey, v.Canonical)))
	require.Equal(t, *v.Deleted, r.Deleted())
}

// key returns the key of the records of v.
func (v vector) key() record.Key {
	if v.Table == nil {
		return vectorKey
	}
	return record.Key{Table: *v.Table, ID: *v.ID}
}

// joins requires that joining x and y gives the record and digest that v expects.
func (v vector) joins(t *testing.T, x, y record.Record) record.Record {
	t.Helper()
	joined, err := merge.Records(x, y)
	require.NoError(t, err)
	require.Equal(t, string(v.Want), string(joined.AppendJSON(nil)))
	if v.Digest != nil {
		require.Equal(t, *v.Digest, merge.DigestOf(joined).String())
		require.Equal(t, *v.Digest, merge.Collect(x, y).Digest().String())
	}
	return joined
}

func vectorJoin(t *testing.T, v vector) {
	a, b := readVectorRecord(t, v.key(), v.A), readVectorRecord(t, v.key(), v.B)
	joined := v.joins(t, a, b)
	v.joins(t, b, a)
	v.joins(t, joined, a)
	v.joins(t, b, joined)
	if v.Deleted != nil {
		require.Equal(t, *v.Deleted, joined.Deleted())
	}
}

func vectorFold(t *testing.T, v vector) {
	require.Greater(t, len(v.Records), 2)
	for _, order := range orders(len(v.Records)) {
		var fold merge.Fold
		left, right := record.New(v.key()), record.New(v.key())
		for i := range order {
			first := readVectorRecord(t, v.key(), v.Records[order[i]].Record)
			last := readVectorRecord(t, v.key(), v.Records[order[len(order)-1-i]].Record)
			var err error
			left, err = merge.Records(left, first)
			require.NoError(t, err)
			right, err = merge.Records(last, right)
			require.NoError(t, err)
			fold.Add(first)
		}
		v.joins(t, left, right)
		require.Equal(t, *v.Digest, fold.Collection().Digest().String())
		require.True(t, left.Equal(right))
	}
}

// orders returns all permutations of 0 to n-1. It inserts n-1 at each place of each shorter
// permutation.
func orders(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, shorter := range orders(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return all
}

func vectorDigest(t *testing.T, v vector) {
	var records []record.Record
	var sum merge.Digest
	for _, part := range v.Records {
		r := readVectorRecord(t, record.Key{Table: part.Table, ID: part.ID}, part.Record)
		records, sum = append(records, r), sum.Add(merge.DigestOf(r))
	}
	require.Equal(t, *v.Digest, sum.String())
	require.Equal(t, *v.Digest, merge.Collect(records...).Digest().String())
}

// vectorName tries a name as a field, as a table, as an ID, and in record.Key.Check.
func vectorName(t *testing.T, v vector) {
	const stamp = `"updatedAt":"2026-11-22T16:57:17.123Z","clientId":"7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"`
	name := string(v.In)
	quoted := "\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\x00", `\u0000`, "\x01", `\u0001`, "\n", `\n`).Replace(name) + "\""
	d := new(record.Decoder)
	_, asField := d.Record(vectorKey, []byte(`{`+quoted+`:{"value":true,`+stamp+`}}`))
	_, asTable := d.Mutation([]byte(`{"table":` + quoted + `,"id":"i","data":{}}`))
	_, asID := d.Mutation([]byte(`{"table":"t","id":` + quoted + `,"data":{}}`))
	asKey := record.Key{Table: name, ID: name}.Check()
	for _, err := range []error{asField, asTable, asID, asKey} {
		v.refusedAs(t, err)
	}
	if v.Refused == nil {
		require.Len(t, name, *v.Bytes)
	}
}

func vectorPurge(t *testing.T, v vector) {
	var d record.Decoder
	r, err := d.Record(record.Key{Table: "tasks", ID: "1"}, v.In)
	require.NoError(t, err)
	fence := clock.MustParseTimestamp(*v.Fence)
	first, second := merge.Purge(r, fence, 1), merge.Purge(r, fence, 2)
	require.Equal(t, string(v.Level1), string(first.AppendJSON(nil)))
	require.Equal(t, string(v.Level2), string(second.AppendJSON(nil)))
	require.True(t, second.Equal(merge.Purge(first, fence, 2)), "level 1 purged at level 2")
	require.Equal(t, *v.Digest, merge.DigestOf(second).String())
}

func vectorErase(t *testing.T, v vector) {
	var d record.Decoder
	r, err := d.Record(record.Key{Table: "tasks", ID: "1"}, v.In)
	require.NoError(t, err)
	at := clock.Stamp{Client: clock.MustParseClientID(*v.Client)}
	if v.At != nil {
		at.Time = clock.MustParseTimestamp(*v.At)
	}
	erased, err := merge.Erase(r, at)
	require.NoError(t, err)
	require.Equal(t, string(v.Want), string(erased.AppendJSON(nil)))
	again, err := merge.Erase(erased, at)
	require.NoError(t, err)
	require.True(t, again.Equal(erased), "erased twice")
}
