package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// history asks for the history of a field of a task.
func (c *client) history(table, id, field string, more ...string) (int, string) {
	c.t.Helper()
	query := url.Values{"table": {table}, "id": {id}, "field": {field}, "name": more}
	return c.request("GET", "/v1/history?"+query.Encode(), "")
}

// noRecord is the answer for a record that the user may not read.
const noRecord = `{"code":"unknown_record","detail":"there is no such record, or the user may not read it"}` + "\n"

// TestHistoryDrawsTheWritesOfAField checks that a history has the writes of its field, from compressed and open entries,
// without values, and no other writes.
func TestHistoryDrawsTheWritesOfAField(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		ana, ben, cleo := joined(t, url, "demo", ""), joined(t, url, "demo", ""), joined(t, url, "demo", "")
		for _, id := range []string{"a", "b/c", `"ü"`} {
			ana.push(ana.set(board.Tasks, id, board.Title, "a secret"))
			cleo.push(cleo.set(board.Tasks, id, board.Due, "2026-03-02"), cleo.set(board.Tasks, "other "+id, board.Title, "a secret"))
			require.NoError(t, s.closeJournal(t.Context(), "demo", 2))
			ben.push(ben.set(board.Tasks, id, board.Title, "a secret"))
			status, text := ana.history(board.Tasks, id, board.Title, ana.ID.String()+":A<b>na", ben.ID.String()+":Ben")
			require.Equal(t, 200, status, text)
			require.Contains(t, text, "A&lt;b&gt;na wrote this field.")
			require.Contains(t, text, "Ben wrote this field.")
			require.NotContains(t, text, cleo.ID.String()[:8])
			require.NotContains(t, text, "secret")
			require.NotContains(t, text, "Earlier writes")
		}
		status, text := ana.history(board.Tasks, "a", board.Due)
		require.Equal(t, 200, status, text)
		require.Contains(t, text, cleo.ID.String()[:8]+" wrote this field.")
		require.Contains(t, text, "line 2<")
		require.NotContains(t, text, ana.ID.String()[:8])
	})
}

// TestHistoryRefusesWhatItCannotShow checks the refusals of histories.
func TestHistoryRefusesWhatItCannotShow(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	ana.push(ana.set(board.Tasks, "a", board.Title, "1"))
	row := ana.set(violation.DefaultTable, "a", board.Title, "1").Data
	require.NoError(t, s.locked(t.Context(), "demo", func(tx *session) error { return tx.store(t.Context(), s.options.Rules, []merge.Update{{After: row}}) }))
	for _, c := range []struct {
		table, id, field, name string
		status                 int
		code                   string
	}{
		{board.Tasks, "a", board.Due, "", 404, "no_history"},
		{board.Tasks, "b", board.Title, "", 404, "unknown_record"},
		{violation.DefaultTable, "a", board.Title, "", 404, "unknown_record"},
		{board.Tasks, "a", "", "", 400, "malformed"},
		{board.Tasks, "a", board.Title, "Ana", 400, "malformed"},
		{board.Tasks, "a", board.Title, ana.ID.String() + ":" + strings.Repeat("x", 101), 400, "malformed"},
	} {
		var names []string
		if c.name != "" {
			names = []string{c.name}
		}
		status, text := ana.history(c.table, c.id, c.field, names...)
		require.Equal(t, c.status, status, text)
		require.Contains(t, text, `"code":"`+c.code+`"`)
	}
	s.options.Journal = false
	status, text := ana.history(board.Tasks, "a", board.Title)
	require.Equal(t, 404, status)
	require.JSONEq(t, `{"code":"no_history","detail":"this server keeps no journal"}`, text)
}

