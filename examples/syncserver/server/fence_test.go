package server

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestDueIsTheLeastFenceThatPurges compares the column purge with merge.Purge, for random records
// and all fences.
func TestDueIsTheLeastFenceThatPurges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	kinds := make(map[string]int)
	for range 20_000 {
		fields := make(map[string]record.FieldValue)
		for _, name := range []string{"a", "b", "c"}[:random.IntN(4)] {
			w := record.FieldValue{Value: record.Int(1), Stamp: clock.Stamp{Time: clock.Timestamp(1 + random.IntN(4)), Client: clock.ClientID{1}}}
			if random.IntN(2) == 0 {
				w.Value = record.Deletion()
			}
			fields[name] = w
		}
		if random.IntN(2) == 0 {
			fields[record.DeletedField] = record.FieldValue{Value: record.Bool(random.IntN(3) > 0), Stamp: clock.Stamp{Time: clock.Timestamp(1 + random.IntN(4)), Client: clock.ClientID{1}}}
		}
		r := recordOf(t, fields)
		if r.Len() == 0 {
			continue
		}
		want := int64(0)
		for at := clock.Timestamp(1); at < 6 && want == 0; at++ {
			if !merge.Purge(r, at, 1).Equal(r) {
				want = int64(at)
			}
		}
		switch {
		case r.Deleted() && r.Len() == 1:
			want = husk
			kinds["husk"]++
		case want == 0:
			kinds["never"]++
		default:
			kinds["some time"]++
		}
		require.Equal(t, want, dueOf(r), "%s", r.AppendJSON(nil))
	}
	require.Len(t, kinds, 3)
}

// recordOf returns a record with the given fields.
func recordOf(t *testing.T, fields map[string]record.FieldValue) record.Record {
	t.Helper()
	var b record.Builder
	r, err := b.Record(record.Key{Table: board.Tasks, ID: "x"}, func(yield func(string, record.FieldValue) bool) {
		for _, name := range []string{record.DeletedField, "a", "b", "c"} {
			if w, ok := fields[name]; ok && !yield(name, w) {
				return
			}
		}
	})
	require.NoError(t, err)
	return r
}
