package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// client is an app with a replica: the state that its server confirmed, and an outbox of its
// own items that are not confirmed yet. It shows the join of both.
type client struct {
	owner, device string
	id            clock.ClientID
	clock         *clock.Clock // without a bound: the client trusts its server
	confirmed     map[record.Key]record.Record
	outbox        []record.Mutation
	cursor        string
}

// newClient returns an empty client.
func newClient(owner, device string, id clock.ClientID, w *wall) (*client, error) {
	c, err := clock.New(clock.Options{Now: w.read, MaxAhead: -1})
	return &client{
		owner: owner, device: device, id: id, clock: c,
		confirmed: make(map[record.Key]record.Record),
	}, err
}

// name returns the name of the client in the story.
func (c *client) name() string { return c.owner + "'s " + c.device }

// shown returns the state that the client shows.
func (c *client) shown() merge.Collection {
	all := slices.Collect(maps.Values(c.confirmed))
	for _, m := range c.outbox {
		all = append(all, m.Data)
	}
	return merge.Collect(all...)
}

// edit begins an edit of the shown record.
func (c *client) edit(key record.Key) *record.Edit {
	r, ok := c.shown().Get(key)
	if !ok {
		r = record.New(key)
	}
	return r.Edit(clock.Stamp{Time: c.clock.Now(), Client: c.id})
}

// advise returns the violations that a draft would cause among the records that the client
// holds, by the same rules as on the servers.
func (c *client) advise(draft record.Mutation) ([]violation.Violation, error) {
	open, err := rooms.Find(merge.Join(c.shown(), merge.Collect(draft.Data)))
	return slices.DeleteFunc(open, func(v violation.Violation) bool {
		return v.Record() != draft.Data.Key() && !slices.Contains(v.Conflicting, draft.Data.Key().ID)
	}), err
}

// banner returns the text that tells the owner about a violation. The description of a
// violation addresses the host of the newer meeting; the host of the other meeting gets a
// text with the two meetings exchanged.
func (c *client) banner(v violation.Violation) string {
	shown := c.shown()
	subject, _ := shown.Get(v.Record())
	for _, id := range v.Conflicting {
		other, _ := shown.Get(record.Key{Table: v.ConflictingTable, ID: id})
		if rooms.Text(other, rooms.FieldHost) == c.owner {
			return rooms.Banner(other, subject)
		}
	}
	return v.Description
}

// push sends the outbox. An accepted item moves to the confirmed state. An item that is
// refused permanently is dropped, which rolls it back. The clocks of this story are right;
// Example_sync of package merge shows how a client corrects a clock that is ahead.
func (c *client) push(s *server) ([]merge.Reply, error) {
	body := []byte("[]")
	if len(c.outbox) > 0 {
		body = nil
	}
	for _, m := range c.outbox {
		body = append(m.AppendJSON(body), '\n')
	}
	text, err := s.Push(c.id, body)
	if err != nil {
		return nil, err
	}
	var results []merge.Reply
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, err
	}
	var keep []record.Mutation
	for i, r := range results {
		m := c.outbox[i]
		switch {
		case r.Verdict == "accepted":
			joined := merge.Collect(c.confirmed[m.Data.Key()], m.Data)
			c.confirmed[m.Data.Key()], _ = joined.Get(m.Data.Key())
		case r.Retryable:
			keep = append(keep, m)
		}
	}
	c.outbox = append(keep, c.outbox[len(results):]...) // keep the edits made in the meantime too
	return results, nil
}

// pull replaces the confirmed records with the server's current ones, page by page. It does not
// join, because the derived fields of a violation are replaced as a whole, never joined.
func (c *client) pull(s *server) error {
	for {
		lines, next, err := s.Pull(c.id, c.cursor)
		if err != nil || next == c.cursor {
			return err
		}
		if err := c.replace(lines); err != nil {
			return err
		}
		c.cursor = next
	}
}

// replace replaces confirmed records with the records of a page.
func (c *client) replace(lines []byte) error {
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
	return nil
}