// TestHistoryIsForReadersOfTheRecord checks that the history of a record is answered to a user who may read it now, and that
// all others are answered as if it did not exist.
func TestHistoryIsForReadersOfTheRecord(t *testing.T) {
	s := openDivided(t, databasetest.SQLite(t))
	s.options.Journal = true
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	require.NoError(t, s.Grant(t.Context(), "demo", ana.ID.String(), map[string]string{"p": "writer"}))
	ana.push2(ana.set(board.Tasks, "a", "project", "p"))
	ana.push2(ana.set(board.Tasks, "a", board.Title, "1"))
	status, text := ana.history(board.Tasks, "a", board.Title)
	require.Equal(t, 200, status, text)
	for _, id := range []string{"a", "nothing"} {
		status, text = ben.history(board.Tasks, id, board.Title)
		require.Equal(t, 404, status)
		require.Equal(t, noRecord, text)
	}
	require.NoError(t, s.Grant(t.Context(), "demo", ben.ID.String(), map[string]string{"p": "reader"}))
	status, _ = ben.history(board.Tasks, "a", board.Title)
	require.Equal(t, 200, status)
	require.NoError(t, s.Revoke(t.Context(), "demo", ben.ID.String(), "p"))
	_, text = ben.history(board.Tasks, "a", board.Title)
	require.Equal(t, noRecord, text)
	ana.push2(ana.set(board.Tasks, "a", "project", ""))
	status, text = ben.history(board.Tasks, "a", board.Title)
	require.Equal(t, 200, status, text)
}

// TestHistoryIsRefusedIfTheRecordIsLostMeanwhile checks that a user who loses the record while the journal is being read
// gets nothing of it.
func TestHistoryIsRefusedIfTheRecordIsLostMeanwhile(t *testing.T) {
	s := openDivided(t, databasetest.SQLite(t))
	s.options.Journal = true
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	require.NoError(t, s.Grant(t.Context(), "demo", ana.ID.String(), map[string]string{"p": "writer"}))
	require.NoError(t, s.Grant(t.Context(), "demo", ben.ID.String(), map[string]string{"p": "reader"}))
	ana.push2(ana.set(board.Tasks, "a", "project", "p"))

	what := asked{Key: record.Key{Table: board.Tasks, ID: "a"}, field: "project", zone: time.UTC}
	sender := Sender{Workspace: "demo", User: ben.ID.String(), Client: ben.ID}
	text, err := s.history(t.Context(), sender, what)
	require.NoError(t, err)
	require.Contains(t, text, ana.ID.String()[:8])

	revoked := false
	s.pulls.now = func() time.Time { // called when the quota is charged, after the journal was read
		if !revoked {
			revoked = true
			require.NoError(t, s.Revoke(t.Context(), "demo", ben.ID.String(), "p"))
		}
		return time.Now()
	}
	text, err = s.history(t.Context(), sender, what)
	require.True(t, revoked)
	fail := new(failure)
	require.ErrorAs(t, err, &fail)
	require.Equal(t, "unknown_record", fail.Code)
	require.Empty(t, text)
}

// TestHistoryHasNothingOfOtherRecords checks that a history has no writes of a record with the same key in another
// workspace, or of a private record whose path has the same text, even if one push wrote both.
func TestHistoryHasNothingOfOtherRecords(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openDivided(t, name(t))
		s.options.Journal = true
		url := listen(t, s)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		invite, err := s.Invitation("other")
		require.NoError(t, err)
		other := joined(t, url, "other", invite)
		require.NoError(t, s.Grant(t.Context(), "demo", ana.ID.String(), map[string]string{"p": "writer"}))
		used := func() float64 { _, m := s.pulls.accountOf(s.pulls.now(), "demo", ben.ID.String()); return m.used }
		for range 2 {
			ana.push2(ana.set(board.Tasks, "a/b", "project", "p"))
			ana.push2(ana.set(board.Tasks, "a/b", board.Title, "private"), ana.set("tasks/a", "b", board.Due, "2026-03-02"))
			ben.push2(ben.set("tasks/a", "b", board.Title, "for everyone"))
			for range 5 {
				other.push2(other.set("tasks/a", "b", board.Title, "elsewhere"), other.set(board.Tasks, "z", board.Title, "elsewhere"))
			}
			status, text := ben.history("tasks/a", "b", board.Title)
			require.Equal(t, 200, status, text)
			require.Contains(t, text, ben.ID.String()[:8]+" wrote this field.")
			require.NotContains(t, text, ana.ID.String()[:8])
			require.NotContains(t, text, other.ID.String()[:8])
			for _, id := range []string{"a/b", "z"} {
				before := used()
				_, text = ben.history(board.Tasks, id, board.Title)
				require.Equal(t, noRecord, text)
				require.LessOrEqual(t, used()-before, float64(costOfPull)) // the journal was not read
			}
			require.NoError(t, s.closeJournal(t.Context(), "demo", math.MaxInt64)) // the second time, the entries are in a segment
			require.NoError(t, s.closeJournal(t.Context(), "other", math.MaxInt64))
		}
	})
}

