package server

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// dump returns the lines of the journal of the workspace demo.
func (c *calendar) dump() []string {
	c.t.Helper()
	var journal bytes.Buffer
	require.NoError(c.t, c.database.Journal(context.Background(), &journal, "demo"))
	return strings.Split(strings.TrimSuffix(journal.String(), "\n"), "\n")
}

// write adds lines to the journal of the workspace demo.
func (c *calendar) write(most int64, lines ...string) {
	c.t.Helper()
	for _, line := range lines {
		err := c.locked(context.Background(), "demo", func(tx *session) error {
			tx.seq++
			tx.counted = tx.seq
			return tx.writeJournal(context.Background(), []byte(line), most)
		})
		require.NoError(c.t, err)
	}
}

// numbered returns n different lines of the given size.
func numbered(n, size int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = strings.Repeat("x", size-5) + fmt.Sprintf("%05d", i)
	}
	return lines
}

// TestSegmentsHoldTheLinesOfTheJournal closes a journal several times. Its lines must stay the
// same, even if it is closed while they are being read.
func TestSegmentsHoldTheLinesOfTheJournal(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		lines := numbered(60, 100)
		s.write(math.MaxInt64, lines[:30]...)
		shut := func(until int64) {
			require.NoError(t, s.closeJournal(context.Background(), "demo", until))
			requireCounted(t, s.database)
		}
		shut(10)
		require.Equal(t, lines[:30], s.dump())
		require.Equal(t, [2]int{1, 20}, [2]int{s.count("segments"), s.count("journal")})
		shut(10)
		shut(20)
		s.write(math.MaxInt64, lines[30:]...)
		require.Equal(t, lines, s.dump())
		require.Equal(t, [2]int{2, 40}, [2]int{s.count("segments"), s.count("journal")})

		var read bytes.Buffer
		w := writerFunc(func(p []byte) (int, error) {
			if read.Len() == 20*101 { // one read of open entries follows
				shut(25)
			}
			if read.Len() > 20*101 {
				shut(math.MaxInt64)
			}
			return read.Write(p)
		})
		require.NoError(t, s.database.Journal(context.Background(), w, "demo"))
		require.Equal(t, strings.Join(lines, "\n")+"\n", read.String())
		require.Equal(t, [2]int{4, 0}, [2]int{s.count("segments"), s.count("journal")})
		require.Equal(t, lines, s.dump())
	})
}

// writerFunc is a function that implements io.Writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestSegmentsAreSmall checks the number and the size of the lines of a segment.
func TestSegmentsAreSmall(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		lines := numbered(segmentEntries+1, 10)
		lines = append(lines, numbered(4, segmentBytes-1)...)
		lines = append(lines, numbered(1, 5*segmentBytes)...)
		s.write(math.MaxInt64, lines...)
		require.NoError(t, s.closeJournal(context.Background(), "demo", math.MaxInt64))
		require.Zero(t, s.count("journal"))
		require.Equal(t, lines, s.dump())
		rows, err := s.database.db.Query(`SELECT last - first + 1 FROM segments ORDER BY last`)
		require.NoError(t, err)
		defer rows.Close()
		var entries []int
		for rows.Next() {
			var n int
			require.NoError(t, rows.Scan(&n))
			entries = append(entries, n)
		}
		require.NoError(t, rows.Err())
		require.Equal(t, []int{segmentEntries, 2, 2, 2}, entries)
	})
}

// TestJournalGoesAfterTheRetention pushes every second day. The entries of the days before the fence
// must be removed, and the others kept, in compressed form.
func TestJournalGoesAfterTheRetention(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		var all int
		for range 60 {
			ana.push2(s.edit(ana, task("a"), title(strings.Repeat(s.wall.String(), 4))))
			ana.push2(s.edit(ana, task("a"), title("x")))
			all += len(s.dump()[len(s.dump())-2]) + len(s.dump()[len(s.dump())-1])
			s.pass(2)
		}
		require.Equal(t, 2*45, s.requireReplay(), "each second of the last 90 days has two pushes")
		require.Less(t, len(s.journalEvents()), 45)
		require.LessOrEqual(t, s.count("journal"), 1, "perhaps the last fence")
		var kept int
		require.NoError(t, s.database.db.QueryRow(`SELECT lines FROM workspaces`).Scan(&kept))
		require.Less(t, kept, all/2, "the journal is compressed")
		requireCounted(t, s.database)
	})
}

// TestJournalWithoutRetention checks that a journal is compressed without a retention too, and
// that only its size removes lines.
func TestJournalWithoutRetention(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		s.options.Retention = -1
		lines := numbered(50*openEntries, 100)
		s.write(math.MaxInt64, lines[:openEntries]...)
		s.pass(1)
		require.Zero(t, s.count("segments"), "few lines stay open")
		for i := openEntries; i < len(lines); i += 10 {
			s.write(math.MaxInt64, lines[i:i+10]...)
			s.pass(1)
		}
		require.Equal(t, lines, s.dump())
		require.GreaterOrEqual(t, s.count("segments"), 30)

		s.pass(400)
		require.Equal(t, lines, s.dump())
		all := append(lines, "a", "b", "c")
		for i := len(lines); i < len(all); i++ {
			segments := s.count("segments")
			s.write(1000, all[i])
			kept := s.dump()
			require.Equal(t, all[i+1-len(kept):i+1], kept, "the oldest segments go first")
			require.LessOrEqual(t, segments-s.count("segments"), trimmed)
		}
		require.LessOrEqual(t, len(s.dump()), 10*openEntries)
		requireCounted(t, s.database)
	})
}
