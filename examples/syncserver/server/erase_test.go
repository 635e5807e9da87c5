package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// openEraser opens a server that remembers erasures in a file of the test, and logs to a buffer.
func openEraser(t *testing.T, database string) (*calendar, *bytes.Buffer) {
	s := openCalendar(t, database)
	s.options.Erasures = filepath.Join(t.TempDir(), "erasures")
	log := new(bytes.Buffer)
	s.log.to = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.options.Log = s.log.to
	return s, log
}

// past is a workspace with everything that can hold a value of the records tasks/gone and
// meetings/gone. Each such value contains the text "covert", and nothing else does.
type past struct {
	*calendar
	ana   *client
	gone  []record.Mutation // all pushed items on these records and on the violation rows about them
	texts []string          // to look for
}

// keysGone returns the keys of the records to erase.
func keysGone() []record.Key { return []record.Key{task("gone").Key(), meeting("gone").Key()} }

func meeting(id string) record.Record {
	return record.New(record.Key{Table: board.Meetings, ID: id})
}

// booked returns a change that books a room.
func booked(title, room string, hour int) func(*record.Edit) {
	from := time.Date(2100, 3, 1, hour, 0, 0, 0, time.UTC)
	return func(e *record.Edit) {
		e.Set(rooms.FieldTitle, title).Set(rooms.FieldSlot, record.MustOf(rooms.Slot{Room: room, Start: from, End: from.Add(time.Hour)}))
	}
}

// fill pushes the past of the records to erase.
func (c *calendar) fill() *past {
	c.t.Helper()
	p := &past{calendar: c, ana: joined(c.t, listen(c.t, c.Server), "demo", ""), texts: []string{"covert"}}
	for i := range 30 { // old versions stay in free pages
		p.push(task("gone"), func(e *record.Edit) {
			e.Set(board.Notes, strings.Repeat(fmt.Sprint("covert-notes-", i, " "), 1+rand.IntN(2000)))
			e.Set(board.Title, fmt.Sprint("covert-title-", i)).Set(fmt.Sprint("tag/covert-", i), true)
		})
		p.push(task("kept"), title(fmt.Sprint("kept-", i)))
	}
	require.NoError(c.t, p.closeJournal(context.Background(), "demo", math.MaxInt64))
	for hour := range 4 { // three conflicts are resolved, and the last one is open
		p.push(meeting("gone"), booked("covert-meeting", "Lind", hour))
		p.push(meeting(fmt.Sprint("with-", hour)), booked("kept", "Lind", hour))
	}
	p.push(meeting("gone"), booked("covert-meeting", "covert-room", 3))
	for _, scope := range p.options.Rules.ScopesOf(p.gone[len(p.gone)-1].Data) {
		p.texts = append(p.texts, hashOf(scope.Name))
	}
	p.push(meeting("gone"), booked("covert-meeting", "Lind", 3))
	for _, row := range p.rows() {
		p.push(record.New(row.Key()), func(e *record.Edit) { e.Set(violation.FieldNote, "covert-note") })
	}
	for _, refused := range []func(*record.Edit){title("covert" + strings.Repeat("-", board.MaxTitle)), func(e *record.Edit) { e.Set("covert-field", 1) }} {
		for _, r := range []record.Record{task("gone"), meeting("gone")} {
			p.gone = append(p.gone, p.edit(p.ana, r, refused))
		}
	}
	p.ana.push2(p.gone[len(p.gone)-4:]...)
	_, err := p.database.locked(context.Background(), "demo", func(tx *session) error {
		_, err := tx.tx.Exec(`INSERT INTO unchecked (workspace, rule, name) VALUES ('demo', 'room_taken', $1)`, p.texts[1])
		if err != nil {
			return err
		}
		return tx.store(context.Background(), p.options.Rules, []merge.Update{{After: p.lostEdit()}})
	})
	require.NoError(p.t, err)
	return p
}

// push pushes an edit, which must be accepted.
func (p *past) push(shown record.Record, change func(*record.Edit)) {
	p.t.Helper()
	m := p.edit(p.ana, shown, change)
	require.Equal(p.t, "accepted", p.ana.push2(m)[0].Verdict)
	if key := shown.Key(); key.ID == "gone" || key.Table == violation.DefaultTable {
		p.gone = append(p.gone, m)
	}
	p.wall = p.wall.Add(time.Second)
}

