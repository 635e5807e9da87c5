package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
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
func keysGone() []record.Key {
	return []record.Key{task("gone").Key(), meeting("gone").Key(), task(strangeID).Key()}
}

// strangeID has several forms in JSON texts.
const strangeID = "\"<é>\n"

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
	for _, i := range []int{2, 0, 1, 2} {
		p.push(task(strangeID), title(fmt.Sprint("covert-", i)))
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
	p.store(p.lostEdit(), p.partialRow())
	for _, row := range p.rows() {
		p.push(record.New(row.Key()), func(e *record.Edit) { e.Set(violation.FieldNote, "covert-note") })
	}
	for _, refused := range []func(*record.Edit){title("covert" + strings.Repeat("-", board.MaxTitle)), func(e *record.Edit) { e.Set("covert-field", 1) }} {
		for _, r := range []record.Record{task("gone"), meeting("gone")} {
			p.gone = append(p.gone, p.edit(p.ana, r, refused))
		}
	}
	p.ana.push2(p.gone[len(p.gone)-4:]...)
	p.exec(`INSERT INTO unchecked (workspace, rule, name) VALUES ('demo', 'room_taken', '` + p.texts[1] + `')`)
	p.exec(`INSERT INTO scopes (workspace, rule, name, tbl, id) VALUES ('demo', 'former', 'covert', 'tasks', 'gone')`)
	return p
}

// store stores violation rows that no rule derives.
func (p *past) store(rows ...record.Record) {
	p.t.Helper()
	_, err := p.database.locked(context.Background(), "demo", func(tx *session) error {
		var updates []merge.Update
		for _, row := range rows {
			updates = append(updates, merge.Update{After: row})
		}
		return tx.store(context.Background(), p.options.Rules, updates)
	})
	require.NoError(p.t, err)
}

// partialRow returns a closed violation row that lists only some of its meetings.
func (p *past) partialRow() record.Record {
	p.t.Helper()
	row := p.rows()[0]
	e := record.New(record.Key{Table: violation.DefaultTable, ID: "partial"}).Edit(clock.Stamp{Time: clock.TimestampOf(p.wall), Client: p.ana.ID})
	for name, w := range row.All() {
		e.Set(name, w.Value)
	}
	m, err := e.Set("recordId", "with-0").Set("conflictingTable", board.Meetings).Set("conflictingRecords", []string{"with-1"}).
		Set("conflictingTotal", 200).Set("status", "resolved").Set("description", "covert").Mutation()
	require.NoError(p.t, err)
	return m.Data
}

// push pushes an edit, which must be accepted.
func (p *past) push(shown record.Record, change func(*record.Edit)) {
	p.t.Helper()
	m := p.edit(p.ana, shown, change)
	require.Equal(p.t, "accepted", p.ana.push2(m)[0].Verdict)
	if key := shown.Key(); key.ID == "gone" || key.ID == strangeID || key.Table == violation.DefaultTable {
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

// lines returns the lines of the journal.
func (c *calendar) lines() (lines []merge.JournalLine) {
	c.t.Helper()
	var journal bytes.Buffer
	require.NoError(c.t, c.database.Journal(context.Background(), &journal, "demo"))
	for text := range bytes.Lines(journal.Bytes()) {
		line, err := merge.ParseJournalLine(text)
		require.NoError(c.t, err)
		lines = append(lines, line)
	}
	return lines
}

// requireReplay checks that each line of the journal replays to its digest, and returns the number of
// lines.
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
// again, with the same stamps, including a record and a workspace that the backup lacks.
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
		for i := range 2 * maxWords {
			keys = append(keys, task(fmt.Sprint("unknown-", i)).Key())
		}
		done, err := s.Erase(ctx, "demo", keys...)
		require.NoError(t, err)
		require.Len(t, done.Unknown, 2*maxWords)
		require.Empty(t, done.Earlier)
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
		require.Equal(t, [2]int{3, 6}, [2]int{done.Records, done.Rows})
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
		require.Len(t, remembered["demo"], len(keys))
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
				require.False(t, row.Deleted() || row.Erased())
				require.NotContains(t, v.Conflicting, "3")
			}
			report, err := s.Audit(ctx, "demo")
			require.NoError(t, err)
			require.Empty(t, report.Updates)
			requireCounted(t, s.database)
		}
	})
}

