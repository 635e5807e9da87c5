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

// answerKeeping sends a batch of at most 100 items and answers it. If full is set, it refuses the
// large items temporarily. It returns the record IDs of the sent items.
func (d *device) answerKeeping(full bool) (sent []string) {
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

// TestTemporarilyRefusedItemsDoNotBlockOthers: the first items of the outbox, more than a batch
// holds, are refused temporarily. Later items still get through, including deletions, and each
// refused item is sent again in turn.
func TestTemporarilyRefusedItemsDoNotBlockOthers(t *testing.T) {
	d := newWorld(t).device(ana)
	id := func(i int) string { return fmt.Sprintf("%04d", i) }
	key := func(i int) record.Key { return record.Key{Table: "tasks", ID: id(i)} }
	for i := range 250 {
		d.edit(key(i), "title", str("large"))
	}
	require.Equal(t, []string{"0000", "0099"}, ends(d.answerKeeping(true)))
	d.edit(key(7), record.DeletedField, record.Bool(true))
	d.edit(key(300), "title", str("x"))
	require.Equal(t, []string{"0100", "0199"}, ends(d.answerKeeping(true)))
	third := d.answerKeeping(true)
	require.Len(t, third, 100, "the rest of the batch is filled with refused items")
	for _, expected := range []string{"0200", "0249", "0007", "0300", "0000", "0047"} {
		require.Contains(t, third, expected)
	}
	require.Equal(t, 250, d.NumWaiting(), "the deletion and the small item were accepted")
	require.True(t, d.Shown(key(7)).Deleted())

	turns := map[string]int{}
	for range 3 {
		for _, sent := range d.answerKeeping(true) {
			turns[sent]++
		}
	}
	require.Len(t, turns, 250, "each item is sent again")
	require.Equal(t, 250, d.NumWaiting())
	full := []replica.Notice{{Kind: replica.StorageFull, Code: merge.StorageFull}}
	require.Equal(t, full, d.TakeNotices(), "reported once")
	for range 3 {
		batch := d.answerKeeping(false)
		require.True(t, slices.IsSorted(batch), "items are sent in the order of their stamps")
	}
	require.Zero(t, d.NumWaiting())
	d.edit(key(1), "title", str("large"))
	d.answerKeeping(true)
	require.Equal(t, full, d.TakeNotices(), "reported again when the storage is full again")
}

func ends(all []string) []string { return []string{all[0], all[len(all)-1]} }

// TestTemporarilyRefusedItemIsNotMistakenForAClone: an item that was refused temporarily is
// accepted after later ones, below the client's mark. The server adds the note rewound, but the
// Replica knows the reason and asks for no new ID.
func TestTemporarilyRefusedItemIsNotMistakenForAClone(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.edit(fence, "title", str("large"))
	d.answerKeeping(true)
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

func TestRecordFullRollsBackWithTheServersAdvice(t *testing.T) {
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
