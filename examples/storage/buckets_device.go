package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// member is a device that pulls from a divided server. The device sees the records that it
// holds.
type member struct {
	*device
	holds  map[record.Key]held
	cursor string
}

// held is a record, and the buckets in which a device holds it.
type held struct {
	record record.Record
	in     []string
}

// line is one line of a chunk, of any kind.
type line struct {
	Reset  []string      `json:"reset"`
	Table  string        `json:"table"`
	ID     string        `json:"id"`
	In     []string      `json:"in"`
	Data   record.Record `json:"data"`
	Left   bool          `json:"left"`
	Cursor string        `json:"cursor"`
	Has    []string      `json:"buckets"`
}

// pull fetches everything new, a few records at a time.
func (m *member) pull(ctx context.Context, s *server) error {
	for {
		c, err := s.pullBuckets(ctx, position{m.id, m.cursor, 2})
		if err != nil || c.cursor == m.cursor {
			return err
		}
		if err := m.take(c); err != nil {
			return err
		}
	}
}

// take changes what the device holds. A device that stores what it holds does this in one
// transaction, together with the cursor.
func (m *member) take(c chunk) error {
	var lines []line
	var reset []string
	for text := range bytes.Lines(c.lines) {
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return err
		}
		lines, reset = append(lines, l), append(reset, l.Reset...)
	}
	loss := buckets.LossOf(reset, lines[len(lines)-1].Has)
	holds := make(map[record.Key]held)
	for key, h := range m.holds {
		holds[key] = held{h.record, loss.Keep(h.in)}
	}
	for _, l := range lines {
		if key := (record.Key{Table: l.Table, ID: l.ID}); l.In != nil || l.Left {
			holds[key] = held{l.Data.WithKey(key), l.In}
		}
	}
	var seen []record.Record
	for key, h := range holds {
		if len(h.in) == 0 {
			delete(holds, key)
			continue
		}
		seen = append(seen, h.record)
	}
	m.holds, m.cursor, m.seen = holds, c.cursor, merge.Collect(seen...)
	return nil
}

// ids returns the IDs of the records that the device holds, sorted.
func (m *member) ids() (ids []string) {
	for key := range m.holds {
		ids = append(ids, key.ID)
	}
	slices.Sort(ids)
	return ids
}