// TestHistoryOfErasedRecordIsRefused checks that an erased record has no history.
func TestHistoryOfErasedRecordIsRefused(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.options.Erasures = filepath.Join(t.TempDir(), "erasures")
	ana := joined(t, listen(t, s), "demo", "")
	ana.push(ana.set(board.Tasks, "a", board.Title, "1"))
	_, err := s.Erase(t.Context(), "demo", record.Key{Table: board.Tasks, ID: "a"})
	require.NoError(t, err)
	_, text := ana.history(board.Tasks, "a", board.Title)
	require.Equal(t, noRecord, text)
}

// TestHistoryReadsTheEndOfTheJournal checks that a history reads a limited part of the journal, says so, and is charged for
// it.
func TestHistoryReadsTheEndOfTheJournal(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openQuiet(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		ana.push(ana.set(board.Tasks, "a", board.Title, "1"))
		long := []byte(`{"event":"later","text":"` + strings.Repeat("x", 3<<20) + `"}`)
		for range 4 {
			write := func(tx *session) error { return tx.writeJournal(t.Context(), long, maxJournal) }
			require.NoError(t, s.locked(context.Background(), "demo", write))
		}
		for range 2 {
			end, err := s.database.journalEnd(t.Context(), "demo", func(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"event"`)) })
			require.NoError(t, err)
			require.Len(t, end.lines, 3)
			require.EqualValues(t, 3, end.lines[0].entry)
			require.True(t, end.cut)
			require.NoError(t, s.closeJournal(t.Context(), "demo", 3)) // the second time, two of the lines are in segments
		}

		wall := time.Now()
		s.pulls.now = func() time.Time { return wall } // nothing fades
		used := func() float64 { _, m := s.pulls.accountOf(wall, "demo", ana.ID.String()); return m.used }
		before := used()
		status, text := ana.history(board.Tasks, "a", board.Title)
		require.Equal(t, 404, status, text)
		require.Greater(t, used()-before, float64(historyCost*9<<20*9/10))

		ana.push(ana.set(board.Tasks, "a", board.Title, "2"))
		status, text = ana.history(board.Tasks, "a", board.Title)
		require.Equal(t, 200, status, text)
		require.Contains(t, text, "Earlier writes are in a part of the journal that is not shown here")
	})
}

// TestHistoryReadsEachLineOnce checks that no line is lost or read twice if the open entries are moved to a segment
// meanwhile.
func TestHistoryReadsEachLineOnce(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openQuiet(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		ana.push(ana.set(board.Tasks, "a", board.Title, "1"))
		ana.push(ana.set(board.Tasks, "a", board.Title, "2"))
		write := func(tx *session) error {
			return tx.writeJournal(t.Context(), bytes.Repeat([]byte("x"), segmentBytes), maxJournal)
		}
		require.NoError(t, s.locked(context.Background(), "demo", write))
		end, err := s.database.journalEnd(t.Context(), "demo", func([]byte) bool {
			require.NoError(t, s.closeJournal(t.Context(), "demo", math.MaxInt64))
			return true
		})
		require.NoError(t, err)
		var entries []int64
		for _, l := range end.lines {
			entries = append(entries, l.entry)
		}
		require.Equal(t, []int64{1, 2, 3}, entries)
		require.False(t, end.cut)
	})
}

// openQuiet is like open, but for a server with the usual quotas.
func openQuiet(t *testing.T, name string) *Server {
	t.Helper()
	d, err := OpenDatabase(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s, err := New(t.Context(), d, Options{Open: "demo", Journal: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return s
}

// TestHistoryHasAtMostSomeNames checks the limit of names.
func TestHistoryHasAtMostSomeNames(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	var names []string
	for i := range namesOfHistory + 1 {
		names = append(names, fmt.Sprint(clock.ClientID{byte(i + 1)}, ":Ana"))
	}
	status, text := ana.history(board.Tasks, "a", board.Title, names...)
	require.Equal(t, 400, status, text)
	_, text = ana.history(board.Tasks, "a", board.Title, names[1:]...)
	require.Equal(t, noRecord, text)
}
