package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// foreignWrites are the values that programs that do not know of sync have written to a record,
// and that have no stamp yet. There are none if a field was set back to its old value.
type foreignWrites struct {
	key    record.Key
	fields map[string]record.Value
}

// locked is what a transaction has locked and loaded.
type locked struct {
	records merge.Collection // with the foreign writes
	stamped []merge.Update   // the foreign writes, to be saved in the same transaction
	absent  []record.Key     // without a record: unless one is saved, their empty rows must go
}

// load locks and loads records, and stamps the foreign writes to them, as the server's own.
// So no transaction changes a record that has a value without a stamp.
func (s *server) load(ctx context.Context, tx *sql.Tx, keys []record.Key) (locked, error) {
	p, err := s.layout.load(ctx, tx, keys)
	if err != nil {
		return locked{}, err
	}
	found := locked{records: p.records}
	for _, r := range p.records.Lookup(keys) {
		if r.Len() == 0 {
			found.absent = append(found.absent, r.Key())
		}
	}
	after := make([]record.Record, 0, len(p.foreign))
	for _, f := range p.foreign {
		stored := p.records.Lookup([]record.Key{f.key})[0]
		u, err := s.edited(stored, f.write)
		if err != nil {
			return locked{}, fmt.Errorf("foreign writes to %s: %w", f.key, err)
		}
		found.stamped, after = append(found.stamped, u), append(after, u.After)
	}
	found.records = merge.Join(found.records, merge.Collect(after...))
	return found, nil
}

// write writes the values in an edit.
func (f foreignWrites) write(e *record.Edit) error {
	for name, v := range f.fields {
		deleted, _ := v.Bool()
		switch {
		case name != record.DeletedField:
			e.Set(name, v)
		case deleted:
			e.DeleteRecord()
		default:
			e.RestoreRecord() // NULL too
		}
	}
	return nil
}

// together returns one update for each record that was stamped, then changed, or both.
func together(stamped, changed []merge.Update) []merge.Update {
	if len(stamped) == 0 {
		return changed
	}
	at := make(map[record.Key]int)
	all := make([]merge.Update, 0, len(stamped)+len(changed))
	for _, u := range stamped {
		at[u.After.Key()] = len(all)
		all = append(all, u)
	}
	for _, u := range changed {
		if i, ok := at[u.After.Key()]; ok {
			all[i].After = u.After
		} else {
			all = append(all, u)
		}
	}
	return all
}

// finish stores what a transaction has stamped and changed of the records that it has locked.
func (s *server) finish(ctx context.Context, tx *sql.Tx, found locked, changed []merge.Update) error {
	if err := s.store(ctx, tx, together(found.stamped, changed)); err != nil {
		return err
	}
	if err := s.layout.discardLocks(ctx, tx, found.absent); err != nil {
		return fmt.Errorf("unlock: %w", err)
	}
	return nil
}

// sweep stamps all foreign writes that have been committed. Call it every second or so: devices
// pull a foreign write only after it was stamped, and it counts as made at that moment.
func (s *server) sweep(ctx context.Context) error {
	const limit = 100
	after := ""
	for {
		ids, err := s.dirtyAfter(ctx, after, limit)
		if err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		if err := s.stamp(ctx, ids); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		if len(ids) < limit {
			return nil
		}
		after = ids[limit-1]
	}
}

// dirtyAfter returns the next IDs of dirty rows, without locking them.
func (s *server) dirtyAfter(ctx context.Context, after string, limit int) (ids []string, err error) {
	if s.layout.dirty == "" {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, s.layout.dirty, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// stamp stamps the foreign writes to tasks in one transaction. Another transaction may have stamped
// them meanwhile, so it reads them again inside the lock.
func (s *server) stamp(ctx context.Context, ids []string) error {
	var keys []record.Key
	for _, id := range ids {
		key := record.Key{Table: tasksTable, ID: id}
		if err := key.Check(); err != nil {
			log.Printf("a foreign row is not synced: %v", err)
			continue
		}
		keys = append(keys, key)
	}
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		found, err := s.load(ctx, tx, keys)
		if err != nil {
			return err
		}
		return s.finish(ctx, tx, found, nil)
	})
}
