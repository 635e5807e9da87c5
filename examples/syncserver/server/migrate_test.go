package server

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestDatabaseFilesOfEarlierVersionsAreMigrated opens a file of the first version, and one of
// the last version that purged nothing. A client of such a version must sync with the migrated file
// as before, until its cursor is below the fence.
func TestDatabaseFilesOfEarlierVersionsAreMigrated(t *testing.T) {
	for _, file := range []string{"first.db.gz", "unfenced.db.gz"} {
		t.Run(file, func(t *testing.T) {
			database := databasetest.Unpacked(t, "testdata/"+file)
			s := openCalendar(t, database)
			s.wall = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) // after the stamps in the file
			requireCounted(t, s.database)
			var journal bytes.Buffer
			require.NoError(t, s.database.Journal(context.Background(), &journal, "demo"))
			require.Equal(t, 5, bytes.Count(journal.Bytes(), []byte("\n")))

			ana := s.author(listen(t, s.Server), "gone")
			lines := ana.pull("0&limit=1000")
			require.Len(t, lines, 6)
			require.Len(t, ana.pull("8&limit=1000"), 1)
			for _, l := range lines {
				if l.Data.Key().Table == "tasks" {
					reply := ana.push(record.Mutation{Data: l.Data}).Results[0]
					if l.Data.Key().ID != "kept" { // another client has also written to the record "kept"
						require.Equal(t, "accepted", reply.Verdict)
						require.False(t, reply.Changed)
					}
				}
			}

			s.pass(92)
			require.Positive(t, s.fenced().stamp)
			require.Equal(t, 1, s.fenced().level)
			require.NotContains(t, s.data()["gone"], "secret")
			require.NotContains(t, s.data()["trimmed"], "notes")
			requireCounted(t, s.database)
			for _, l := range lines {
				if id := l.Data.Key().ID; id == "gone" || id == "trimmed" {
					require.Equal(t, merge.Gone, ana.push(record.Mutation{Data: l.Data}).Results[0].Code, id)
				}
			}
			status, _ := ana.request("GET", "/v1/pull?after=8&limit=1000", "")
			require.Equal(t, 410, status)
			require.Len(t, ana.pull("0&limit=1000"), 6)
		})
	}
}

// author returns the client that wrote a record of the table tasks.
func (c *calendar) author(url, id string) *client {
	var r record.Record
	require.NoError(c.t, r.Scan(c.data()[id]))
	w, _ := r.Get("title")
	return &client{t: c.t, url: url, ID: w.Stamp.Client, Token: c.tokens.of(Account{Workspace: "demo", User: w.Stamp.Client.String(), Client: w.Stamp.Client})}
}
