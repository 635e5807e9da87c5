package replica_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// choosy answers a batch of at most 100 items: it keeps the large ones waiting. It returns the IDs of
// the records that were sent.
func (d *device) choosy(full bool) (sent []string) {
	var replies []merge.Reply
	for line := range bytes.Lines(d.Batch(100, 1<<20)) {
		var m record.Mutation
		require.NoError(d.w.t, json.Unmarshal(line, &m))
		sent = append(sent, m.Data.Key().ID)
		reply := merge.Reply{Verdict: "accepted"}
		if v, _ := m.Data.Get("title"); full && v.Value == str("large") {
			reply = merge.Reply{Verdict: "refused", Code: "storage_full", Retryable: true}
		}
		replies = append(replies, reply)
	}
	answer, err := json.Marshal(replies)
	require.NoError(d.w.t, err)
	require.NoError(d.w.t, d.Answer(answer))
	return sent
}

// TestKeptItemsDoNotBlock: items that the server keeps waiting are at the head of the outbox, more
// than a batch has. What comes after them gets through, deletions among it, and they get their turns.
func TestKeptItemsDoNotBlock(t *testing.T) {
	d := newWorld(t).device(ana)
	id := func(i int) string { return fmt.Sprintf("%04d", i) }
	key := func(i int) record.Key { return record.Key{Table: "tasks", ID: id(i)} }
	for i := range 250 {
		d.edit(key(i), "title", str("large"))
	}
	require.Equal(t, []string{"0000", "0099"}, ends(d.choosy(true)))
	d.edit(key(7), record.DeletedField, record.Bool(true))
	d.edit(key(300), "title", str("x"))
	require.Equal(t, []string{"0100", "0199"}, ends(d.choosy(true)))
	third := d.choosy(true)
	require.Len(t, third, 100, "with room for some that were kept")
	for _, expected := range []string{"0200", "0249", "0007", "0300", "0000", "0047"} {
		require.Contains(t, third, expected)
	}
	require.Equal(t, 250, d.NumWaiting(), "the deletion and the small one got through")
	require.True(t, d.Shown(key(7)).Deleted())

	turns := map[string]int{}
	for range 3 {
		for _, sent := range d.choosy(true) {
			turns[sent]++
		}
	}
	require.Len(t, turns, 250, "each gets its turn")
	require.Equal(t, 250, d.NumWaiting())
	full := []replica.Notice{{Kind: replica.StorageFull, Code: merge.StorageFull}}
	require.Equal(t, full, d.TakeNotices(), "once")
	for range 3 {
		batch := d.choosy(false)
		require.True(t, slices.IsSorted(batch), "in the order of their stamps")
	}
	require.Zero(t, d.NumWaiting())
	d.edit(key(1), "title", str("large"))
	d.choosy(true)
	require.Equal(t, full, d.TakeNotices(), "and when it is full again")
}

func ends(all []string) []string { return []string{all[0], all[len(all)-1]} }

// TestKeptItemIsNoClone: what was kept is accepted after later items, below the mark of the client.
// The server notes it, and this Replica knows why.
func TestKeptItemIsNoClone(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.edit(fence, "title", str("large"))
	d.choosy(true)
	d.TakeNotices()
	d.edit(gate, "title", str("Oil"))
	line := bytes.SplitAfter(d.outbox(), []byte("\n"))[1]
	_, err := w.server.push(ana, line)
	require.NoError(t, err)
	require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"storage_full","retryable":true},{"verdict":"accepted"}]`)))
	d.push()
	require.Contains(t, w.server.notes, merge.Rewound)
	require.Empty(t, d.TakeNotices())
	require.Empty(t, d.Waiting())
}

// TestRecordFull: it is final, and the user is told what to do.
func TestRecordFull(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("large"))
	d.outbox()
	require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"record_full","detail":"the record is full: delete fields"}]`)))
	require.Empty(t, d.Waiting())
	require.Zero(t, d.Shown(fence).Len())
	n := d.TakeNotices()[0]
	require.Equal(t, merge.Code("record_full"), n.Code)
	require.Equal(t, "the record is full: delete fields", n.Detail)
	require.Equal(t, "large", n.RolledBack.Map()["title"])
}
