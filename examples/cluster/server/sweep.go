package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// A sweep replaces the stored records by their normal forms, and deletes the messages of dead records. It changes
// only how much is stored, because all reads see normal forms already. A record that is replaced gets a new sequence,
// so clients pull it once more. A message is deleted by its sequence, so one that was replaced meanwhile stays, and a
// push that has read a message which is deleted then conflicts.

// sweptAtOnce is the number of messages that a sweep reads at a time.
const sweptAtOnce = 100

// sweep purges what is below the fence of a workspace, in small batches.
func (s *Server) sweep(ctx context.Context, workspace string) error {
	before, err := s.store.Load(ctx, workspace, []store.Key{stateKey(workspace)})
	if err != nil {
		return err
	}
	now, err := decodeState(before.Entries[0])
	if err != nil || now.Fence.Stamp == 0 {
		return err
	}
	list := func(kind store.Kind) func(int64) (store.Page, error) {
		return func(seq int64) (store.Page, error) { return s.store.List(ctx, workspace, kind, seq, sweptAtOnce) }
	}
	records := func(seq int64) (store.Page, error) { return s.store.After(ctx, workspace, seq, sweptAtOnce) }
	for _, kind := range []struct {
		page  func(seq int64) (store.Page, error)
		sweep func(context.Context, string, []store.Entry) error
	}{{records, s.sweepRecords}, {list(store.KindMark), s.sweeper(now, isOldMark)}, {list(store.KindScope), s.sweeper(now, isEmpty)}} {
		for seq, more := int64(0), true; more; {
			page, err := kind.page(seq)
			if err != nil {
				return err
			}
			if err := kind.sweep(ctx, workspace, page.Entries); err != nil {
				return err
			}
			// What the sweep writes comes after the head.
			seq, more = page.Reached, page.More && page.Reached < before.Head
		}
	}
	return nil
}

// sweeper returns a sweep that deletes the messages at or below the fence for which a condition holds.
func (s *Server) sweeper(now state, isDue func(store.Entry, fence) (bool, error)) func(context.Context, string, []store.Entry) error {
	return func(ctx context.Context, _ string, entries []store.Entry) error {
		var due []store.Entry
		for _, e := range entries {
			is, err := isDue(e, now.Fence)
			if err != nil {
				return err
			}
			if is && e.Seq <= now.Fence.Seq {
				due = append(due, e)
			}
		}
		return s.delete(ctx, due)
	}
}

// isOldMark reports whether a client has written nothing since the fence. The engine needs no such mark.
func isOldMark(e store.Entry, f fence) (bool, error) {
	var m mark
	err := decode(e, &m)
	return m.At <= f.Stamp, err
}

// isEmpty reports whether the list of a scope is empty.
func isEmpty(e store.Entry, _ fence) (bool, error) {
	var list members
	err := decode(e, &list)
	return len(list.Sizes) == 0 && !list.Over, err
}

func (s *Server) delete(ctx context.Context, entries []store.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.store.Delete(ctx, entries)
}

// sweepRecords replaces or deletes the records of a page that are not in their normal form. If they and the lists of
// their scopes are too large together, it sweeps each half.
func (s *Server) sweepRecords(ctx context.Context, workspace string, page []store.Entry) error {
	o := operation{workspace: workspace, marker: markKey(workspace, s.id)}
	for _, e := range page {
		o.keys = append(o.keys, e.Key)
	}
	gone, err := commit(ctx, s, o, func(ctx context.Context, a *attempt) ([]store.Entry, error) { return a.sweep(ctx, o.keys) })
	if status, _ := syncserver.StatusOf(err); status == http.StatusRequestEntityTooLarge && len(page) > 1 {
		half := len(page) / 2
		if err := s.sweepRecords(ctx, workspace, page[:half]); err != nil {
			return err
		}
		return s.sweepRecords(ctx, workspace, page[half:])
	}
	if err != nil {
		return err
	}
	return s.delete(ctx, gone)
}

// sweep puts the normal forms of records, and returns the messages to delete.
func (a *attempt) sweep(ctx context.Context, keys []store.Key) (gone []store.Entry, err error) {
	var updates, removed []merge.Update
	for _, key := range keys {
		r, err := a.recordAt(key)
		if err != nil {
			return nil, err
		}
		after, fate := a.state.Fence.fateOf(r)
		switch fate {
		case rewritten:
			updates = append(updates, merge.Update{After: after})
		case deleted:
			removed = append(removed, merge.Update{After: after})
			gone = append(gone, a.entries[key])
		}
	}
	if err := a.save(updates); err != nil {
		return nil, err
	}
	a.alone = len(keys) == 1
	if a.rules != nil {
		// A list that names a message which is deleted does no harm, but it would never become empty.
		isListed := func(u merge.Update) bool {
			return len(a.rules.ScopesOf(a.records[store.RecordKey(a.workspace, u.After.Key())].Record)) > 0
		}
		removed = slices.DeleteFunc(removed, func(u merge.Update) bool { return !isListed(u) })
		if err := a.index(ctx, append(updates, removed...)); err != nil {
			return nil, err
		}
	}
	if len(a.puts) == 0 {
		return gone, nil
	}
	return gone, a.putMark(a.Server.id, 0)
}

// fate is what a sweep does to a record.
type fate int

const (
	kept fate = iota
	rewritten
	deleted
)

// fateOf returns what a sweep does to a stored record, and the record to put.
//
// A violation row that is closed is dropped: it is rewritten without fields first, so that clients are told to forget
// it, and deleted when that is below the fence. At level 2, a dead record whose sequence is above the fence stays until it
// is below: the deletion must still reach the clients.
func (f fence) fateOf(r stored) (record.Record, fate) {
	n, isOld := f.normal(r.Record), r.seq <= f.Seq
	switch {
	case r.seq == 0:
		return n, kept
	case isClosed(r.Record) && isOld && r.Len() > 0:
		return record.New(r.Key()), rewritten
	case n.Len() == 0 && isOld:
		return n, deleted
	case n.Len() == 0 || n.Len() == r.Len():
		return n, kept
	case n.Key().Table == violation.DefaultTable && n.Erased():
		return n, kept
	}
	return n, rewritten
}
