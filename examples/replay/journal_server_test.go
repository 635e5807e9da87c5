package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// server stores pushed items and writes a journal. It does what a backend does at its sync
// boundary, but without a database.
type server struct {
	engine  merge.Engine
	state   merge.Collection
	marks   map[clock.ClientID]clock.Timestamp
	journal []byte
}

func newServer(guard merge.Guard) *server {
	return &server{engine: merge.Engine{Guard: guard}, marks: make(map[clock.ClientID]clock.Timestamp)}
}

// push decides a batch of items, stores the changes and writes the journal.
func (s *server) push(r merge.Request, batch ...string) {
	var err error
	if r.Items, err = s.engine.Decode([]byte("[" + strings.Join(batch, ",") + "]")); err != nil {
		panic(err)
	}
	push := s.engine.Prepare(r)
	stored := merge.Stored{Records: s.state.Lookup(push.Keys()), Watermarks: []clock.Stamp{{Time: s.marks[r.Actor], Client: r.Actor}}}
	a, err := push.Apply(stored)
	if err != nil {
		panic(err)
	}
	s.journal = append(push.AppendJournal(s.journal, stored, a), '\n')
	for _, u := range a.Updates {
		s.state = merge.Join(s.state, merge.Collect(u.After))
	}
	for _, m := range a.Watermarks {
		s.marks[m.Client] = m.Time
	}
}

// device is a client of the sample. If the field wrong is zero, its clock is right.
type device struct {
	id    clock.ClientID
	wrong time.Duration // how far its clock is ahead
	seen  map[record.Key]record.Record
}

// newDevice returns the device whose ID begins with the two given digits.
func newDevice(digits string) *device {
	id := clock.MustParseClientID(digits + "000000-0000-4000-8000-000000000001")
	return &device{id: id, seen: make(map[record.Key]record.Record)}
}

// pull makes the device show all records of the server.
func (d *device) pull(s *server) {
	for r := range s.state.All() {
		d.seen[r.Key()] = r
	}
}

// edit makes one change to a task as the device shows it, and returns the item to push.
func (d *device) edit(id, at string, change func(*record.Edit) *record.Edit) string {
	return d.editOf(record.Key{Table: "tasks", ID: id}, at, change)
}

// editOf makes one change to a record as the device shows it, and returns the item to push.
func (d *device) editOf(key record.Key, at string, change func(*record.Edit) *record.Edit) string {
	stamp := clock.Stamp{Time: clock.TimestampOf(clockAt(at).Add(d.wrong)), Client: d.id}
	shown, ok := d.seen[key]
	if !ok {
		shown = record.New(key)
	}
	m, err := change(shown.Edit(stamp)).Mutation()
	if err != nil {
		panic(err)
	}
	if d.seen[key], err = merge.Records(shown, m.Data); err != nil {
		panic(err)
	}
	return string(m.AppendJSON(nil))
}

// set changes one field.
func (d *device) set(id, at, field string, value any) string {
	return d.edit(id, at, func(e *record.Edit) *record.Edit { return e.Set(field, value) })
}

// at returns a request for a push by the device, at a time of the server's clock.
func (d *device) at(wall string) merge.Request {
	return merge.Request{Actor: d.id, Wall: clockAt(wall)}
}

// clockAt parses a day of March 2026 and a time, such as "02 09:00:00.000".
func clockAt(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.000", "2026-03-"+text)
	if err != nil {
		panic(err)
	}
	return t
}

// readOnly returns a guard that lets one client write only comments.
func readOnly(guest clock.ClientID) merge.Guard {
	return func(actor clock.ClientID, m record.Mutation) error {
		for name := range m.Data.All() {
			if actor == guest && name != "comment" {
				return errors.New("guests may only comment")
			}
		}
		return nil
	}
}

// rawItem returns an item of one field as a client without this library may send it.
func rawItem(id, field, fieldValue string) string {
	return fmt.Sprintf(`{"table":"tasks","id":%q,"data":{%q:%s}}`, id, field, fieldValue)
}
