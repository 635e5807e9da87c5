package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// TestOldJavaScriptClientNeedsNoChange renames the title of a task, while the to-do list of examples/client goes on. It
// states no version, and edits a task side by side with a client of the new version.
func TestOldJavaScriptClientNeedsNoChange(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("needs Node.js")
	}
	d, err := server.OpenDatabase(t.Context(), databasetest.SQLite(t))
	require.NoError(t, err)
	defer d.Close()
	renamed, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{{Old: "title", New: "name"}}})
	require.NoError(t, err)
	s, err := server.New(t.Context(), d, server.Options{
		Open: "demo", Schema: "2", Lenses: map[string]lens.Lens{"": renamed}, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	listening := httptest.NewServer(s.Handler())
	defer listening.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop() // ends the event streams
	go s.Watch(ctx)

	old := newTerminal(t, strings.TrimPrefix(listening.URL, "http://"), filepath.Join(t.TempDir(), "phone"))
	old.shows("in sync")
	old.types("Paint the fence")
	key := record.Key{Table: "tasks", ID: old.shows(`^\w+ Paint the fence$`)}

	there := remote.Server{URL: listening.URL, Schema: "2"}
	m, err := there.Join(t.Context(), "demo", "")
	require.NoError(t, err)
	r, err := replica.Open(replica.Options{ID: m.ClientID, User: m.User})
	require.NoError(t, err)
	now := remote.Client{Server: there, Token: m.Token, Replica: r}
	require.NoError(t, now.Sync(t.Context()))
	require.Equal(t, map[string]any{"name": "Paint the fence"}, r.Shown(key).Map())
	require.NoError(t, r.Edit(key, map[string]record.Value{"name": record.MustOf("Paint the gate")}))
	require.NoError(t, now.Sync(t.Context()))

	old.shows(`^` + key.ID + ` Paint the gate$`)
	old.types(key.ID + " Paint the shed")
	old.shows(`^` + key.ID + ` Paint the shed$`)
	require.NoError(t, now.Sync(t.Context()))
	require.Equal(t, map[string]any{"name": "Paint the shed"}, r.Shown(key).Map())
}
