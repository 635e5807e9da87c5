package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// The limits of a chunk. A chunk that finds few records for its user ends after it has read maxScanned messages or
// scannedBytes.
const (
	maxPage      = 500
	maxScanned   = 10_000
	scannedBytes = 16 << 20
)

// maxReadings is how often a chunk is read until the state of the workspace and the rights of the user are the same
// before and after.
const maxReadings = 10

// found is a record that a client needs, or needs to be told about.
type found struct {
	stored
	in   []string // the buckets in which the client holds the record
	left []string // the buckets that it left after the client had, or may have had, it there
}

// bounds say where a chunk begins, and after how many records and bytes it ends.
type bounds struct {
	at             buckets.Cursor
	records, bytes int
}

// readPage reads the next chunk after a cursor.
func (s *Server) readPage(ctx context.Context, m syncserver.Sender, b bounds) (*reading, error) {
	for range maxReadings {
		r, err := s.begin(ctx, m, b.at)
		if err == nil {
			err = r.read(ctx, b)
		}
		if err != nil {
			return nil, unavailable(err)
		}
		same, err := r.isSame(ctx)
		if err != nil {
			return nil, unavailable(err)
		}
		if same {
			return r, nil
		}
	}
	return nil, unavailable(errors.New("the rights or the fence have changed again and again during a pull"))
}

// reading is a chunk that is being read. The records are read after the fence and the rights, and then these must
// be the same: otherwise a record might be missing that was purged meanwhile, or one might be sent that the user
// may not read any longer.
type reading struct {
	*Server
	member syncserver.Sender
	before store.View // the state of the workspace and the user
	state  state
	now    buckets.Snapshot
	at     buckets.Cursor // begun

	decoder record.Decoder
	found   []found
	last    map[record.Key]int // positions in found
	scanned int                // messages
	bytes   int                // of them
	size    int                // bytes of the records that were found
	reached int64
	more    bool
	idle    bool // whether no record had to be read
}

func (r *reading) keys() []store.Key {
	return []store.Key{stateKey(r.member.Workspace), userKey(r.member.Workspace, r.member.User)}
}

// begin reads the state of a workspace and the rights of a user.
func (s *Server) begin(ctx context.Context, m syncserver.Sender, at buckets.Cursor) (*reading, error) {
	r := &reading{Server: s, member: m, at: at, decoder: record.Decoder{Trusted: true}, last: make(map[record.Key]int)}
	epoch, err := s.epochNow(ctx)
	if err != nil {
		return nil, err
	}
	if r.before, err = s.store.Load(ctx, m.Workspace, r.keys()); err != nil {
		return nil, err
	}
	if r.state, err = decodeState(r.before.Entries[0]); err != nil {
		return nil, err
	}
	u, err := decodeUser(r.before.Entries[1])
	if err != nil {
		return nil, err
	}
	r.now = buckets.Snapshot{Epoch: epoch, Seq: r.before.Head, Fence: r.state.Fence.Seq, Granted: u.granted(s.of)}
	r.at.Begin(r.now)
	return r, nil
}

// isSame reports whether the state and the rights are still the same. It removes the records that were replaced since
// they were read: they come later, with their new sequences. Such a record may have been replaced even before the chunk
// began, because the node that sent a page was behind. If it had also left its bucket by then, the client would keep
// it: a client is not told what left a bucket before it began to load the bucket.
func (r *reading) isSame(ctx context.Context) (bool, error) {
	if r.idle {
		return true, nil
	}
	keys := r.keys()
	for _, f := range r.found {
		keys = append(keys, store.RecordKey(r.member.Workspace, f.Key()))
	}
	after, err := r.store.Load(ctx, r.member.Workspace, keys)
	if err != nil {
		return false, err
	}
	if after.Head < r.reached { // the view is older than a page, so it may lack a change of the rights
		return false, nil
	}
	for i := range r.found {
		if after.Entries[len(r.before.Entries)+i].Seq != r.found[i].seq {
			r.found[i].seq = 0
		}
	}
	return slices.EqualFunc(r.before.Entries, after.Entries[:len(r.before.Entries)], func(a, b store.Entry) bool { return a.Seq == b.Seq }), nil
}

// read reads the next records until there are enough.
func (r *reading) read(ctx context.Context, b bounds) error {
	r.reached = r.now.Seq
	if len(r.now.Granted) > 0 {
		for _, granted := range r.now.Granted {
			after, _ := r.at.Range(granted)
			r.reached = min(r.reached, after)
		}
	}
	r.idle = r.reached == r.now.Seq
	r.more = !r.idle
	for n := max(b.records, 1); r.more && len(r.found) < b.records && r.size < b.bytes && r.scanned < maxScanned && r.bytes < scannedBytes; n *= 2 {
		page, err := r.store.After(ctx, r.member.Workspace, r.reached, min(n, maxPage))
		if err != nil {
			return fmt.Errorf("read the records: %w", err)
		}
		for _, e := range page.Entries {
			if err := r.add(e); err != nil {
				return err
			}
			r.bytes += len(e.Data)
		}
		r.scanned += max(len(page.Entries), 1)
		r.reached, r.more = page.Reached, page.More || page.Reached < r.now.Seq
	}
	return nil
}

// add adds a record, if the client needs a line about it. A record can come twice, because it is written while it
// is read: then the later one counts.
func (r *reading) add(e store.Entry) error {
	rec, err := decodeRecord(&r.decoder, e)
	if err != nil {
		return err
	}
	one, needed := r.judge(rec)
	if i, ok := r.last[rec.Key()]; ok {
		r.found[i].seq = 0 // removed
		needed = true
		if len(one.in) == 0 && len(one.left) == 0 {
			one.left = r.now.Buckets()
		}
	}
	if needed {
		r.last[rec.Key()] = len(r.found)
		r.found = append(r.found, one)
		r.size += rec.size
	}
	return nil
}

// judge returns a record, and whether the client needs a line about it. It does if the record is in one
// of its buckets and has changed after what the client has of the bucket, or if it has left a bucket after the
// client was granted the bucket and began to load it.
func (r *reading) judge(rec stored) (found, bool) {
	one := found{stored: rec, in: r.in(r.state.Fence.normal(rec.Record))}
	for _, name := range one.in {
		if after, _ := r.at.Range(r.now.Granted[name]); rec.seq > after {
			return one, true
		}
	}
	for name, left := range departures(r.of, rec, r.state.Fence) {
		granted, ok := r.now.Granted[name]
		if after, begun := r.at.Range(granted); ok && rec.seq > after && left > max(begun, granted) {
			one.left = append(one.left, name)
		}
	}
	slices.Sort(one.left)
	return one, len(one.left) > 0
}

// in returns the buckets in which the client holds a record, given its normal form. Without Options.Buckets, the
// Frontend decides which dead records a client needs.
func (r *reading) in(n record.Record) []string {
	if r.of != nil {
		return r.now.Has(r.of.Of(n, r.state.Fence.Stamp))
	}
	if _, ok := r.now.Granted[""]; !ok || n.Len() == 0 {
		return nil
	}
	return []string{""}
}
