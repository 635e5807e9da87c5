package main

import (
	"context"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// device is a client: what it has seen, and how far it has pulled.
type device struct {
	name   string
	id     clock.ClientID
	seen   merge.Collection
	cursor int64
}

// form is a task as the app shows it. An estimate can be absent, unlike a title: its Field
// tells that from 0, and deletes it.
type form struct {
	Title    string              `lww:"title"`
	Estimate record.Field[int64] `lww:"estimate"`
	Done     *bool               `lww:"done"`
}

// shown returns a task as the device sees it.
func (d *device) shown(id string) record.Record {
	key := record.Key{Table: tasksTable, ID: id}
	task, ok := d.seen.Get(key)
	if !ok {
		task = record.New(key)
	}
	return task
}

// edit begins an edit of a task as the device sees it.
func (d *device) edit(id string, at clock.Timestamp) *record.Edit {
	return d.shown(id).Edit(clock.Stamp{Time: at, Client: d.id})
}

// apply joins the device's own mutations to what it sees, and returns them as a batch.
func (d *device) apply(mutations ...record.Mutation) (batch []byte) {
	for _, m := range mutations {
		d.seen = merge.Join(d.seen, merge.Collect(m.Data))
		batch = append(m.AppendJSON(batch), '\n')
	}
	return batch
}

// pull takes in all that is new on the server, a few records at a time. This device is
// too simple to tell what is confirmed from what is its own: it joins, which comes to
// the same as long as nobody repairs a stamp on the server.
func (d *device) pull(ctx context.Context, s *server) error {
	const limit = 2
	for {
		p, err := s.pull(ctx, d.cursor, limit)
		if err != nil || p.cursor == d.cursor {
			return err
		}
		news, err := parseLines(p.lines)
		if err != nil {
			return err
		}
		d.seen, d.cursor = merge.Join(d.seen, news), p.cursor
	}
}

// parseLines reads what a pull returns. A client trusts its server, so there are no
// limits: a record that cannot be pulled would stop all pulls.
func parseLines(lines []byte) (merge.Collection, error) {
	decoder := record.Decoder{Trusted: true}
	items, err := decoder.Batch(lines)
	if err != nil {
		return merge.Collection{}, err
	}
	records := make([]record.Record, len(items))
	for i, item := range items {
		if item.Err != nil {
			return merge.Collection{}, item.Err
		}
		records[i] = item.Mutation.Data
	}
	return merge.Collect(records...), nil
}
