package server

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// TestOtherBucketsResetTheClients: no row says where a record was by an earlier Options.Buckets, so its
// clients pull everything again. If no record moves, they go on.
func TestOtherBucketsResetTheClients(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		c := newCopy(joined(t, listen(t, s), "demo", ""))
		c.push(c.set(board.Tasks, "stays", board.Notes, "-"), c.set(board.Tasks, "moves", board.Notes, "a"))
		c.pullAll(10)
		require.Len(t, c.holds, 2)
		for _, next := range []struct {
			buckets buckets.Func
			version string
			resets  int
		}{{noted, "1", 1}, {noted, "2", 1}, {nil, "", 2}} {
			o := s.options
			o.Buckets, o.BucketsVersion = next.buckets, next.version
			server, err := New(context.Background(), s.database, o)
			require.NoError(t, err)
			c.url = listen(t, server)
			c.pullAll(10)
			require.Len(t, c.whys, next.resets, "version %q", next.version)
			require.NotContains(t, c.whys, "left")
			require.Contains(t, c.holds, record.Key{Table: board.Tasks, ID: "stays"})
			require.Equal(t, next.buckets == nil, len(c.holds) == 2)
		}
		require.Equal(t, []string{buckets.WhyEpoch, buckets.WhyEpoch}, c.whys)
	})
}