// rows returns the violation rows that a client gets.
func (p *past) rows() (rows []record.Record) {
	for _, l := range p.ana.pull("0") {
		if l.Data.Key().Table == violation.DefaultTable {
			rows = append(rows, l.Data)
		}
	}
	return rows
}

// lostEdit returns the row of a lost edit of a field.
func (p *past) lostEdit() record.Record {
	write := func(by byte, text string) record.FieldValue {
		return record.FieldValue{Value: record.MustOf(text), Stamp: clock.Stamp{Time: clock.TimestampOf(p.wall), Client: clock.ClientID{by}}}
	}
	d := merge.Decision{Key: task("gone").Key(), Field: "covert-field", Seen: merge.SeenNo}
	d.Change = merge.Change{Before: write(1, "covert-loser"), Incoming: write(2, "covert-winner"), Outcome: merge.Applied}
	row, ok := p.options.Rules.LostEdit(d)
	require.True(p.t, ok)
	return row
}

// requireNoResidue checks that nothing is left in the database, and that the search finds what was
// not erased.
func (p *past) requireNoResidue(database string) {
	p.t.Helper()
	require.Empty(p.t, databasetest.Residue(p.t, database, p.texts...))
	require.NotEmpty(p.t, databasetest.Residue(p.t, database, "kept-29"))
}

// requireReplay checks that each line of the journal replays to its digest, and returns the number of
// lines.
func (c *calendar) requireReplay() int {
	c.t.Helper()
	var journal bytes.Buffer
	require.NoError(c.t, c.database.Journal(context.Background(), &journal, "demo"))
	lines := strings.Split(strings.TrimSuffix(journal.String(), "\n"), "\n")
	for _, text := range lines {
		line, err := merge.ParseJournalLine([]byte(text))
		require.NoError(c.t, err)
		answer, err := line.Replay()
		require.NoError(c.t, err)
		require.Equal(c.t, line.Answer, answer.Digest())
	}
	return len(lines)
}

// TestErasedTextIsNowhereInTheDatabase erases records, and looks for their values and field names in
// every file, in a dump, in all tables, and in the log. Then clients push everything again.
func TestErasedTextIsNowhereInTheDatabase(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx, database := context.Background(), name(t)
		s, log := openEraser(t, database)
		p := s.fill()
		require.Len(t, p.rows(), 5)
		for _, text := range p.texts {
			require.NotEmpty(t, databasetest.Residue(t, database, text))
		}
		var segment []byte
		require.NoError(t, s.database.db.QueryRow(`SELECT data FROM segments`).Scan(&segment))
		p.texts = append(p.texts, string(segment[100:164]))
		lines := s.requireReplay()
		synced, old := newCopy(p.ana), fmt.Sprint(p.ana.pull("0")[len(p.ana.pull("0"))-1].Seq)
		synced.pullAll(9)

		done, err := s.Erase(ctx, "demo", keysGone()...)
		require.NoError(t, err)
		require.Equal(t, [2]int{2, 5}, [2]int{done.Records, done.Rows})
		require.Positive(t, done.Lines)
		require.NoError(t, s.database.Rewrite(ctx))
		p.requireNoResidue(database)
		require.Equal(t, lines, s.requireReplay(), "the journal keeps its lines")
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
		require.Equal(t, 7, erased, "a client of an earlier version gets all erased forms")
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

		again, err := s.Erase(ctx, "demo", keysGone()...)
		require.NoError(t, err)
		require.Equal(t, Erased{}, again)
		require.Equal(t, s.normals(), synced.holds, "an erasure may be repeated")
	})
}

// backUp copies all tables within the database, and restore brings the copies back.
func (c *calendar) backUp() {
	c.t.Helper()
	for _, table := range c.tables() {
		c.exec(`CREATE TABLE old_` + table + ` AS SELECT * FROM ` + table)
	}
}

func (c *calendar) restore() {
	c.t.Helper()
	for _, table := range c.tables() {
		if old, ok := strings.CutPrefix(table, "old_"); ok {
			c.exec(`DELETE FROM ` + old)
			c.exec(`INSERT INTO ` + old + ` SELECT * FROM ` + table)
			c.exec(`DROP TABLE ` + table)
		}
	}
}

func (c *calendar) exec(statement string) {
	c.t.Helper()
	_, err := c.database.db.Exec(statement)
	require.NoError(c.t, err)
}

