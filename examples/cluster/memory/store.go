package memory

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// Store holds messages in memory. Its methods may be called from any number of goroutines. They return errors
// only for faults, for batches that break the rules of the port, and after the end of their context.
type Store struct {
	mu          sync.Mutex
	incarnation string
	seq         int64
	messages    map[store.Key]store.Entry
	heads       map[string]int64
	late        []store.Batch // sent, but not stored yet; see Late
	watchers    map[int]func(store.Change)
	faults      func(store.Batch) Fault
}

// New returns an empty Store.
func New() *Store {
	return &Store{incarnation: rand.Text(), messages: make(map[store.Key]store.Entry), heads: make(map[string]int64), watchers: make(map[int]func(store.Change))}
}

// Copy returns a copy with the same incarnation, as a copy of the files of a cluster has. Batches that are late
// and watchers are not copied.
func (s *Store) Copy() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := New()
	c.incarnation, c.seq, c.faults = s.incarnation, s.seq, s.faults
	c.messages, c.heads = maps.Clone(s.messages), maps.Clone(s.heads)
	return c
}

// Load returns the messages of some keys.
func (s *Store) Load(ctx context.Context, workspace string, keys []store.Key) (store.View, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := store.View{Entries: make([]store.Entry, len(keys)), Head: s.heads[workspace]}
	for i, key := range keys {
		if key.Workspace != workspace {
			return store.View{}, fmt.Errorf("memory: the key %s is of another workspace", key)
		}
		v.Entries[i] = store.Entry{Key: key}
		if e, ok := s.messages[key]; ok {
			v.Entries[i] = e
		}
	}
	return v, ctx.Err()
}

// Commit stores a batch.
func (s *Store) Commit(ctx context.Context, b store.Batch) error {
	if err := errors.Join(ctx.Err(), check(b)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commitWith(s.faultOf(b), b)
}

// check returns an error for a batch that breaks the rules of the port.
func check(b store.Batch) error {
	if b.ID == "" {
		return errors.New("memory: a batch without an ID")
	}
	seen := map[store.Key]bool{b.If.Key: b.If.Key != (store.Key{})}
	for _, p := range b.Puts {
		if seen[p.Key] || p.Key.Workspace != b.Workspace {
			return fmt.Errorf("memory: the key %s stands in a batch twice, or is of another workspace", p.Key)
		}
		seen[p.Key] = true
	}
	if len(b.Puts) > store.MostPuts {
		return store.ErrTooLarge
	}
	return nil
}

// store stores a batch if nothing that it expects has changed.
func (s *Store) store(b store.Batch) error {
	holds := func(key store.Key, seq int64) bool { return key == (store.Key{}) || s.messages[key].Seq == seq }
	if !holds(b.If.Key, b.If.Seq) {
		return store.ErrConflict
	}
	for _, p := range b.Puts {
		if !holds(p.Key, p.After) {
			return store.ErrConflict
		}
	}
	change := store.Change{Workspace: b.Workspace}
	for _, p := range b.Puts {
		s.seq++
		s.messages[p.Key] = store.Entry{Key: p.Key, Seq: s.seq, Data: slices.Clone(p.Data)}
		change.Buckets = append(change.Buckets, p.Buckets...)
		change.Any = change.Any || p.Key.Kind == store.KindState || p.Key.Kind == store.KindUser
	}
	s.seq++
	s.heads[b.Workspace], change.Seq = s.seq, s.seq
	for _, notify := range s.watchers {
		notify(change)
	}
	return nil
}

// After returns the records with the next sequences.
func (s *Store) After(ctx context.Context, workspace string, seq int64, limit int) (store.Page, error) {
	return s.List(ctx, workspace, store.KindRecord, seq, limit)
}

// List returns the messages of a kind with the next sequences.
func (s *Store) List(ctx context.Context, workspace string, kind store.Kind, seq int64, limit int) (store.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := store.Page{Reached: max(seq, s.heads[workspace])}
	for key, e := range s.messages {
		if key.Workspace == workspace && key.Kind == kind && e.Seq > seq {
			page.Entries = append(page.Entries, e)
		}
	}
	slices.SortFunc(page.Entries, func(a, b store.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	if len(page.Entries) > limit {
		page.Entries = page.Entries[:limit]
		page.Reached, page.More = page.Entries[limit-1].Seq, true
	}
	return page, ctx.Err()
}

// Workspaces returns the workspaces with records, sorted.
func (s *Store) Workspaces(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := slices.Sorted(maps.Keys(s.heads))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" }), ctx.Err()
}

// Delete deletes messages, unless they were replaced.
func (s *Store) Delete(ctx context.Context, entries []store.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		if s.messages[e.Key].Seq == e.Seq {
			delete(s.messages, e.Key)
		}
	}
	return ctx.Err()
}

// Incarnation returns the random name that New or Renew gave the Store.
func (s *Store) Incarnation(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.incarnation, ctx.Err()
}

// Renew gives the Store a new random name.
func (s *Store) Renew(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.incarnation = rand.Text()
	return ctx.Err()
}

// Health returns nil.
func (s *Store) Health(ctx context.Context) error { return ctx.Err() }
