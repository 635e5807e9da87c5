package main

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// write makes a write of the server's own: of a cron job, an admin page, or an API without
// sync. The function edit sets fields of the record as it is stored at that moment, which it
// sees with Edit.Seen. Devices pull this write as any other, and later writes win over it.
//
// An error of edit, or an edit that is refused, stores nothing. An edit that writes no field
// changes nothing. The Guard is not asked, since it judges clients.
func (s *server) write(ctx context.Context, key record.Key, edit func(*record.Edit) error) error {
	err := s.transaction(ctx, nil, func(tx *sql.Tx) error {
		found, err := s.load(ctx, tx, []record.Key{key})
		if err != nil {
			return fmt.Errorf("load: %w", err)
		}
		u, err := s.edited(found.records.Lookup([]record.Key{key})[0], edit)
		if err != nil {
			return err
		}
		if u.Before.Equal(u.After) {
			return s.finish(ctx, tx, found, nil)
		}
		return s.finish(ctx, tx, found, []merge.Update{u})
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	return nil
}

// edited returns a stored record with an edit by the server, stamped above the record. Call it
// while the record is locked.
func (s *server) edited(stored record.Record, edit func(*record.Edit) error) (merge.Update, error) {
	// The record was committed before it was loaded, so no rollback can remove a stamp that the
	// clock observes here.
	for _, w := range stored.All() {
		if err := s.clock.Observe(w.Stamp.Time); err != nil {
			return merge.Update{}, err
		}
	}
	e := stored.Edit(clock.Stamp{Time: s.clock.Now(), Client: s.id})
	if err := edit(e); err != nil {
		return merge.Update{}, err
	}
	m, err := e.Mutation()
	if err != nil {
		return merge.Update{}, err
	}
	after, err := merge.Records(stored, m.Data)
	return merge.Update{Before: stored, After: after}, err
}
