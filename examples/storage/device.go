package main

import (
	"context"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// device is a client: the state that it has seen, and its pull cursor.
type device struct {
	name   string
	id     clock.ClientID
	seen   merge.Collection
	cursor int64
}

// form is a task as the app shows it. A title is always present, but an estimate may be
// absent: its Field distinguishes absent from 0, and can delete the field.
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

// apply joins the device's own mutations to the state that it shows, and returns them
// as a batch.
func (d *device) apply(mutations ...record.Mutation) (batch []byte) {
	for _, m := range mutations {
		d.seen = merge.Join(d.seen, merge.Collect(m.Data))
		batch = append(m.AppendJSON(batch), '\n')
	}
	return batch
}

// pull fetches everything new from the server, a few records at a time. This device
// does not separate confirmed state from its own writes: it joins what it pulls to what
// it has. The result is the same unless a stamp is repaired on the server.
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

// parseLines reads the lines that a pull returns. A client trusts its server, so it
// sets no limits: a single record that it could not read would stop all its pulls.
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