// tables returns the names of all tables.
func (c *calendar) tables() (names []string) {
	c.t.Helper()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table'`
	if c.database.postgres {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	rows, err := c.database.db.Query(query)
	require.NoError(c.t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(c.t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(c.t, rows.Err())
	return names
}

// TestErasuresAreRepeatedAfterARestore restores a backup from before an erasure. Restored must erase
// again, with the same stamps, also a record that the backup lacks, and in a workspace that it lacks.
func TestErasuresAreRepeatedAfterARestore(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx, database := context.Background(), name(t)
		s, _ := openEraser(t, database)
		p := s.fill()
		s.backUp()
		p.push(task("late"), title("covert"))
		p.push(task("gone"), title("covert-later"))
		invite, err := s.Invitation("other")
		require.NoError(t, err)
		other := joined(t, p.ana.url, "other", invite)
		other.push2(s.edit(other, task("gone"), title("covert")))
		keys := append(keysGone(), task("late").Key())
		_, err = s.Erase(ctx, "demo", keys...)
		require.NoError(t, err)
		_, err = s.Erase(ctx, "other", keys[0])
		require.NoError(t, err)
		s.wall = s.wall.Add(time.Minute)
		before := make(map[record.Key]record.Record)
		for _, key := range keys {
			before[key] = s.normals()[key]
			require.True(t, before[key].Erased())
		}
		synced := newCopy(p.ana)
		synced.pullAll(9)

		s.restore()
		require.NotEmpty(t, databasetest.Residue(t, database, p.texts...))
		workspaces, done, err := s.Restored(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, workspaces)
		require.Equal(t, [2]int{2, 5}, [2]int{done.Records, done.Rows})
		require.Positive(t, done.Lines)
		require.NoError(t, s.database.Rewrite(ctx))
		p.requireNoResidue(database)
		for _, key := range keys {
			require.Equal(t, before[key], s.normals()[key], "the stamp is the same")
		}
		requireCounted(t, s.database)
		s.requireReplay()
		synced.pullAll(9)
		require.Equal(t, []string{whyEpoch}, synced.whys)
		require.Equal(t, s.normals(), synced.holds)
		for _, m := range p.gone[:3] {
			require.Equal(t, merge.Gone, p.ana.push2(m)[0].Code)
		}
		require.Equal(t, merge.Gone, other.push2(s.edit(other, task("gone"), title("covert")))[0].Code)
		p.requireNoResidue(database)

		_, done, err = s.Restored(ctx)
		require.NoError(t, err)
		require.Equal(t, Erased{}, done)
		remembered, err := readErasures(s.options.Erasures)
		require.NoError(t, err)
		require.Len(t, remembered["demo"], 3)
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
			synced := newCopy(p.ana)
			synced.pullAll(9)
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
		})
	}
}

// TestViolationsThatHoldWithoutTheErasedValuesStayOpen erases a record to which another one refers,
// and one of three records with the same value.
func TestViolationsThatHoldWithoutTheErasedValuesStayOpen(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx := context.Background()
		s, _ := openEraser(t, name(t))
		s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{
			"unique":  violation.Unique{Table: board.Users, Fields: []string{board.Name}},
			"project": violation.LiveReference{Table: board.Tasks, Target: board.Projects, Field: board.Project},
		}}
		p := &past{calendar: s, ana: joined(t, listen(t, s.Server), "demo", "")}
		in := func(table, id string) record.Record { return record.New(record.Key{Table: table, ID: id}) }
		p.push(in(board.Projects, "x"), func(e *record.Edit) { e.Set(board.Name, "covert") })
		p.push(task("a"), func(e *record.Edit) { e.Set(board.Project, "x") })
		for _, id := range []string{"1", "2", "3"} {
			p.push(in(board.Users, id), func(e *record.Edit) { e.Set(board.Name, "Ana") })
		}
		require.Len(t, p.rows(), 1)
		for range 2 {
			_, err := s.Erase(ctx, "demo", in(board.Projects, "x").Key(), in(board.Users, "3").Key())
			require.NoError(t, err)
			rows := p.rows()
			require.Len(t, rows, 2)
			for _, row := range rows {
				v, err := violation.Parse(row)
				require.NoError(t, err)
				require.Equal(t, violation.Open, v.Status)
				require.NotContains(t, v.Conflicting, "3")
			}
			report, err := s.Audit(ctx, "demo")
			require.NoError(t, err)
			require.Empty(t, report.Updates)
			requireCounted(t, s.database)
		}
	})
}
