package lawtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestCollectionIsSortedAndFindsItsKeys: records are in the order of their keys, and Get
// finds exactly the keys of the collection.
func TestCollectionIsSortedAndFindsItsKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := genHistory().Draw(t, "history")
		c := h.collection()
		places := map[record.Key]bool{}
		for _, w := range h {
			places[w.key()] = true
		}
		require.Equal(t, len(places), c.Len())
		all := slices.Collect(c.All())
		require.Len(t, all, c.Len())
		for i, r := range all {
			require.True(t, r.Equal(c.At(i)))
			require.True(t, i == 0 || byteOrder(all[i-1].Key().Table+"\x00"+all[i-1].Key().ID, r.Key().Table+"\x00"+r.Key().ID) < 0)
		}
		for _, k := range slices.Concat(keys, [][2]string{{"t", "11"}, {"a", "1"}, {"v", "1"}, {"", ""}}) {
			key := record.Key{Table: k[0], ID: k[1]}
			r, ok := c.Get(key)
			require.Equal(t, places[key], ok)
			require.True(t, !ok || r.Key() == key)
		}
	})
}

// TestCollectLeavesOutEmptyRecords: Collect leaves out records without fields and does not
// change its arguments.
func TestCollectLeavesOutEmptyRecords(t *testing.T) {
	var b record.Builder
	w := entry{table: "t", id: "2", field: "a", time: epoch, client: clients[0], value: "1"}
	given := []record.Record{w.record(&b), record.New(record.Key{Table: "t", ID: "1"}), w.record(&b)}
	c := merge.Collect(given...)
	require.Equal(t, []entry{w}, read(c))
	require.Equal(t, "2", given[0].Key().ID)
	require.Equal(t, "1", given[1].Key().ID)
	require.True(t, given[2].Equal(given[0]))
	require.Zero(t, merge.Collect(given[1]).Len())
}

// TestJoinOfAnySizesIsTheJoinOfMaps joins collections of different sizes, with gaps, runs and
// keys beyond both ends, and compares the result with a map. It covers each way in which Join
// searches for the next key.
func TestJoinOfAnySizesIsTheJoinOfMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genSized(t, "a"), genSized(t, "b")
		x, y := a.collection(), b.collection()
		oracle := map[record.Key]entry{}
		for _, w := range slices.Concat(a, b) {
			if before, ok := oracle[w.key()]; !ok || ruleOrder(w, before) > 0 {
				oracle[w.key()] = w
			}
		}
		got := merge.Join(x, y)
		require.Equal(t, len(oracle), got.Len())
		for _, w := range read(got) {
			require.Equal(t, oracle[w.key()], w)
		}
		require.True(t, slices.IsSortedFunc(read(got), placeOrder))
		require.True(t, got.Equal(merge.Join(x, merge.Delta(x, y))))
		require.True(t, got.Equal(merge.Join(y, x)))
	})
}

// genSized draws up to 200 records of one field, in the order of their keys.
func genSized(t *rapid.T, label string) history {
	n := rapid.SampledFrom([]int{0, 1, 2, 3, 5, 17, 64, 200}).Draw(t, label+" size")
	gaps := rapid.SliceOfN(rapid.SampledFrom([]int{1, 1, 1, 2, 3, 40}), n, n).Draw(t, label+" gaps")
	at := rapid.IntRange(0, 300).Draw(t, label+" start")
	h := make(history, n)
	for i, gap := range gaps {
		at += gap
		h[i] = entry{
			table: "t", id: fmt.Sprintf("%05d", at), field: "a",
			time: times[(at/7+n)%3], client: clients[0], value: fmt.Sprint(n%7 + i%2),
		}
	}
	return h
}

// TestCollectJoinsAnyNumberOfRecordsOfOneKey: Collect joins all records of one key, however
// many there are, and does not change the records of neighbouring keys.
func TestCollectJoinsAnyNumberOfRecordsOfOneKey(t *testing.T) {
	for n := range 40 {
		var h history
		for i := range n {
			h = append(h, entry{table: "t", id: "1", field: fmt.Sprint("f", i), time: epoch + int64(i), client: clients[0], value: "1"})
		}
		h = append(h, entry{table: "t", id: "0", field: "f", time: epoch, client: clients[0], value: "1"},
			entry{table: "t", id: "2", field: "f", time: epoch, client: clients[0], value: "2"})
		require.Equal(t, h.winners(), read(h.collection()), "%d records", n)
	}
}
