package browsertest_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// TestPageTellsWhatIsImported: an imported value has the name of its source, and no time. An edit that replaces it is told
// as any edit, and no edit is reported as lost.
func TestPageTellsWhatIsImported(t *testing.T) {
	file := filepath.Join(t.TempDir(), "imported.db")
	s := visitOn(t, file)
	operate(t, file, func(s *server.Server, _ *server.Database, _ *time.Time) {
		_, err := s.Import(t.Context(), "demo", server.Source{Name: "crm"}, []imports.Row{{
			Key:    record.Key{Table: board.Tasks, ID: "1"},
			Fields: map[string]record.Value{board.Title: record.MustOf("Paint the fence"), board.Status: record.MustOf("todo")},
		}})
		require.NoError(t, err)
	})
	for _, p := range []*panel{s.left, s.right} {
		p.Online(false)
		p.Online(true)
		p.Shows("Paint the fence")
		require.Contains(t, p.Why("Paint the fence", "title"), "Imported from crm: ‘Paint the fence’.")
	}
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.agree()
	why := s.right.Why("Paint it red", "title")
	require.Contains(t, why, "Ana’s phone wrote ‘Paint it red’ at ")
	require.Contains(t, why, "It replaced ‘Paint the fence’, imported from crm.")
	for _, p := range []*panel{s.left, s.right} {
		require.Empty(t, p.shown().Notices)
	}
}
