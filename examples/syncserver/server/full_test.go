package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestRecordFullOfTombstonesCanBeDeleted checks that a client is told when the tombstones of removed
// elements fill a record, and that it can still delete the record.
func TestRecordFullOfTombstonesCanBeDeleted(t *testing.T) {
	ctx := context.Background()
	db, err := server.OpenDatabase(ctx, databasetest.SQLite(t))
	require.NoError(t, err)
	defer db.Close()
	s, err := server.New(ctx, db, server.Options{Open: "demo", Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	h := httptest.NewServer(s.Handler())
	defer h.Close()
	web := remote.Server{URL: h.URL}
	m, err := web.Join(ctx, "demo", "")
	require.NoError(t, err)
	r, err := replica.Open(replica.Options{ID: m.ClientID})
	require.NoError(t, err)
	c, key := remote.Client{Server: web, Token: m.Token, Replica: r}, record.Key{Table: "lists", ID: "1"}
	var notices []replica.Notice
	for n := 0; len(notices) == 0; n++ {
		elements := make(map[string]record.Value)
		for i := range 50 {
			elements[fmt.Sprint("seen/", strings.Repeat("u", 170), n, "-", i)] = record.Bool(true)
		}
		require.NoError(t, r.Edit(key, elements))
		require.NoError(t, c.Sync(ctx))
		for name := range elements {
			elements[name] = record.Deletion()
		}
		require.NoError(t, r.Edit(key, elements))
		require.NoError(t, c.Sync(ctx))
		notices = r.TakeNotices()
	}
	require.Equal(t, merge.RecordFull, notices[0].Code)
	require.Empty(t, r.Shown(key).Map(), "the record still shows an element")
	require.NoError(t, r.Edit(key, map[string]record.Value{record.DeletedField: record.Bool(true)}))
	require.NoError(t, c.Sync(ctx))
	require.True(t, r.Shown(key).Deleted())
	require.Empty(t, r.TakeNotices())
}
