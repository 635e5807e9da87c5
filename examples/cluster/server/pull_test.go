package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// TestChunkEndsAfterTheBytesThatItReads pulls a bucket without records from a workspace with large ones.
func TestChunkEndsAfterTheBytesThatItReads(t *testing.T) {
	c := &counted{Store: memory.New()}
	s := open(t, c, Options{Buckets: func(record.Record) []string { return []string{"other"} }})
	const size = 200 << 10
	for i := range 2 * scannedBytes / size {
		r, err := record.New(record.Key{Table: "tasks", ID: fmt.Sprint(i)}).Edit(clock.Stamp{Time: clock.TimestampOf(noon), Client: ana}).Set("title", strings.Repeat("x", size)).Mutation()
		require.NoError(t, err)
		b := store.Batch{Workspace: workspace, ID: newID(), Puts: []store.Put{{Key: store.RecordKey(workspace, r.Data.Key()), Data: encodeRecord(r.Data, nil)}}}
		require.NoError(t, s.store.Commit(t.Context(), b))
	}
	chunks := 0
	var cursor buckets.Cursor
	for more := true; more; chunks++ {
		c.read = 0
		now, err := s.Snapshot(t.Context(), &syncserver.Page{
			Sender: syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}, Cursor: cursor, Limit: 4,
		})
		require.NoError(t, err)
		require.Empty(t, now.Records)
		require.Less(t, c.read, 2*scannedBytes)
		cursor.Begin(now.Snapshot)
		cursor.Reach(now.Reached)
		more = now.More
	}
	require.Greater(t, chunks, 1)
}
