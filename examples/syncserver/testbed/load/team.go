package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// What a team does each day of a simulated year.
const (
	tasksADay    = 20
	meetingsADay = 2  // in one room at one time, until one of them is moved the next day
	lifeOfATask  = 30 // days, after which it is deleted
	lifeOfAMeet  = 10
)

// team simulates a team that works in virtual time.
type team struct {
	wall    atomic.Int64   // the wall clock of all, in Unix nanoseconds
	office  *remote.Client // writes most
	phone   *remote.Client // syncs once a week
	drawer  *remote.Client // syncs every 147 days
	deleted int            // how many records were deleted
}

func newTeam() *team {
	t := new(team)
	t.wall.Store(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return t
}

func (t *team) now() time.Time { return time.Unix(0, t.wall.Load()).UTC() }

func (t *team) pass() { t.wall.Add(int64(24 * time.Hour)) }

// join makes the devices join the workspace demo of a server.
func (t *team) join(ctx context.Context, url string) error {
	for _, device := range []**remote.Client{&t.office, &t.phone, &t.drawer} {
		s := remote.Server{URL: url}
		m, err := s.Join(ctx, "demo", "")
		if err != nil {
			return err
		}
		r, err := replica.Open(replica.Options{ID: m.ClientID, Wall: t.now})
		if err != nil {
			return err
		}
		*device = &remote.Client{Server: s, Token: m.Token, Replica: r}
	}
	return nil
}

// work does the work of a day.
func (t *team) work(ctx context.Context, day int) error {
	for i, w := range workspace(tasksADay)[users+projects:] {
		w.key.ID = id("task", day*tasksADay+i)
		if err := t.edit(w); err != nil {
			return err
		}
	}
	for i := range meetingsADay {
		if err := t.book(day*meetingsADay+i, 9); err != nil {
			return err
		}
	}
	if err := t.change(day); err != nil {
		return err
	}
	if err := t.office.Sync(ctx); err != nil || day%7 > 0 {
		return err
	}
	return t.others(ctx, day)
}

// change edits and deletes records of earlier days.
func (t *team) change(day int) error {
	for i := range tasksADay {
		if day > 0 {
			edited := written{key(board.Tasks, "task", (day-1)*tasksADay+i), map[string]record.Value{
				board.Status: record.MustOf("done"), "tag/customer": record.Deletion(),
			}}
			if err := t.edit(edited); err != nil {
				return err
			}
		}
		if err := t.delete(board.Tasks, "task", (day-lifeOfATask)*tasksADay+i); err != nil {
			return err
		}
	}
	for i := range meetingsADay {
		if err := t.delete(board.Meetings, "meeting", (day-lifeOfAMeet)*meetingsADay+i); err != nil {
			return err
		}
	}
	if day == 0 {
		return nil
	}
	return t.book((day-1)*meetingsADay, 14)
}

// others syncs the devices that sync seldom. The tasks that the device in the drawer edits were deleted
// more than a retention ago.
func (t *team) others(ctx context.Context, day int) error {
	if err := t.phone.Sync(ctx); err != nil || day%147 > 0 {
		return err
	}
	for r := range t.drawer.Replica.Records(board.Tasks) {
		if !r.Deleted() {
			late := map[string]record.Value{board.Title: record.MustOf("Edited on a device in a drawer")}
			if err := t.drawer.Replica.Edit(r.Key(), late); err != nil {
				return err
			}
		}
	}
	return t.drawer.Sync(ctx)
}

func (t *team) edit(w written) error { return t.office.Replica.Edit(w.key, w.fields) }

// book books a room at an hour of a day of the next week.
func (t *team) book(meeting, hour int) error {
	start := t.now().AddDate(0, 0, 7).Truncate(24 * time.Hour).Add(time.Duration(hour) * time.Hour)
	return t.edit(written{key(board.Meetings, "meeting", meeting), map[string]record.Value{
		rooms.FieldTitle: record.MustOf(fmt.Sprintf("Meeting %d", meeting)),
		rooms.FieldSlot:  record.MustOf(rooms.Slot{Room: "Lind", Start: start, End: start.Add(time.Hour)}),
	}})
}

// delete deletes a record, unless its number is negative.
func (t *team) delete(table, kind string, n int) error {
	if n < 0 {
		return nil
	}
	t.deleted++
	return t.edit(written{key(table, kind, n), map[string]record.Value{record.DeletedField: record.MustOf(true)}})
}

func key(table, kind string, n int) record.Key { return record.Key{Table: table, ID: id(kind, n)} }

// live returns the size of the records that are not deleted and of the open violations, as the
// device in the office shows them after a pull.
func (t *team) live(ctx context.Context) (bytes int64, err error) {
	if err := t.office.Pull(ctx); err != nil {
		return 0, err
	}
	for _, table := range board.Tables() {
		for r := range t.office.Replica.Records(table) {
			v, err := violation.Parse(r)
			if table == violation.DefaultTable && (err != nil || v.Status != violation.Open) || r.Deleted() {
				continue
			}
			bytes += int64(len(table) + len(r.Key().ID) + len(r.AppendJSON(nil)))
		}
	}
	return bytes, nil
}
