package recipes

import (
	"fmt"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

const noon = clock.Timestamp(1772452800_000_000_000) // 2026-03-02T12:00:00Z

// write returns the write of one field.
func write(key record.Key, field string, value any, at clock.Stamp) record.Record {
	edit := record.New(key).Edit(at)
	switch {
	case field == record.DeletedField && value == true:
		edit.DeleteRecord()
	case field == record.DeletedField:
		edit.RestoreRecord()
	default:
		edit.Set(field, value)
	}
	m, err := edit.Mutation()
	if err != nil {
		panic(err)
	}
	return m.Data
}

// stamp draws a stamp. Equal stamps are rare, but happen.
func stamp(t *rapid.T) clock.Stamp {
	return clock.Stamp{
		Time:   noon + clock.Timestamp(rapid.IntRange(0, 50).Draw(t, "time")),
		Client: clock.ClientID{byte(rapid.IntRange(1, 3).Draw(t, "client"))},
	}
}

// agree checks that a reading depends on the set of writes alone: for each way to split the writes
// between two replicas, both replicas read the same after they have joined, in either order, and when
// writes come again. It returns what they read.
func agree[T any](t *rapid.T, writes []record.Record, read func(merge.Collection) T) T {
	want := read(merge.Collect(writes...))
	for split := range 1 << min(len(writes), 6) {
		var parts [2][]record.Record
		for i, w := range writes {
			side := split >> (i % 6) & 1
			parts[side] = append(parts[side], w)
		}
		a, b := merge.Collect(parts[0]...), merge.Collect(parts[1]...)
		for _, joined := range []merge.Collection{merge.Join(a, b), merge.Join(merge.Join(b, a), a)} {
			require.Equal(t, want, read(joined), "split %b", split)
		}
	}
	return want
}

// records returns the records of a collection.
func records(all merge.Collection) (list []record.Record) {
	for r := range all.All() {
		list = append(list, r)
	}
	return list
}

// id draws one of n IDs.
func id(t *rapid.T, n int) string { return fmt.Sprint(rapid.IntRange(1, n).Draw(t, "id")) }
