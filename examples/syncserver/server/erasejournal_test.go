package server

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestNamesInItemsWithoutAKeyAreErased erases a record, after an item on it was malformed before its
// key. The refusal of such an item names a field.
func TestNamesInItemsWithoutAKeyAreErased(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	ana.push2(s.edit(ana, task("gone"), title("x")))
	for _, body := range []string{
		`{"data":{"covert":5},"table":"tasks","id":"gone"}`,
		`{"table":"tasks","data":{"covert":5},"id":"gone"}`,
		`{"id":"gone","data":{"covert":5},"table":"tasks"}`,
	} {
		status, answer := ana.request("POST", "/v1/push?v=2", body)
		require.Equal(t, 200, status)
		require.Contains(t, answer, "covert")
	}
	done, err := s.Erase(t.Context(), "demo", task("gone").Key())
	require.NoError(t, err)
	require.Equal(t, 4, done.Lines)
	var journal bytes.Buffer
	require.NoError(t, s.database.Journal(t.Context(), &journal, "demo"))
	require.NotContains(t, journal.String(), "covert")
}

// TestUnreadableLinesOfTheJournalAreErased erases a record, while the journal has lines that do not
// parse.
func TestUnreadableLinesOfTheJournalAreErased(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	for _, text := range []string{`{"table":"tasks","id":"gone","title":"covert"`, "other"} {
		ana.push2(s.edit(ana, task("gone"), title("covert")))
		err := s.locked(context.Background(), "demo", func(tx *session) error {
			return tx.writeJournal(context.Background(), []byte(text), maxJournal)
		})
		require.NoError(t, err)
		require.NoError(t, s.closeJournal(context.Background(), "demo", 2))
	}
	done, err := s.Erase(context.Background(), "demo", task("gone").Key())
	require.NoError(t, err)
	require.Equal(t, 3, done.Lines)
	var journal bytes.Buffer
	require.NoError(t, s.database.Journal(context.Background(), &journal, "demo"))
	require.NotContains(t, journal.String(), "covert")
	require.Equal(t, 4, strings.Count(journal.String(), "\n"))
	require.Contains(t, journal.String(), "other")
	requireCounted(t, s.database)
}

// titles returns the value of each item on a record in the journal, which writes one field.
func (c *calendar) titles(key record.Key) (all []string) {
	c.t.Helper()
	for _, line := range c.lines() {
		for _, item := range line.Request.Items {
			if item.Mutation.Data.Key() == key {
				_, w := item.Mutation.Data.At(0)
				all = append(all, string(w.Value.JSON()))
			}
		}
	}
	return all
}

// requireReplay checks that each push in the journal replays to its digest, and returns the number of
// pushes.
func (c *calendar) requireReplay() int {
	c.t.Helper()
	lines := c.lines()
	for _, line := range lines {
		answer, err := line.Replay()
		require.NoError(c.t, err)
		require.Equal(c.t, line.Answer, answer.Digest())
	}
	return len(lines)
}

// lines returns the pushes in the journal.
func (c *calendar) lines() (lines []merge.JournalLine) {
	c.t.Helper()
	var journal bytes.Buffer
	require.NoError(c.t, c.database.Journal(context.Background(), &journal, "demo"))
	for text := range bytes.Lines(journal.Bytes()) {
		if isEvent(text) {
			continue
		}
		line, err := merge.ParseJournalLine(text)
		require.NoError(c.t, err)
		lines = append(lines, line)
	}
	return lines
}
