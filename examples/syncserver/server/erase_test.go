package server

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestErasedTextIsNowhereInTheDatabase erases records, and looks for their values and field names in
// every file, in a dump, in all tables, and in the log. Then clients push everything again.
func TestErasedTextIsNowhereInTheDatabase(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx, database := context.Background(), name(t)
		s, log := openEraser(t, database)
		p := s.fill()
		require.Len(t, p.rows(), 6)
		for _, text := range p.texts {
			require.NotEmpty(t, databasetest.Residue(t, database, text))
		}
		var segment []byte
		require.NoError(t, s.database.db.QueryRow(`SELECT data FROM segments`).Scan(&segment))
		p.texts = append(p.texts, string(segment[100:164]))
		if s.database.postgres {
			s.exec(`ANALYZE`)
			require.Contains(t, fmt.Sprint(databasetest.Residue(t, database, "covert")), "pg_stats")
		}
		s.wall = s.wall.Add(-time.Minute) // as if the clocks of the clients were fast
		lines := s.requireReplay()
		synced, old := newCopy(p.ana), fmt.Sprint(p.ana.pull("0")[len(p.ana.pull("0"))-1].Seq)
		synced.pullAll(9)

		done, err := s.Erase(ctx, "demo", keysGone()...)
		require.NoError(t, err)
		require.Equal(t, [2]int{3, 6}, [2]int{done.Records, done.Rows})
		require.Positive(t, done.Lines)
		require.NoError(t, s.database.Rewrite(ctx))
		p.requireNoResidue(database)
		require.Equal(t, lines, s.requireReplay(), "the journal keeps its lines")
		marks := s.titles(task(strangeID).Key())
		require.Len(t, marks, 4)
		require.True(t, marks[0] == marks[3] && marks[1] < marks[2] && marks[2] < marks[3], "marks of different lines can be compared: %q", marks)
		requireCounted(t, s.database)
		report, err := s.Audit(ctx, "demo")
		require.NoError(t, err)
		require.Empty(t, report.Updates)

		erased := 0
		for _, l := range p.ana.pull(old) {
			require.True(t, l.Data.Erased(), l.Data.Key())
			require.Equal(t, 2, l.Data.Len())
			erased++
		}
		require.Equal(t, 9, erased, "a client of an earlier version gets all erased forms")
		synced.pullAll(9)
		require.NotContains(t, fmt.Sprint(synced.holds), "covert")
		require.Equal(t, s.normals(), synced.holds)

		for _, m := range p.gone {
			require.Contains(t, []merge.Code{merge.Gone, board.TitleTooLong, board.UnknownField}, p.ana.push2(m)[0].Code)
			p.ana.push(m)
		}
		cloned := joined(t, p.ana.url, "demo", "")
		require.Equal(t, merge.OtherClient, cloned.push2(p.gone[0])[0].Code)
		p.requireNoResidue(database)
		require.Equal(t, s.normals(), synced.holds)
		require.NotContains(t, log.String(), "covert-title")
		require.NotContains(t, log.String(), "covert-meeting")
		requireCounted(t, s.database)
		s.requireReplay()

		s.wall = s.wall.Add(time.Hour)
		again, err := s.Erase(ctx, "demo", keysGone()...)
		require.NoError(t, err)
		require.Equal(t, Erased{Earlier: slices.SortedFunc(slices.Values(keysGone()), record.Key.Compare)}, again)
		require.Equal(t, s.normals(), synced.holds, "an erasure may be repeated")
	})
}

// TestErasedRecordMayLiveAgainAfterTheRetention erases a record, waits, and creates it again. A
// restore of a later backup must not erase the new life.
func TestErasedRecordMayLiveAgainAfterTheRetention(t *testing.T) {
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			ctx := context.Background()
			s, _ := openEraser(t, name(t))
			s.options.PurgeLevel = level
			p := s.fill()
			_, err := s.Erase(ctx, "demo", keysGone()...)
			require.NoError(t, err)
			s.pass(90)
			for _, key := range keysGone() {
				require.Equal(t, merge.Gone, p.ana.push2(s.edit(p.ana, record.New(key), title("too early")))[0].Code)
			}
			_, done, err := s.Restored(ctx)
			require.NoError(t, err)
			require.Equal(t, Erased{}, done, "the erasures are still there")
			s.pass(3)
			require.Zero(t, s.count("records WHERE tbl = 'violations' AND data <> '{}'"), "the rows have left")
			_, done, err = s.Restored(ctx)
			require.NoError(t, err)
			require.Equal(t, Erased{}, done, "the erased forms were purged")
			require.Equal(t, level == 1, s.data()["gone"] != "")
			for _, m := range p.gone {
				require.NotEqual(t, "accepted", p.ana.push2(m)[0].Verdict)
			}
			p.push(meeting("gone"), booked("again", "Lind", 3))
			require.Equal(t, 1, s.count("records WHERE tbl = 'violations' AND data LIKE '%again%'"), "the conflict has a row again")
			row, err := violation.Parse(p.rows()[0])
			require.NoError(t, err)
			require.Equal(t, violation.Open, row.Status)
			require.Empty(t, row.Note)
			require.False(t, p.rows()[0].Deleted())
			p.push(task("gone"), title("again"))

			_, done, err = s.Restored(ctx)
			require.NoError(t, err)
			require.Equal(t, Erased{}, done, "nothing of the new life is erased")
			require.Contains(t, s.data()["gone"], "again")
			requireCounted(t, s.database)
			done, err = s.Erase(ctx, "demo", keysGone()...)
			require.NoError(t, err)
			require.Equal(t, [2]int{2, 1}, [2]int{done.Records, done.Rows})
			require.NotContains(t, fmt.Sprint(s.normals()), "again")

			require.Positive(t, s.count("records WHERE data = '{}'"))
			_, err = s.Erase(ctx, "demo", record.Key{Table: violation.DefaultTable, ID: "partial"})
			require.NoError(t, err)
			requireCounted(t, s.database)

			s.wall = s.wall.Add(-200 * sampleEvery)
			_, err = s.Erase(ctx, "demo", meeting("with-0").Key())
			require.NoError(t, err)
			require.True(t, s.normals()[meeting("with-0").Key()].Erased(), "the erased form is above the fence, whatever the clock shows")
		})
	}
}
