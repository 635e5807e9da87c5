package server

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Written reports what [Server.Write] did.
type Written struct {
	// Seq is the sequence of the last record that the write stored, or zero if it stored nothing. A
	// client whose cursor has reached Seq has pulled the write.
	Seq int64
	// Answer has a merge.Result for each record that the function has changed, in the order of the
	// keys. None is a refusal.
	Answer merge.Answer
	// Report has the violations that opened, closed or changed. Its Err is not nil if a rule failed; the
	// write is stored in any case, as a push would be.
	Report violation.Report
}

// Write edits a record as the server itself: for a cron job, an admin page, or an API that existed
// before. It loads the record with the workspace locked, and calls the function with an Edit of it;
// Edit.Seen is the record as it is stored, without fields if there is none. The edit is then decided,
// checked by the rules, journaled and stored like the push of a client:
//
//	done, err := srv.Write(ctx, "demo", record.Key{Table: "tasks", ID: "42"}, func(e *record.Edit) error {
//		e.Set("status", "done")
//		return nil
//	})
//
// The write wins over everything that is stored, and a later write of a client wins over it. It is based
// on the stored record, so it never makes a lost edit. Set also writes a value that is stored already;
// SetMap and SetStruct write only what differs. A write without changes stores nothing.
//
// The server may write to every record: neither Options.Buckets nor Options.MayWrite limits it. So a field
// that only the server may write is one that MayWrite refuses to all clients. Options.Guard is asked,
// because it knows which values are valid.
//
// If the function returns an error, nothing is stored, and Write returns that error. The function runs at
// most once, in the transaction and with the workspace locked, so it must be fast and must not call the
// Server. If the write is refused, nothing is stored, and the error wraps a *merge.Refusal: with the code
// merge.Gone if the record was erased, or was deleted and purged, and with merge.RecordFull,
// merge.StorageFull or a code of the Guard otherwise. An invalid field, such as a reserved one, is a
// *record.Error, which wraps ErrOldName for a name that Options.Lenses has replaced. While the wall clock
// is not set, Write fails with a *clock.WallError. Any other error means that the write was not stored,
// unless the commit failed: then it may be stored.
//
// A workspace is created by its first write. Server.HasWorkspace tells whether a name is mistyped.
//
// Any number of processes may write to one database. See "The server's own writes" in the package
// documentation for the stamps.
func (s *Server) Write(ctx context.Context, workspace string, key record.Key, edit func(*record.Edit) error) (Written, error) {
	return s.WriteAll(ctx, workspace, []record.Key{key}, func(all []*record.Edit) error { return edit(all[0]) })
}

