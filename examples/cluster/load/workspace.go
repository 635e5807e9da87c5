package main

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// workspace is a workspace of a server, with the clients that push to it.
type workspace struct {
	name, invite string
	reader       *remote.Client // fills and checks it
	clients      []*client
	filled       int             // how many records it has
	records      []record.Record // as last pulled, in the order of their numbers
	last         clock.Timestamp // the greatest stamp of the records
}

// workspace returns a workspace of the server by its number; 0 is the open one.
func (t *target) workspace(ctx context.Context, n int) (*workspace, error) {
	for len(t.workspaces) <= n {
		w := &workspace{name: open}
		if i := len(t.workspaces); i > 0 {
			w.name = fmt.Sprintf("load-%d", i)
			var err error
			if w.invite, err = t.invite(w.name); err != nil {
				return nil, err
			}
		}
		m, err := t.server.Join(ctx, w.name, w.invite)
		if err != nil {
			return nil, err
		}
		device, err := replica.Open(replica.Options{ID: m.ClientID})
		if err != nil {
			return nil, err
		}
		w.reader = &remote.Client{Server: t.server, Token: m.Token, Replica: device}
		t.workspaces = append(t.workspaces, w)
	}
	return t.workspaces[n], nil
}

// prepare pulls the workspace, adds records until it has n, and lets the clients see all of them.
func (w *workspace) prepare(ctx context.Context, n int) error {
	for ; w.filled < n; w.filled++ {
		if err := w.reader.Replica.Edit(key(w.filled), fields(w.filled)); err != nil {
			return err
		}
	}
	if err := w.reader.Sync(ctx); err != nil {
		return fmt.Errorf("fill %s: %w", w.name, err)
	}
	w.records = w.records[:0]
	for i := range w.filled {
		r := w.reader.Replica.Shown(key(i))
		w.records = append(w.records, r)
		for _, f := range r.All() {
			w.last = max(w.last, f.Stamp.Time)
		}
	}
	for _, c := range w.clients {
		clear(c.own)
		if err := c.clock.Observe(w.last); err != nil {
			return err
		}
	}
	return nil
}

// check pulls the workspace, and returns an error unless each record is the join of what was there before and
// of what its clients have pushed.
func (w *workspace) check(ctx context.Context) error {
	if err := w.reader.Pull(ctx); err != nil {
		return err
	}
	for i, want := range w.records {
		for _, c := range w.clients {
			if own, ok := c.own[i]; ok {
				var err error
				if want, err = merge.Records(want, own); err != nil {
					return err
				}
			}
		}
		if got := w.reader.Replica.Shown(key(i)); !got.Equal(want) {
			return fmt.Errorf("ACKNOWLEDGED WRITES ARE MISSING: %s of %s is\n%s\nand should be\n%s", key(i), w.name, got.AppendJSON(nil), want.AppendJSON(nil))
		}
	}
	return nil
}

// isMeeting reports whether the record with a number is a meeting. All others are tasks.
func isMeeting(n int) bool { return n%10 == 9 }

func key(n int) record.Key {
	if isMeeting(n) {
		return record.Key{Table: board.Meetings, ID: fmt.Sprintf("meeting-%028d", n)}
	}
	return record.Key{Table: board.Tasks, ID: fmt.Sprintf("task-%031d", n)}
}

// fields returns the fields of the record with a number, as it is made.
func fields(n int) map[string]record.Value {
	if isMeeting(n) {
		return map[string]record.Value{rooms.FieldTitle: record.MustOf(fmt.Sprintf("Meeting %d", n)), rooms.FieldSlot: slot(n, 0)}
	}
	return map[string]record.Value{
		board.Title:    record.MustOf(fmt.Sprintf("Task %d: look into what customer %d said", n, n*7%1000)),
		board.Status:   record.MustOf("todo"),
		board.Due:      record.MustOf("2026-03-02"),
		board.Assignee: record.MustOf(fmt.Sprintf("user-%031d", n%50)),
		board.Project:  record.MustOf(fmt.Sprintf("project-%028d", n%200)),
		board.Notes:    record.MustOf("Seen again after the last release. Ask support for the log, and compare it with the log of January."),
	}
}

// slot returns a time in a room that no other meeting takes.
func slot(n, hour int) record.Value {
	start := time.Date(2026, 3, 2, hour%24, 0, 0, 0, time.UTC).AddDate(0, 0, hour/24%28)
	return record.MustOf(rooms.Slot{Room: fmt.Sprintf("Room %d", n), Start: start, End: start.Add(time.Hour)})
}

// change returns the change that a client makes to the record with a number in its push number turn.
func change(n, turn int) (field string, value record.Value) {
	switch {
	case isMeeting(n):
		return rooms.FieldSlot, slot(n, turn)
	case turn%2 == 0:
		return board.Status, record.MustOf([]string{"todo", "doing", "done"}[turn/2%3])
	}
	return board.Notes, record.MustOf(fmt.Sprintf("Turn %d: seen again after the last release. Ask support for the log.", turn))
}
