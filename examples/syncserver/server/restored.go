package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Restored repeats the erasures in the file Options.Erasures, and gives each workspace a new epoch,
// after the database was restored from a backup. Call it before servers run on the database again,
// and then call Database.Rewrite if the file exists. Each client that pulls with a cursor is told to
// forget what came from the server, and sends again its own writes that the backup lacks. The first
// result is the number of workspaces with records. Restored may be repeated. If the file does not
// exist, or the option is empty, there are no erasures to repeat. Restored fails before any change if
// SQLite finds that the file is damaged, for example because it was copied while a server wrote to it.
// This check reads the whole file once.
//
// Without Restored, erased values come back, and a client notices the restore only if its cursor is
// above the restored sequence.
func (s *Server) Restored(ctx context.Context) (workspaces int, erased Erased, err error) {
	var all map[string]map[record.Key]clock.Stamp
	if s.options.Erasures != "" {
		if all, err = readErasures(s.options.Erasures); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, erased, err
		}
	}
	if err := s.database.quickCheck(ctx); err != nil {
		return 0, erased, err
	}
	names, err := s.database.workspaces(ctx, `TRUE`)
	if err != nil {
		return 0, erased, err
	}
	names = slices.AppendSeq(names, maps.Keys(all))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		done, err := s.erase(ctx, name, func(e *erasing) error {
			e.epoch = rand.Text()
			e.seq++ // so that clients that listen for changes pull
			if err := e.writeEvent(ctx, journalEvent{Event: "epoch", Wall: e.options.Now()}); err != nil {
				return err
			}
			return e.repeat(ctx, all[name])
		})
		if err != nil {
			return workspaces, erased, fmt.Errorf("renew the epoch of the workspace %q: %w", name, err)
		}
		workspaces++
		erased.Records += done.Records
		erased.Rows += done.Rows
		erased.Lines += done.Lines
	}
	// Clients may also have the epoch of a workspace that had no records when the backup was made.
	// Its next transaction gives it another one.
	_, err = s.database.db.ExecContext(ctx, `UPDATE workspaces SET epoch = '' WHERE seq = 0`)
	return workspaces, erased, err
}

// quickCheck returns an error if an SQLite file is damaged.
func (d *Database) quickCheck(ctx context.Context) error {
	if d.postgres {
		return nil
	}
	var found string
	err := d.db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&found)
	if err == nil && found != "ok" {
		err = errors.New(found)
	}
	if err != nil {
		return fmt.Errorf("the check of the restored database failed; if it is damaged, restore another copy: %w", err)
	}
	return nil
}

// repeat repeats erasures, except those that the restored workspace already has.
func (e *erasing) repeat(ctx context.Context, all map[record.Key]clock.Stamp) error {
	for key, at := range all {
		has, err := e.has(ctx, key, at)
		if err != nil {
			return err
		}
		if !has {
			e.keys[key] = at
		}
	}
	if len(e.keys) == 0 {
		return nil
	}
	return e.run(ctx)
}

// has reports whether the workspace has an erasure: the record is stored in its erased form, its life
// began after the erasure, or its erased form was purged.
func (e *erasing) has(ctx context.Context, key record.Key, at clock.Stamp) (bool, error) {
	r, err := e.stored(ctx, key)
	if err != nil {
		return false, err
	}
	if isBare(r.Record) {
		return e.fence.stamp >= at.Time, nil
	}
	for _, w := range r.All() {
		if w.Stamp.Time < at.Time || w.Stamp.Time == at.Time && !r.Erased() {
			return false, nil
		}
	}
	return true, nil
}
