package lawtest

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestFoldRefusesInvalidWritesAndIsUnchanged: Fold.Write refuses an invalid write, whether or
// not the record exists. A refused write leaves the Fold unchanged.
func TestFoldRefusesInvalidWritesAndIsUnchanged(t *testing.T) {
	good := entry{table: "t", id: "1", field: "a", time: epoch, client: clients[0], value: "1"}
	tests := []struct {
		name string
		bad  func(*entry)
		want error
	}{
		{"no time", func(w *entry) { w.time = 0 }, record.ErrStamp},
		{"time before the epoch", func(w *entry) { w.time = -1 }, record.ErrStamp},
		{"no client", func(w *entry) { w.client = [16]byte{} }, record.ErrStamp},
		{"no field", func(w *entry) { w.field = "" }, record.ErrName},
		{"U+0000 in the field name", func(w *entry) { w.field = "a\x00" }, record.ErrName},
		{"field name is not UTF-8", func(w *entry) { w.field = "\xFF" }, record.ErrUTF8},
		{"deletion of $deleted", func(w *entry) { w.field, w.deleted, w.value = "$deleted", true, "" }, record.ErrType},
		{"$deleted is null", func(w *entry) { w.field, w.value = "$deleted", "null" }, record.ErrType},
		{"no table", func(w *entry) { w.table = "" }, record.ErrName},
		{"no ID", func(w *entry) { w.id = "" }, record.ErrName},
		{"ID is __proto__", func(w *entry) { w.id = "__proto__" }, record.ErrName},
	}
	life := good
	life.field, life.value = "$deleted", "true"
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bad := good
			bad.time += 5
			test.bad(&bad)
			for _, there := range []history{nil, {good}, {good, life}} {
				var fold merge.Fold
				foldAll(t, &fold, nil, there)
				change, err := fold.Write(bad.key(), bad.field, bad.fieldValue())
				require.ErrorIs(t, err, test.want)
				var typed *record.Error
				require.ErrorAs(t, err, &typed)
				require.Zero(t, change)
				require.Len(t, read(fold.Collection()), len(there))
				require.Equal(t, there.winners(), read(fold.Collection()))
				require.Equal(t, len(there.winners()) > 0, fold.Len() == 1)
			}
		})
	}
}

// TestRecordsAreEqualOnlyInAllParts: records are equal only if their keys, field names, stamps
// and values are equal.
func TestRecordsAreEqualOnlyInAllParts(t *testing.T) {
	var b record.Builder
	w := entry{table: "t", id: "1", field: "a", time: epoch, client: clients[0], value: "1"}
	r := w.record(&b)
	others := map[string]func(*entry){
		"table":  func(w *entry) { w.table = "u" },
		"ID":     func(w *entry) { w.id = "2" },
		"field":  func(w *entry) { w.field = "b" },
		"time":   func(w *entry) { w.time++ },
		"client": func(w *entry) { w.client[15]++ },
		"value":  func(w *entry) { w.value = "2" },
		"kind":   func(w *entry) { w.deleted, w.value = true, "" },
	}
	for name, change := range others {
		v := w
		change(&v)
		o := v.record(&b)
		require.False(t, r.Equal(o), name)
		require.False(t, o.Equal(r), name)
		require.False(t, merge.Collect(r).Equal(merge.Collect(o)), name)
	}
	require.True(t, r.Equal(w.record(&b)))
	require.True(t, record.Record{}.Equal(record.Record{}))
	require.False(t, r.Equal(record.New(r.Key())))
	require.False(t, merge.Collect(r).Equal(merge.Collection{}))
}

// TestRecordWithoutKeyIsMerged: a record with an invalid key, such as one that was decoded
// without its key, is merged like any other record and not lost.
func TestRecordWithoutKeyIsMerged(t *testing.T) {
	var older, newer record.Record
	require.NoError(t, older.UnmarshalJSON([]byte(`{"a":{"value":1,"updatedAt":"2026-03-02T12:00:00Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}`)))
	require.NoError(t, newer.UnmarshalJSON([]byte(`{"a":{"value":2,"updatedAt":"2026-03-02T12:01:00Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}`)))
	a, b := merge.Collect(older), merge.Collect(newer)

	require.True(t, merge.Join(a, merge.Delta(a, b)).Equal(b))
	var f merge.Fold
	f.Add(older)
	f.Add(newer)
	require.True(t, f.Collection().Equal(b))
}

// TestAddFreesLosingWrites: a Fold keeps only the winning writes of an added record, and does not
// keep the memory of its other writes.
func TestAddFreesLosingWrites(t *testing.T) {
	const size, n = 1 << 20, 32
	key := record.Key{Table: "tasks", ID: "42"}
	stamp := func(time clock.Timestamp) clock.Stamp { return clock.Stamp{Time: time, Client: clock.ClientID{1}} }
	var f merge.Fold
	_, err := f.Write(key, "text", record.FieldValue{Value: record.MustOf("last"), Stamp: stamp(1000)})
	require.NoError(t, err)

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	long := strings.Repeat("x", size)
	for i := range n {
		m, err := record.New(key).Edit(stamp(clock.Timestamp(1+i))).
			Set("text", long).Set("tags/"+strconv.Itoa(i), true).Mutation()
		require.NoError(t, err)
		f.Add(m.Data)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(n*size/4))
	r, _ := f.Collection().Get(key)
	require.Equal(t, n+1, r.Len())
}
