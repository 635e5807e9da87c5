package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestPullBelowTheFenceIsRefused lets clients come back after the retention. A client whose
// cursor is below the fence must pull everything. It may do so page by page, from several servers.
func TestPullBelowTheFenceIsRefused(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		s := openCalendar(t, database)
		url := listen(t, s.Server)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		var items []record.Mutation
		for i := range 10 {
			items = append(items, s.edit(ana, task(fmt.Sprint(i)), title("x")))
		}
		ana.push2(items...)
		require.Len(t, ana.pull("5"), 5)
		s.pass(92)
		f := s.fenced().seq
		require.EqualValues(t, 11, f, "ten records and a sample")
		for _, after := range []string{"5", fmt.Sprint(f - 1)} {
			status, text := ana.request("GET", "/v1/pull?after="+after, "")
			require.Equal(t, 410, status)
			require.Contains(t, text, `"code":"resync_required"`)
		}
		require.Empty(t, ana.pull(fmt.Sprint(f)))

		first := ana.pull("0&limit=4")
		require.Len(t, first, 4)
		other := *ana
		other.url = listen(t, open(t, database))
		require.Len(t, other.pull(fmt.Sprint(first[3].Seq)+"&limit=4"), 4)
		rest := ana.pull("8")
		require.Len(t, rest, 2)
		require.EqualValues(t, f, rest[1].Seq, "the client ends at the last sequence")
		require.Empty(t, ana.pull(fmt.Sprint(f)))
		status, _ := ben.request("GET", "/v1/pull?after=4", "")
		require.Equal(t, 410, status, "another client has not begun to pull everything")

		s.wall = s.wall.Add(time.Second)
		ana.push2(s.edit(ana, task("new"), title("y")))
		s.pass(92)
		status, _ = ana.request("GET", "/v1/pull?after=8", "")
		require.Equal(t, 410, status, "the fence has risen since the client began")
		require.Zero(t, s.count("loads WHERE refused = 0"))
	})
}

// TestRefusedCursorStaysRefused lets a client begin to pull everything, and come back with the cursor
// that was refused, as if it had crashed before it stored that it begins again. It would keep records
// that were dropped, so it must begin once more.
func TestRefusedCursorStaysRefused(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		var items []record.Mutation
		for i := range 10 {
			items = append(items, s.edit(ana, task(fmt.Sprint(i)), title("x")))
		}
		ana.push2(items...)
		refuses := func(after string) {
			t.Helper()
			status, _ := ana.request("GET", "/v1/pull?after="+after, "")
			require.Equal(t, 410, status)
		}
		for range 2 { // the fence rises in between
			s.pass(92)
			refuses("5")
			first := ana.pull("0&limit=4")
			refuses("5")
			require.Len(t, ana.pull(fmt.Sprint(first[3].Seq)+"&limit=4"), 4)
			refuses("5")
			s.wall = s.wall.Add(time.Second)
			ana.push2(s.edit(ana, task("9"), title("y")))
		}
		s.pass(92)
		require.NotEmpty(t, ana.pull("0"))
		refuses("5")
	})
}

// TestCursorAtTheEndIsNotTheRefusedOne lets a client come back whose refused cursor is also the
// greatest sequence of a stored record. The pull of all records must not end with that cursor.
func TestCursorAtTheEndIsNotTheRefusedOne(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	ana.push2(s.edit(ana, task("a"), title("x")), s.edit(ana, task("b"), title("x")))
	s.pass(92)
	status, _ := ana.request("GET", "/v1/pull?after=2", "")
	require.Equal(t, 410, status)
	lines := ana.pull("0&limit=2")
	require.Greater(t, lines[1].Seq, int64(2))
	require.Empty(t, ana.pull(fmt.Sprint(lines[1].Seq)))
	status, _ = ana.request("GET", "/v1/pull?after=2", "")
	require.Equal(t, 410, status)
}

// TestPullThatBeginsAgainWritesNothing pulls the first page many times. Only the first of these
// pulls may write, because a write delays the pushes to an SQLite database.
func TestPullThatBeginsAgainWritesNothing(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	pull := func(fence int64) {
		require.Len(t, ana.pull("0&limit=1"), 1)
		require.Equal(t, 1, s.count(fmt.Sprintf("loads WHERE fence_seq = %d", fence)))
	}
	ana.push2(s.edit(ana, task("a"), title("x")))
	s.pass(92)
	first := s.fenced().seq
	pull(first)
	_, err := s.database.db.Exec(`CREATE TRIGGER again BEFORE INSERT ON loads BEGIN SELECT RAISE(ABORT, 'written again'); END`)
	require.NoError(t, err)
	pull(first)
	_, err = s.database.db.Exec(`DROP TRIGGER again`)
	require.NoError(t, err)
	ana.push2(s.edit(ana, task("b"), title("x")))
	s.pass(92)
	require.Greater(t, s.fenced().seq, first)
	pull(s.fenced().seq)
}
