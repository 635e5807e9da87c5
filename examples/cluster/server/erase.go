package server

import (
	"context"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Erase erases a record: its values leave the store, and so do the violation rows that are about it. Clients get the
// erased form with their next pull, and later items on the record are gone until the retention has passed; see
// merge.Erase. A record that is not stored is treated in the same way, because a client or a backup may have it.
//
// Erase returns the stamp of the erasure. Keep it, with the key, outside the backups of the store. After the store was
// restored from a backup, pass it as at to repeat the erasure, before a server answers. Otherwise at is zero. Erase may
// be repeated after an error.
func (s *Server) Erase(ctx context.Context, workspace string, key record.Key, at clock.Stamp) (clock.Stamp, error) {
	// A row that another push makes after this look-up is in a scope of the record, and is derived again.
	rows, err := s.rowsAbout(ctx, workspace, key)
	if err != nil {
		return clock.Stamp{}, err
	}
	o := operation{workspace: workspace, marker: markKey(workspace, s.id), keys: append(recordKeys(workspace, rows), store.RecordKey(workspace, key))}
	return commit(ctx, s, o, func(ctx context.Context, a *attempt) (clock.Stamp, error) {
		return a.erase(ctx, erasing{key, at, rows})
	})
}

// rowsAbout returns the keys of the violation rows that may hold a value of a record, and are not erased. It reads
// all records of the workspace.
func (s *Server) rowsAbout(ctx context.Context, workspace string, key record.Key) (keys []record.Key, err error) {
	if s.rules == nil {
		return nil, nil
	}
	err = s.each(ctx, workspace, 0, func(r stored) error {
		if r.Key().Table == violation.DefaultTable && isAbout(r.Record, key) && !slices.Contains(keys, r.Key()) {
			keys = append(keys, r.Key())
		}
		return nil
	})
	return keys, err
}

// isAbout reports whether a violation row may hold a value of a record. A row that lists only some of its records may
// be about any record of their table. A row that was derived from the erased record holds no value of it.
func isAbout(row record.Record, key record.Key) bool {
	v, err := violation.Parse(row)
	if err != nil {
		return false // the row has no derived fields
	}
	return v.Record() == key || key.Table == v.ConflictingTable && (v.ConflictingTotal > 0 || slices.Contains(v.Conflicting, key.ID))
}

// erasing is a running erasure.
type erasing struct {
	key  record.Key
	at   clock.Stamp  // zero, unless the erasure is repeated
	rows []record.Key // about the record
}

// erase puts the erased forms of a record and of the rows about it, and what the rules derive again without its
// values.
func (a *attempt) erase(ctx context.Context, e erasing) (clock.Stamp, error) {
	u, stamp, err := a.erasedForm(e.key, e.at)
	if err != nil {
		return stamp, err
	}
	var changes []merge.Update
	if found, _ := a.record(e.key); found.seq == 0 || !u.After.Equal(found.Record) {
		changes = append(changes, u)
	}
	var rows []merge.Update
	erased := make(map[record.Key]bool)
	for _, key := range e.rows {
		row, _, err := a.erasedForm(key, clock.Stamp{})
		if err != nil {
			return stamp, err
		}
		rows = append(rows, row)
		erased[key] = true
	}
	if err := a.replace(ctx, changes, rows, erased); err != nil || len(a.puts) == 0 {
		return stamp, err
	}
	return stamp, a.putMark(a.Server.id, stamp.Time)
}

// erasedForm returns the update that erases a record, and the stamp of the erasure. A new erasure is above the fence,
// so that the erased form is not dead at once.
func (a *attempt) erasedForm(key record.Key, at clock.Stamp) (u merge.Update, stamp clock.Stamp, err error) {
	found, err := a.record(key)
	if err != nil {
		return u, stamp, err
	}
	if at.Time == 0 {
		at.Client = a.Server.id
		if now := max(clock.TimestampOf(a.wall()), a.state.Fence.Stamp+1); !found.Erased() && latestOf(found.Record) < now {
			at.Time = now
		}
	}
	after, err := merge.Erase(found.Record, at)
	if err != nil {
		return u, stamp, err
	}
	w, _ := after.Get(record.DeletedField)
	return merge.Update{Before: a.state.Fence.normal(found.Record), After: merge.Purge(after, a.state.Fence.Stamp, 1)}, w.Stamp, nil
}

// replace saves the erased form of a record and of rows, and checks the scopes of the record. The rules make the rows
// of violations that hold without the erased values again. Rows that they close may quote these values, and are erased.
func (a *attempt) replace(ctx context.Context, changes, rows []merge.Update, erased map[record.Key]bool) error {
	a.alone = true
	var derived []merge.Update
	if a.rules != nil && len(changes)+len(rows) > 0 {
		v := &view{attempt: a, erased: erased}
		report := a.rules.Check(ctx, violation.Input{View: v, Changes: changes, Now: clock.TimestampOf(a.wall())})
		if v.err != nil {
			return v.err
		}
		if err := a.load(ctx, keysOf(a.workspace, report.Updates)...); err != nil {
			return err
		}
		for _, u := range report.Updates {
			if isClosed(u.After) && u.Before.Len() > 0 {
				var err error
				if u, _, err = a.erasedForm(u.After.Key(), clock.Stamp{}); err != nil {
					return err
				}
			}
			derived = append(derived, u)
		}
	}
	final := coalesce(append(changes, rows...), derived)
	if err := a.save(final); err != nil || a.rules == nil {
		return err
	}
	return a.index(ctx, final)
}