// WriteAll is like Write, for several records in one transaction: it stores all edits or none. The
// function gets an Edit for each key, in the order of the keys. No key may occur twice. All edits have the
// same stamp. As with a push, the records must have at most 16 MiB in total.
func (s *Server) WriteAll(ctx context.Context, workspace string, keys []record.Key, edit func([]*record.Edit) error) (Written, error) {
	if err := checkWorkspace(workspace); err != nil {
		return Written{}, err
	}
	if err := checkKeys(keys); err != nil {
		return Written{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	w := writing{Server: s, keys: keys, edit: edit, by: Sender{Workspace: workspace, Client: s.id}}
	var done Written
	err := s.maintain(ctx, workspace, func(tx *session) (err error) {
		done, err = w.run(ctx, tx)
		return err
	})
	if err != nil {
		return Written{}, err
	}
	if done.Seq > 0 {
		s.logPush(ctx, w.by, Outcome{Answer: done.Answer, Report: done.Report})
		s.metrics.countWrite(done)
	}
	return done, nil
}

// checkKeys returns an error for an invalid key, and for one that occurs twice.
func checkKeys(keys []record.Key) error {
	seen := make(map[record.Key]bool, len(keys))
	for _, key := range keys {
		if err := key.Check(); err != nil {
			return fmt.Errorf("the key %q: %w", key, err)
		}
		if seen[key] {
			return fmt.Errorf("the key %q occurs twice", key)
		}
		seen[key] = true
	}
	return nil
}

// writing is a write of the server itself.
type writing struct {
	*Server
	by    Sender
	keys  []record.Key
	edit  func([]*record.Edit) error
	noted bool // see pushing
}

// run makes the write in a transaction that holds the lock of the workspace.
func (w *writing) run(ctx context.Context, tx *session) (done Written, err error) {
	wall := w.options.Now()
	items, err := w.items(ctx, tx, wall)
	if err != nil || len(items) == 0 {
		return done, err
	}
	p := &pushing{ctx: ctx, by: w.by, items: items, server: true, noted: w.noted}
	w.prepare(tx, p, merge.Request{Actor: w.by.Client, Wall: wall, Items: items})
	out, err := w.apply(ctx, tx, p)
	if err != nil {
		return done, err
	}
	for _, r := range out.Answer.Results {
		if r.Refusal != nil {
			return done, fmt.Errorf("%q: %w", r.Key, r.Refusal)
		}
	}
	if err := tx.placeRest(ctx, w.options.Rules); err != nil {
		return done, err
	}
	return Written{Seq: tx.seq, Answer: out.Answer, Report: out.Report}, nil
}

// items loads the records, has them edited, and returns the edits that change something.
func (w *writing) items(ctx context.Context, tx *session, wall time.Time) (items []record.Item, err error) {
	sorted := slices.SortedFunc(slices.Values(w.keys), record.Key.Compare)
	found, err := tx.get(ctx, sorted)
	if err != nil {
		return nil, err
	}
	seen := found.Lookup(w.keys)
	at, err := stampAbove(tx.fence.stamp, seen, wall)
	if err != nil {
		return nil, err
	}
	edits := make([]*record.Edit, len(seen))
	for i, r := range seen {
		edits[i] = r.Edit(clock.Stamp{Time: at, Client: w.by.Client})
	}
	if err := w.edit(edits); err != nil {
		return nil, err
	}
	for i, e := range edits {
		m, err := e.Mutation()
		if err != nil {
			return nil, fmt.Errorf("%q: %w", w.keys[i], err)
		}
		for name := range m.Data.All() {
			if err := w.options.refuseOldName(w.keys[i].Table, name); err != nil {
				return nil, fmt.Errorf("%q: %w", w.keys[i], err)
			}
		}
		if m.Data.Len() > 0 {
			items = append(items, record.Item{Mutation: m})
		}
	}
	return items, nil
}

// stampAbove returns the time of a write that wins over the given records, and that is above a fence. It
// fails if the wall clock is not set: a stamp of 1970 would lose against each edit of a client that was
// offline.
//
// The clock lives as long as the write. Everything that it must know is stored: the records, and the fence.
// It has no bound, because a stored stamp cannot be refused: without a greater one, the write would lose.
func stampAbove(fence clock.Timestamp, records []record.Record, wall time.Time) (clock.Timestamp, error) {
	now := func() time.Time { return wall }
	bounded, err := clock.New(clock.Options{Now: now})
	if err != nil {
		return 0, err
	}
	if err := bounded.Check(0); err != nil {
		return 0, err
	}
	c, err := clock.New(clock.Options{Now: now, MaxAhead: -1, Last: fence})
	if err != nil {
		return 0, err
	}
	for _, r := range records {
		if err := c.Observe(latestOf(r)); err != nil {
			return 0, fmt.Errorf("%q: %w", r.Key(), err)
		}
	}
	return c.Now(), nil
}

// prepare prepares a push within a transaction: the request names the imports of the workspace.
func (s *Server) prepare(tx *session, p *pushing, r merge.Request) {
	r.Imports = tx.imports.ids()
	engine := s.engineFor(p)
	p.push = engine.Prepare(r)
}

// engineFor returns the engine that decides on a push. A write of the server itself has a stamp above the
// stored ones, so it has no bound.
func (s *Server) engineFor(p *pushing) merge.Engine {
	e := s.engine
	if p.server {
		e.MaxAhead = -1
	}
	if p.noted {
		e.Guard = nil
	}
	return e
}
