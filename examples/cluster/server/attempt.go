package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// attempt is one attempt at an operation: what it has read, and what it puts. Its reads are of different moments,
// but everything that the batch depends on is a put or the state, so the batch conflicts if any of it has changed.
type attempt struct {
	*Server
	workspace string
	id        string // of the batch
	state     state
	head      int64 // of the first read
	entries   map[store.Key]store.Entry
	decoder   record.Decoder
	records   map[store.Key]stored
	loaded    int // bytes of the records and the lists of scopes that were read
	listed    int // bytes of the lists that the attempt keeps
	reads     int // calls to the store
	scopes    scopes
	alone     bool // whether the batch changes one record: it must fit, however large its scopes are

	puts []store.Put
	at   map[store.Key]int // positions in puts
}

func (s *Server) newAttempt(workspace string) *attempt {
	return &attempt{
		Server: s, workspace: workspace, id: newID(), decoder: record.Decoder{Trusted: true},
		entries: make(map[store.Key]store.Entry), records: make(map[store.Key]stored),
		at: make(map[store.Key]int), scopes: make(scopes),
	}
}

// load reads the messages that the attempt has not read yet.
func (a *attempt) load(ctx context.Context, keys ...store.Key) error {
	var missing []store.Key
	asked := make(map[store.Key]bool)
	for _, key := range keys {
		if _, ok := a.entries[key]; !ok && !asked[key] {
			missing = append(missing, key)
			asked[key] = true
		}
	}
	if len(missing) == 0 {
		return nil
	}
	view, err := a.store.Load(ctx, a.workspace, missing)
	if err != nil {
		return fmt.Errorf("read the workspace: %w", err)
	}
	if a.reads++; a.reads == 1 {
		a.head = view.Head
	}
	for i, e := range view.Entries {
		a.entries[missing[i]] = e
		if e.Key.Kind == store.KindRecord || e.Key.Kind == store.KindScope {
			a.loaded += len(e.Data)
		}
	}
	return nil
}

func (a *attempt) readState() (err error) {
	a.state, err = decodeState(a.entries[stateKey(a.workspace)])
	return err
}

// loadRecords reads records, some at a time, and stops with an error if they are too large together. The error has
// the status 413.
func (a *attempt) loadRecords(ctx context.Context, keys []record.Key) error {
	for len(keys) > 0 {
		n := min(len(keys), loadedAtOnce)
		some := make([]store.Key, n)
		for i, key := range keys[:n] {
			some[i] = store.RecordKey(a.workspace, key)
		}
		if err := a.load(ctx, some...); err != nil {
			return err
		}
		if keys = keys[n:]; a.loaded > maxLoaded {
			return syncserver.TooLarge(fmt.Errorf("the stored records take more than %d bytes together: push fewer items at once", maxLoaded))
		}
	}
	return nil
}

// record returns a record as it is stored. The attempt must have read its message.
func (a *attempt) record(key record.Key) (stored, error) {
	r, err := a.recordAt(store.RecordKey(a.workspace, key))
	r.Record = r.WithKey(key)
	return r, err
}

// recordAt returns the record of a message. A record without a message has no key.
func (a *attempt) recordAt(key store.Key) (stored, error) {
	if r, ok := a.records[key]; ok {
		return r, nil
	}
	r, err := decodeRecord(&a.decoder, a.entries[key])
	if err == nil {
		a.records[key] = r
	}
	return r, err
}

// put puts a message. The attempt must have read the message that it replaces. A later put of the same key
// replaces the earlier one.
func (a *attempt) put(p store.Put) {
	p.After = a.entries[p.Key].Seq
	if i, ok := a.at[p.Key]; ok {
		a.puts[i] = p
		return
	}
	a.at[p.Key] = len(a.puts)
	a.puts = append(a.puts, p)
}

// putJSON puts a message in JSON.
func (a *attempt) putJSON(key store.Key, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		a.put(store.Put{Key: key, Data: text})
	}
	return err
}

// putState puts the state of the workspace.
func (a *attempt) putState(s state) error {
	s.Batch = a.id
	return a.putJSON(stateKey(a.workspace), s)
}

// putMark puts the mark of a client. The greater of the stored time and the given one counts.
func (a *attempt) putMark(client clock.ClientID, at clock.Timestamp) error {
	key := markKey(a.workspace, client)
	var before mark
	if err := decode(a.entries[key], &before); err != nil {
		return err
	}
	next := mark{Batch: a.id, At: max(before.At, at)}
	if client == a.Server.id && before.Batch != "" {
		next.Earlier = append([]string{before.Batch}, before.Earlier[:min(len(before.Earlier), mostEarlier-1)]...)
	}
	return a.putJSON(key, next)
}

// save puts records. Of an update, only After counts.
func (a *attempt) save(updates []merge.Update) error {
	for _, u := range updates {
		before, err := a.record(u.After.Key())
		if err != nil {
			return err
		}
		left, changed := move(a.of, before, u.After, a.state.Fence)
		key := store.RecordKey(a.workspace, u.After.Key())
		a.put(store.Put{Key: key, Data: encodeRecord(u.After, left), Buckets: changed})
	}
	return nil
}

// batch returns the batch of the attempt. It depends on the state of the workspace, unless it puts the state.
func (a *attempt) batch() store.Batch {
	b := store.Batch{Workspace: a.workspace, ID: a.id, Puts: a.puts}
	if !a.putsState() {
		b.If = a.entries[stateKey(a.workspace)]
	}
	return b
}

// wall returns the wall clock time.
func (s *Server) wall() time.Time { return s.options.Now() }
