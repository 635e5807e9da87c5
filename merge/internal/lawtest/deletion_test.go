package lawtest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestOnlyNewerWriteRevivesDeletedField: an older value that arrives late does not revive a
// deleted field, whether or not the author of the deletion had seen the field. A newer value
// revives it.
func TestOnlyNewerWriteRevivesDeletedField(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stamp := func(i int) clock.Stamp {
			return clock.Stamp{Time: clock.Timestamp(times[i]), Client: clock.ClientID(rapid.SampledFrom(clients).Draw(t, "client"))}
		}
		key := record.Key{Table: "t", ID: "1"}
		older, err := record.New(key).Edit(stamp(0)).Set("a", 1).Set("b", 1).Mutation()
		require.NoError(t, err)
		// The author of the deletion may or may not have seen the fields.
		saw := rapid.SampledFrom([]record.Record{record.New(key), older.Data}).Draw(t, "saw")
		deletion, err := saw.Edit(stamp(1)).Delete("a").Mutation()
		require.NoError(t, err)
		require.Equal(t, 1, deletion.Data.Len())
		newer, err := saw.Edit(stamp(2)).Set("a", 2).Mutation()
		require.NoError(t, err)

		records := []record.Record{older.Data, deletion.Data}
		revived := rapid.Bool().Draw(t, "revived")
		if revived {
			records = append(records, newer.Data)
		}
		state := merge.Collect(rapid.Permutation(records).Draw(t, "order")...).At(0)
		a, ok := state.Get("a")
		require.True(t, ok)
		require.Equal(t, !revived, a.Deleted())
		require.Equal(t, 2, state.Len())
	})
}

// TestAbsentNullEmptyAndDeletedDiffer: absent, null, the empty string and deleted remain
// different states through the join and through JSON.
func TestAbsentNullEmptyAndDeletedDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := genWriteOf(keys[0]).Draw(t, "write")
		nothings := []entry{w, w, w}
		for i, value := range []string{"null", `""`, ""} {
			nothings[i].field, nothings[i].value, nothings[i].deleted = "a", value, value == ""
		}
		var b record.Builder
		other := w
		other.field, other.value, other.deleted = "b", "1", false
		texts := map[string]bool{string(history{other}.collection().AppendLines(nil)): true}
		for _, v := range nothings {
			c := merge.Collect(other.record(&b), v.record(&b))
			require.Equal(t, history{other, v}.winners(), read(c))
			text := c.AppendLines(nil)
			equal(t, c, decode(t, text))
			texts[string(text)] = true
		}
		require.Len(t, texts, 4)
	})
}

// TestRecordIsDeletedByGreatestDeletedWrite: a record is deleted while the greatest write of
// $deleted is true, whatever its other fields hold. The other fields continue to merge.
func TestRecordIsDeletedByGreatestDeletedWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := genHistoryOf(keys[0]).Draw(t, "history")
		want := false
		for _, w := range h.winners() {
			want = want || w.field == "$deleted" && w.value == "true"
		}
		r, _ := shuffled(t, h).collection().Get(record.Key{Table: "t", ID: "1"})
		require.Equal(t, want, r.Deleted())
		require.Equal(t, h.winners(), readRecord(r))
	})
}
