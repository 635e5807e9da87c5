package merge_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

// client is an app with a replica: the state that the server confirmed, and an outbox of its
// own items that are not confirmed yet. It shows the join of both.
type client struct {
	id        clock.ClientID
	wall      func() time.Time
	wrong     bool          // the server answered that the clock is ahead
	offset    time.Duration // the server's time minus wall(), if wrong is set
	clock     *clock.Clock  // without a bound: the client trusts its server
	confirmed map[record.Key]record.Record
	outbox    []record.Mutation
	cursor    string
}

func (c *client) shown(key record.Key) record.Record {
	all := []record.Record{c.confirmed[key]}
	for _, m := range c.outbox {
		if m.Data.Key() == key {
			all = append(all, m.Data)
		}
	}
	r, ok := merge.Collect(all...).Get(key)
	if !ok {
		return record.New(key)
	}
	return r
}

func (c *client) set(key record.Key, field string, value any) error {
	m, err := c.shown(key).Edit(c.stamp()).Set(field, value).Mutation()
	if err == nil {
		c.outbox = append(c.outbox, m)
	}
	return err
}

func (c *client) stamp() clock.Stamp { return clock.Stamp{Time: c.clock.Now(), Client: c.id} }

// push sends the outbox. An accepted item moves to the confirmed state. An item that is
// refused permanently is dropped, which rolls it back. Edits made in the meantime stay after
// the items that remain.
func (c *client) push(s *memory.Server) error {
	if len(c.outbox) == 0 {
		return nil
	}
	sent, body := c.outbox, []byte{}
	for _, m := range sent {
		body = append(m.AppendJSON(body), '\n')
	}
	text, err := s.Push(c.id, body)
	if err != nil {
		return err
	}
	var replies []merge.Reply
	if err := json.Unmarshal(text, &replies); err != nil {
		return err
	}
	var keep []record.Mutation
	for i, r := range replies {
		fmt.Println(sent[i].Data.Key(), r.Verdict, r.Code, r.Notes)
		switch {
		case r.Verdict == "accepted":
			key := sent[i].Data.Key()
			c.confirmed[key], _ = merge.Collect(c.confirmed[key], sent[i].Data).Get(key)
		case r.Code == merge.TooFarAhead:
			c.offset, c.wrong = r.ServerTime.Time().Sub(c.wall()), true
			keep = append(keep, sent[i])
		case r.Retryable:
			keep = append(keep, sent[i])
		}
	}
	c.outbox = append(keep, c.outbox[len(sent):]...)
	return c.correctClock()
}

// correctClock replaces a wrong clock with one that is above all confirmed stamps, and
// restamps the outbox.
func (c *client) correctClock() error {
	if !c.wrong {
		return nil // do not use the offset: the wall clock may have been corrected since
	}
	wall, offset := c.wall, c.offset
	c.wall, c.wrong = func() time.Time { return wall().Add(offset) }, false
	var last clock.Timestamp
	for _, r := range c.confirmed {
		for _, w := range r.All() {
			last = max(last, w.Stamp.Time)
		}
	}
	var err error
	if c.clock, err = clock.New(clock.Options{Now: c.wall, MaxAhead: -1, Last: last}); err != nil {
		return err
	}
	c.outbox, err = record.Restamp(c.outbox, c.stamp)
	return err
}

// pull replaces the confirmed records with the server's current ones.
func (c *client) pull(s *memory.Server) error {
	lines, next, err := s.Pull(c.id, c.cursor)
	if err != nil {
		return err
	}
	d := record.Decoder{Trusted: true}
	for line := range bytes.Lines(lines) {
		m, err := d.Mutation(line)
		if err != nil {
			return err
		}
		c.confirmed[m.Data.Key()] = m.Data
		for _, w := range m.Data.All() {
			if err := c.clock.Observe(w.Stamp.Time); err != nil {
				return err
			}
		}
	}
	c.cursor = next
	return nil
}

// Two clients of one memory.Server, in a short program. Each has an outbox and confirmed
// state. Both edit one title offline, and one client's clock is an hour ahead. The later edit
// wins, and its client is told that it replaced an edit that it had not seen.
func Example_sync() {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	wall := func() time.Time { now = now.Add(time.Second); return now }
	open := func(id string, wall func() time.Time) *client {
		c, _ := clock.New(clock.Options{Now: wall, MaxAhead: -1})
		return &client{id: clock.MustParseClientID(id), wall: wall, clock: c, confirmed: map[record.Key]record.Record{}}
	}
	s := &memory.Server{
		Now: wall,
		Engine: merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
			if m.Data.Key().Table != "tasks" {
				return fmt.Errorf("no such table")
			}
			return nil
		}},
	}
	ana := open("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10", wall)
	ben := open("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20", func() time.Time { return wall().Add(time.Hour) })
	fence := record.Key{Table: "tasks", ID: "fence"}

	err := errors.Join(
		ana.set(fence, "title", "Paint the fence"),
		ana.push(s),
		ben.pull(s),
		ana.set(fence, "title", "Paint the fence green"),
		ben.set(fence, "title", "Paint the fence red"),
		ben.set(record.Key{Table: "secrets", ID: "1"}, "x", 1),
		ana.push(s),
		ben.push(s), // its clock is an hour ahead
		ben.push(s), // and is corrected
		ana.pull(s),
		ben.pull(s),
	)
	fmt.Println(err)
	for _, c := range []*client{ana, ben} {
		fmt.Println(c.shown(fence).Map(), len(c.outbox))
	}
	// Output:
	// tasks/fence accepted  []
	// tasks/fence accepted  []
	// tasks/fence refused too_far_ahead []
	// secrets/1 refused forbidden []
	// tasks/fence accepted  [lost_edit]
	// <nil>
	// map[title:Paint the fence red] 0
	// map[title:Paint the fence red] 0
}
