package main

import (
	"fmt"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// meeting is what a client books: an ID, a title and a slot.
type meeting struct {
	id, title string
	slot      rooms.Slot
}

// slot returns a slot of one hour in a room.
func slot(room string, hour int) rooms.Slot {
	return rooms.Slot{Room: room, Start: at(hour, 0), End: at(hour+1, 0)}
}

// book lets a client make a new meeting.
func (t *story) book(c *client, m meeting) {
	t.say("  %s books %s at %s for %q", c.name(), m.slot.Room, rooms.Hour(m.slot.Start), m.title)
	t.plan(c, c.edit(m.key()).SetStruct(rooms.Meeting{Title: m.title, Host: c.owner, Slot: m.slot}))
}

// move lets a client move a meeting. The edit writes only the slot, because no other field of
// the meeting changed, so it does not overwrite a new title.
func (t *story) move(c *client, m meeting, to rooms.Slot) {
	t.say("  %s moves %q to %s", c.name(), m.title, rooms.Hour(to.Start))
	shown, _ := c.shown().Get(m.key())
	var moved rooms.Meeting
	t.do(shown.Struct(&moved))
	moved.Slot = to
	t.plan(c, c.edit(m.key()).SetStruct(moved))
}

// key returns the key of the meeting.
func (m meeting) key() record.Key { return record.Key{Table: rooms.Table, ID: m.id} }

// plan prints what the rules on the client say about an edit, and makes the edit in any case.
func (t *story) plan(c *client, e *record.Edit) {
	draft, err := e.Mutation()
	t.do(err)
	open, err := c.advise(draft)
	t.do(err)
	if len(open) == 0 {
		t.say("    the rules, run on the %s: no known conflict", c.device)
	}
	for _, v := range open {
		t.say("    the rules, run on the %s: %s", c.device, t.advice(c, v, draft))
	}
	c.outbox = append(c.outbox, draft)
}

// advice returns a sentence about the meeting that conflicts with a draft.
func (t *story) advice(c *client, v violation.Violation, draft record.Mutation) string {
	key := v.Record()
	if key == draft.Data.Key() && len(v.Conflicting) > 0 {
		key = record.Key{Table: v.ConflictingTable, ID: v.Conflicting[0]}
	}
	other, _ := c.shown().Get(key)
	s, err := rooms.SlotOf(other)
	t.do(err)
	return fmt.Sprintf("%s is taken from %s (%q)", s.Room, rooms.Hour(s.Start), rooms.Text(other, rooms.FieldTitle))
}

// write lets a client make an edit without advice.
func (t *story) write(c *client, e *record.Edit) {
	m, err := e.Mutation()
	t.do(err)
	c.outbox = append(c.outbox, m)
}

// sync lets a client push its outbox and pull, and prints the answers.
func (t *story) sync(c *client, s *server) {
	sent := c.outbox
	results, err := c.push(s)
	t.do(err)
	for i, r := range results {
		what := r.Verdict
		if r.Code != "" {
			what = fmt.Sprintf("%s, %s at %s", what, r.Code, r.Path)
		}
		t.say("  %s answers %s about %s: %s", s.name, c.name(), sent[i].Data.Key(), what)
	}
	t.do(c.pull(s))
}

// pull lets a client pull, and prints the range of changes.
func (t *story) pull(c *client, s *server) {
	from := c.cursor
	t.do(c.pull(s))
	t.say("  %s pulls from %s the changes after %s, up to %s", c.name(), s.name, from, c.cursor)
}

// syncAll syncs both clients and both servers, and prints nothing.
func (t *story) syncAll() {
	_, err := t.ana.push(t.west)
	t.do(err)
	_, err = t.ben.push(t.east)
	t.do(err)
	t.do(exchange(t.east, t.west))
	t.do(t.ana.pull(t.west))
	t.do(t.ben.pull(t.east))
}

// about returns the violation about a meeting, from the state that a client shows.
func (t *story) about(c *client, m meeting) violation.Violation {
	for _, v := range violations(c.shown()) {
		if v.Record() == m.key() {
			return v
		}
	}
	t.do(fmt.Errorf("%s shows no violation about %q", c.name(), m.title))
	return violation.Violation{}
}

// rowOf returns the key of the row that holds a violation.
func rowOf(v violation.Violation) record.Key {
	return record.Key{Table: violation.DefaultTable, ID: v.ID}
}