// TestUnreadableLinesOfTheJournalAreErased erases a record, while the journal has lines that do not
// parse.
func TestUnreadableLinesOfTheJournalAreErased(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	for _, text := range []string{`{"table":"tasks","id":"gone","title":"covert"`, "other"} {
		ana.push2(s.edit(ana, task("gone"), title("covert")))
		_, err := s.database.locked(context.Background(), "demo", func(tx *session) error {
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

// TestErasedRowIsAbsentBelowTheFence raises the fence above the erased form of a violation row,
// without a sweep. A client must not be able to create the row again, but the rules must.
func TestErasedRowIsAbsentBelowTheFence(t *testing.T) {
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s, _ := openEraser(t, name(t))
			p := s.fill()
			_, err := s.Erase(context.Background(), "demo", keysGone()[:2]...)
			require.NoError(t, err)
			var journal bytes.Buffer
			require.NoError(t, s.database.Journal(context.Background(), &journal, "demo"))
			require.NotContains(t, journal.String(), "covert-note", "the row that lists only a part of its records has a note")
			s.wall = s.wall.Add(time.Hour)
			s.exec(fmt.Sprintf(`UPDATE workspaces SET fence_seq = seq, fence_stamp = %d, level = %d`, clock.TimestampOf(s.wall), level))
			s.wall = s.wall.Add(time.Second)
			for _, row := range p.rows() {
				note := s.edit(p.ana, record.New(row.Key()), func(e *record.Edit) { e.Set(violation.FieldNote, "x") })
				require.True(t, note.New)
				require.Equal(t, merge.Gone, p.ana.push2(note)[0].Code)
			}
			p.push(meeting("gone"), booked("again", "Lind", 3))
			open := 0
			for _, row := range p.rows() {
				if v, err := violation.Parse(row); err == nil {
					require.Equal(t, violation.Open, v.Status)
					require.False(t, row.Deleted())
					open++
				}
			}
			require.Equal(t, 1, open)
			requireCounted(t, s.database)
		})
	}
}

// TestRestoredErasureIsFound checks which stored records show that a restored workspace has an
// erasure.
func TestRestoredErasureIsFound(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	at := func(time clock.Timestamp) clock.Stamp { return clock.Stamp{Time: time, Client: clock.ClientID{1}} }
	write := func(fields ...any) record.Record {
		e := task("a").Edit(at(5))
		for i := 0; i < len(fields); i += 2 {
			e.Set(fields[i].(string), fields[i+1])
		}
		m, err := e.Mutation()
		require.NoError(t, err)
		return m.Data
	}
	erased, err := merge.Erase(task("a"), at(5))
	require.NoError(t, err)
	deleted, err := task("a").Edit(at(5)).DeleteRecord().Mutation()
	require.NoError(t, err)
	for i, c := range []struct {
		stored record.Record
		at     clock.Timestamp
		fence  clock.Timestamp
		has    bool
	}{
		{task("a"), 5, 4, false}, {task("a"), 5, 5, true},
		{deleted.Data, 5, 4, false}, {deleted.Data, 5, 5, true},
		{erased, 5, 0, true}, {erased, 6, 0, false}, {erased, 4, 0, true},
		{write("x", 1), 4, 0, true}, {write("x", 1), 5, 0, false}, {write("x", 1), 6, 0, false},
	} {
		_, err := s.database.locked(context.Background(), fmt.Sprint("w", i), func(tx *session) error {
			tx.fence.stamp = c.fence
			if err := tx.replace(context.Background(), []merge.Update{{After: c.stored}}); err != nil {
				return err
			}
			has, err := (&erasing{Server: s.Server, session: tx}).has(context.Background(), c.stored.Key(), at(c.at))
			require.Equal(t, c.has, has, i)
			return err
		})
		require.NoError(t, err)
	}
}
