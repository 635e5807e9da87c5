package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Erased reports what [Server.Erase] or [Server.Restored] erased.
type Erased struct {
	// Records is the number of records with fields, Rows the number of violation rows, and Lines
	// the number of lines of the journal. All three are zero if there was nothing to erase.
	Records, Rows, Lines int
	// Earlier lists the records that were erased before. Unknown lists the records without stored
	// values, perhaps because the key is wrong: writes to them are refused too. Only Erase sets both
	// lists, in the order of the keys.
	Earlier, Unknown []record.Key
}

// errNoErasures reports that Options.Erasures is empty.
var errNoErasures = errors.New("no file is named for the erasures: set Options.Erasures, or use the flag -erasures")

// Erase erases records of a workspace: the values and names of all their fields leave the database,
// and so do the violation rows that are about the records, with all notes, and the values in the
// journal. Each record is stored in its erased form, which clients get with their next pull; see
// merge.Erase. Each write to the record is refused as gone until the retention has passed. A record
// that is not stored is treated in the same way, because a client or a backup may have it. The
// section "Erasure" of the package documentation says what is not reached.
//
// Erase changes everything or nothing, and may be repeated. Before it changes the database, it adds
// the erasures to the file Options.Erasures. The pushes of the workspace wait meanwhile, and on SQLite
// all other pushes. The files of the database may still contain the values until Database.Rewrite
// has returned. The error is ErrEmpty if nothing was pushed to the workspace.
func (s *Server) Erase(ctx context.Context, workspace string, keys ...record.Key) (Erased, error) {
	if s.options.Erasures == "" {
		return Erased{}, errNoErasures
	}
	if err := checkWorkspace(workspace); err != nil {
		return Erased{}, err
	}
	for _, key := range keys {
		if err := key.Check(); err != nil {
			return Erased{}, fmt.Errorf("the key %q: %w", key, err)
		}
	}
	return s.erase(ctx, workspace, func(e *erasing) error {
		if e.seq == 0 {
			return ErrEmpty // rolls back the new row of the workspace
		}
		for _, key := range keys {
			e.keys[key] = clock.Stamp{}
		}
		return e.run(ctx)
	})
}

// erase runs f with a workspace locked, and notifies the listeners.
func (s *Server) erase(ctx context.Context, workspace string, f func(*erasing) error) (Erased, error) {
	var done Erased
	err := s.locked(ctx, workspace, func(tx *session) error {
		e := &erasing{Server: s, session: tx, keys: make(map[record.Key]clock.Stamp)}
		e.at = clock.Stamp{Time: max(clock.TimestampOf(s.options.Now()), tx.fence.stamp+1), Client: clock.ClientID(uuid.New())}
		err := f(e)
		done = e.done
		return err
	})
	if err != nil {
		return Erased{}, err
	}
	return done, nil
}

// erasing is a running erasure in one workspace.
type erasing struct {
	*Server
	*session
	keys     map[record.Key]clock.Stamp // what to erase; the stamp is zero unless the erasure is repeated
	at       clock.Stamp                // the least stamp of new erasures
	scopes   []violation.Scope          // of all erased versions
	derived  map[record.Key]bool        // the violation rows that the rules have changed after the erasure
	erasures []erasure                  // to be remembered
	done     Erased
}

// run erases e.keys.
func (e *erasing) run(ctx context.Context) error {
	if e.postgres {
		if err := liftTimeouts(ctx, e.tx); err != nil {
			return err
		}
	}
	rows, err := e.rowsAbout(ctx)
	if err != nil {
		return err
	}
	for _, key := range slices.SortedFunc(maps.Keys(e.keys), record.Key.Compare) {
		if err := e.eraseRecord(ctx, key); err != nil {
			return err
		}
	}
	for _, key := range rows {
		if err := e.eraseRow(ctx, key); err != nil {
			return err
		}
	}
	if err := e.deriveAgain(ctx); err != nil {
		return err
	}
	if err := e.eraseJournal(ctx); err != nil {
		return err
	}
	return appendErasures(e.options.Erasures, e.erasures) // last, because only the commit can still fail
}

// eraseRecord stores the erased form of a record, and remembers the erasure.
func (e *erasing) eraseRecord(ctx context.Context, key record.Key) error {
	before, err := e.stored(ctx, key)
	if err != nil {
		return err
	}
	at := e.keys[key]
	if at.IsZero() {
		at = e.newStamp(before.Record)
	}
	after, err := merge.Erase(before.Record, at)
	if err != nil {
		return fmt.Errorf("erase the record %q: %w", key, err)
	}
	w, _ := after.Get(record.ErasedField)
	if w.Stamp != e.keys[key] {
		e.erasures = append(e.erasures, erasure{e.workspace, key.Table, key.ID, w.Stamp})
	}
	switch {
	case before.Erased():
		e.done.Earlier = append(e.done.Earlier, key)
	case isBare(before.Record):
		e.done.Unknown = append(e.done.Unknown, key)
	default:
		e.done.Records++
	}
	if err := e.closeLedgers(ctx, key); err != nil {
		return err
	}
	return e.replaceBy(ctx, before, after)
}

// eraseRow stores the erased form of a violation row. If the rules derive the row again, the new
// version replaces the erased form.
func (e *erasing) eraseRow(ctx context.Context, key record.Key) error {
	before, err := e.stored(ctx, key)
	if err != nil {
		return err
	}
	after, err := merge.Erase(before.Record, e.newStamp(before.Record))
	if err != nil {
		return fmt.Errorf("erase the violation row %q: %w", key, err)
	}
	e.done.Rows++
	return e.replaceBy(ctx, before, after)
}

// newStamp returns the argument of merge.Erase for a new erasure. The stamp of the erasure must be
// above the stamps of the record. It is also above the fence, so that the erased form is not dead at
// once. A record that is erased already keeps its stamp.
func (e *erasing) newStamp(r record.Record) clock.Stamp {
	if r.Erased() || latestOf(r) >= e.at.Time {
		return clock.Stamp{Client: e.at.Client} // just above the record
	}
	return e.at
}

// stored returns a record as it is stored, even if it is dead and not swept yet. The size is zero if
// it is not stored.
func (e *erasing) stored(ctx context.Context, key record.Key) (sweptRecord, error) {
	found, err := e.swept(ctx, `
		SELECT seq, tbl, id, data, bucket FROM records WHERE workspace = $1 AND tbl = $2 AND id = $3`, e.workspace, key.Table, key.ID)
	if err != nil || len(found) == 0 {
		return sweptRecord{Record: record.New(key)}, err
	}
	return found[0], nil
}

// replaceBy stores a record in place of its stored version. The scopes of the stored version are
// checked later; see deriveAgain.
func (e *erasing) replaceBy(ctx context.Context, before sweptRecord, after record.Record) error {
	if before.size > 0 && after.Equal(before.Record) {
		return nil
	}
	if before.size > 0 {
		e.unswept[after.Key()] = before.size // also makes store remove all its scopes from the index
	}
	u := merge.Update{Before: before.Record, After: merge.Purge(after, e.fence.stamp, 1)}
	e.scopes = append(e.scopes, e.options.Rules.ScopesOf(u.Before)...)
	return e.session.store(ctx, e.options.Rules, []merge.Update{u})
}
