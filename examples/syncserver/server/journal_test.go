package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestJournalReplaysToTheSameAnswers checks that the journal of a workspace contains its pushes in
// order, and no other pushes, and that replaying each line gives the same answer.
func TestJournalReplaysToTheSameAnswers(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		invite, err := s.Invitation("other")
		require.NoError(t, err)
		other := joined(t, url, "other", invite)
		ana.push(ana.set(board.Tasks, "a", board.Title, "1"))
		ben.push(ben.set(board.Tasks, "a", board.Title, "2"), ben.set("nonsense", "a", "x", 1))
		require.NoError(t, s.closeJournal(context.Background(), "demo", 1))
		other.push(other.set(board.Tasks, "a", board.Title, "3"))
		ben.push(ben.set(board.Tasks, "a", board.Title, "4"))

		var journal bytes.Buffer
		require.NoError(t, s.database.Journal(context.Background(), &journal, "demo"))
		lines := strings.Split(strings.TrimSuffix(journal.String(), "\n"), "\n")
		require.Len(t, lines, 3)
		for i, who := range []*client{ana, ben, ben} {
			line, err := merge.ParseJournalLine([]byte(lines[i]))
			require.NoError(t, err)
			require.Equal(t, who.ID, line.Request.Actor)
			answer, err := line.Replay()
			require.NoError(t, err)
			require.Equal(t, line.Answer, answer.Digest())
		}

		require.ErrorIs(t, s.database.Journal(context.Background(), io.Discard, "nosuch"), ErrEmpty)
		s.options.Journal = false
		ana.push(ana.set(board.Tasks, "a", board.Title, "5"))
		before := journal.Len()
		journal.Reset()
		require.NoError(t, s.database.Journal(context.Background(), &journal, "demo"))
		require.Equal(t, before, journal.Len())
	})
}

// TestJournalKeepsTheLastLines checks that the size of the journal is limited, and that it keeps the
// last lines in order.
func TestJournalKeepsTheLastLines(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ctx := context.Background()
		for i := range 60 {
			line := fmt.Sprint(i, strings.Repeat("é", 5))
			if i == 50 {
				line = fmt.Sprint(i, strings.Repeat("é", 1000)) // longer than the limit of the journal
			}
			for _, workspace := range []string{"demo", "other"} {
				most := int64(1 << 20)
				if workspace == "demo" {
					most = 100
				}
				err := s.locked(ctx, workspace, func(tx *session) error { return tx.writeJournal(ctx, []byte(line), most) })
				require.NoError(t, err)
			}
			var kept, counted int64
			require.NoError(t, s.database.db.QueryRow(`
				SELECT (SELECT sum(octet_length(line)) FROM journal WHERE workspace = name), lines FROM workspaces WHERE name = 'demo'`).Scan(&kept, &counted))
			require.Equal(t, kept, counted)
			if i != 50 {
				require.LessOrEqual(t, kept, int64(100))
			}
		}
		var journal bytes.Buffer
		require.NoError(t, s.database.Journal(ctx, &journal, "demo"))
		require.Equal(t, "52ééééé\n53ééééé\n54ééééé\n55ééééé\n56ééééé\n57ééééé\n58ééééé\n59ééééé\n", journal.String())
		journal.Reset()
		require.NoError(t, s.database.Journal(ctx, &journal, "other"))
		require.Equal(t, 60, strings.Count(journal.String(), "\n"))
	})
}

// TestDecisionsAreLoggedWithoutValues checks that each contested decision is logged as a sentence, and at
// the level Debug with the winner and the deciding step, but without field values.
func TestDecisionsAreLoggedWithoutValues(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	var log bytes.Buffer
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	const value = "private"
	first := ana.set(board.Tasks, "a", board.Title, value)
	second, bad := ben.set(board.Tasks, "a", board.Title, value+"2"), ben.set("nonsense", "b", "x", value)
	logged := func(level slog.Level, c *client, items ...record.Mutation) string {
		log.Reset()
		s.log.to = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))
		c.push(items...)
		require.NotContains(t, log.String(), value)
		return log.String()
	}
	text := logged(slog.LevelInfo, ana, first)
	require.Equal(t, 1, strings.Count(text, "\n"), text)
	require.Contains(t, text, `msg="a push by `+ana.ID.String()[:8]+`…: items 1, changed records 1" workspace=demo`+"\n")

	text = logged(slog.LevelInfo, ben, second, bad)
	require.Equal(t, 2, strings.Count(text, "\n"), text)
	require.Contains(t, text, `msg="tasks/a/title: a write by `+ben.ID.String()[:8]+"… at ")
	require.Contains(t, text, " replaced one by "+ana.ID.String()[:8]+"…, ")
	require.Contains(t, text, `msg="nonsense/b: an item by `+ben.ID.String()[:8]+`… was refused: unknown_table at table" workspace=demo`+"\n")

	text = logged(slog.LevelDebug, ana, first)
	require.Equal(t, 2, strings.Count(text, "\n"), "the retry and the push: %s", text)
	text = logged(slog.LevelDebug, ana, ana.set(board.Tasks, "a", board.Title, value+"3"), ana.set("nonsense", "b", "x", value))
	require.Contains(t, text, "decision.step=time")
	require.Contains(t, text, "decision.winner.clientId="+ana.ID.String())
	require.Contains(t, text, "workspace=demo client="+ana.ID.String()+" user="+ana.ID.String()+" item=1 table=nonsense id=b code=unknown_table path=table")
	require.Contains(t, text, "items 2, changed records 1")
}
