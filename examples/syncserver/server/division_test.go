package server

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
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
			c.url, c.divided = listen(t, server), next.buckets != nil
			c.pullAll(10)
			require.Len(t, c.whys, next.resets, "version %q", next.version)
			require.NotContains(t, c.whys, "left")
			require.Contains(t, c.holds, record.Key{Table: board.Tasks, ID: "stays"})
			require.Equal(t, next.buckets == nil, len(c.holds) == 2)
		}
		require.Equal(t, []string{buckets.WhyEpoch, buckets.WhyEpoch}, c.whys)
	})
}

// TestTrailerSaysWhetherRecordsAreDivided: a client that has only the bucket "" learns from each trailer
// whether its user may read all records. A server without Options.Buckets names buckets only if they, or
// those that the client was told, are others.
func TestTrailerSaysWhetherRecordsAreDivided(t *testing.T) {
	ctx := context.Background()
	s := open(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	user, cursor := bound(s, ana.ID).User, ""
	told := func() (b []string) {
		t.Helper()
		status, text := ana.request("GET", "/v1/pull?cursor="+url.QueryEscape(cursor), "")
		require.Equal(t, 200, status, text)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		var end trailer
		require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &end))
		cursor = end.Cursor
		return end.Buckets
	}
	reopen := func(f buckets.Func, version string) {
		t.Helper()
		o := s.options
		o.Buckets, o.BucketsVersion = f, version
		server, err := New(ctx, s.database, o)
		require.NoError(t, err)
		s, ana.url = server, listen(t, server)
	}
	for range 2 {
		require.Nil(t, told())
	}
	reopen(noted, "1")
	for range 2 {
		require.Equal(t, []string{""}, told())
	}
	require.NoError(t, s.Grant(ctx, "demo", user, map[string]string{"a": "writer"}))
	require.Equal(t, []string{"", "a"}, told())
	require.Nil(t, told())
	require.NoError(t, s.Revoke(ctx, "demo", user, "a"))
	require.Equal(t, []string{""}, told())
	require.NoError(t, s.Grant(ctx, "demo", user, map[string]string{"a": "writer"}))
	require.Equal(t, []string{"", "a"}, told())
	reopen(nil, "")
	require.Equal(t, []string{""}, told())
	require.Nil(t, told())
	require.NoError(t, s.Revoke(ctx, "demo", user, ""))
	require.Equal(t, []string{}, told())
}
