package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// prefetched holds what a transaction has read for several pushes at once. It never differs from what is
// stored: put forgets each record that it stores, and the watermarks here replace the stored ones until
// flushMarks stores them.
type prefetched struct {
	records map[record.Key]prefetchedRecord
	actors  map[sender]Actor
	marks   map[clock.ClientID]clock.Stamp
	changed map[clock.ClientID]bool // the watermarks to store
}

// prefetchedRecord is the normal form of a stored record.
type prefetchedRecord struct {
	record.Record
	size    int  // of the stored JSON, in bytes; 0 if the record is not stored
	unswept bool // see session.unswept
}

// sender is the author of a push.
type sender struct {
	user   string
	client clock.ClientID
}

// begin prepares the transaction for the next of several pushes.
func (s *session) begin() {
	s.read, s.written, s.indexed = 0, 0, 0
	clear(s.unswept)
}

// prefetch reads the records, the roles and the watermarks for some pushes. If the records are too large
// together, it reads only some of them.
func (s *session) prefetch(ctx context.Context, group []*pushing) error {
	if err := s.prefetchActors(ctx, group); err != nil {
		return err
	}
	return s.prefetchRecords(ctx, group)
}

func (s *session) prefetchRecords(ctx context.Context, group []*pushing) error {
	var keys []record.Key
	for _, p := range group {
		if p.push != nil {
			keys = append(keys, p.push.Keys()...)
		}
	}
	slices.SortFunc(keys, record.Key.Compare)
	keys = slices.Compact(keys)
	records := make(map[record.Key]prefetchedRecord, len(keys))
	err := s.query(ctx, s.withKeys(keys), func(f found) { records[f.Key()] = prefetchedRecord{Record: f.Record, size: f.size} })
	if err != nil && !isTooLarge(err) {
		return err
	}
	for _, key := range keys {
		r, ok := records[key]
		size, unswept := s.unswept[key]
		if ok || unswept || err == nil { // otherwise it is unknown whether the record is stored
			records[key] = prefetchedRecord{r.Record, max(r.size, size), unswept}
		}
	}
	s.pre.records = records
	return nil
}

// prefetchActors reads the roles and the watermarks for some pushes.
func (s *session) prefetchActors(ctx context.Context, group []*pushing) error {
	type senderRow struct {
		Client string `json:"client"`
		User   string `json:"user"`
	}
	s.pre.actors, s.pre.marks = make(map[sender]Actor), make(map[clock.ClientID]clock.Stamp)
	s.pre.changed = make(map[clock.ClientID]bool)
	var asked []senderRow
	for _, p := range group {
		from := sender{p.by.User, p.by.Client}
		if _, ok := s.pre.actors[from]; !ok {
			s.pre.actors[from] = Actor{User: from.user, Client: from.client, Roles: make(map[string]string)}
			s.pre.marks[from.client] = clock.Stamp{Client: from.client}
			asked = append(asked, senderRow{from.client.String(), from.user})
		}
	}
	list, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	rows, err := s.tx.QueryContext(ctx, s.rows(`
		SELECT r.value->>'user', r.value->>'client', k.at, NULL, NULL
		FROM JSON_ROWS
		LOOKUP marks AS k ON k.client = r.value->>'client'
		UNION ALL
		SELECT r.value->>'user', r.value->>'client', NULL, k.bucket, k.role
		FROM JSON_ROWS
		LOOKUP members AS k ON k.workspace = $2 AND k."user" = r.value->>'user'`), string(list), s.workspace)
	if err != nil {
		return fmt.Errorf("read the roles of users: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var from sender
		var at *clock.Timestamp
		var bucket, role *string
		if err := rows.Scan(&from.user, &from.client, &at, &bucket, &role); err != nil {
			return fmt.Errorf("read the roles of users: %w", err)
		}
		if at != nil {
			s.pre.marks[from.client] = clock.Stamp{Client: from.client, Time: *at}
		}
		if bucket != nil {
			s.pre.actors[from].Roles[*bucket] = *role
		}
	}
	return rows.Err()
}

// take returns the records that were read before, their total size, and the keys of the others.
func (s *session) take(keys []record.Key) (records []record.Record, size int, rest []record.Key) {
	for _, key := range keys {
		r, ok := s.pre.records[key]
		if !ok {
			rest = append(rest, key)
			continue
		}
		if size += r.size; r.unswept {
			s.unswept[key] = r.size
		}
		if r.Len() > 0 {
			records = append(records, r.Record)
		}
	}
	s.read += size
	return records, size, rest
}
