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
	err := p.locked(context.Background(), "demo", func(tx *session) error {
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
