package server

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// maxMembers is the maximum number of members of a scope. A scope that had more is not checked any longer.
const maxMembers = 10_000

// members is the list of a scope: the records and violation rows that were in it when they were written. Some may
// have left it without a write, because the fence rose.
type members struct {
	// Sizes has the name of each member's message with its size, so that a view knows how much a scope is
	// before it reads it.
	Sizes map[string]int `json:"members"`
	Over  bool           `json:"over,omitempty"` // members are missing, because there were too many
}

// scopes are the lists that an attempt has read. The batch puts all of them.
type scopes map[violation.Scope]*members

func (m *members) keys(workspace string) []store.Key {
	keys := make([]store.Key, 0, len(m.Sizes))
	for _, name := range slices.Sorted(maps.Keys(m.Sizes)) {
		keys = append(keys, store.Key{Workspace: workspace, Kind: store.KindRecord, Name: name})
	}
	return keys
}

func (m *members) size() (total int) {
	for _, size := range m.Sizes {
		total += size
	}
	return total
}

func (m *members) add(name string, size int) {
	if _, ok := m.Sizes[name]; !ok && len(m.Sizes) >= maxMembers {
		m.Over = true
		return
	}
	m.Sizes[name] = size
}

// loadScopes reads the lists of scopes that the attempt has not read yet.
func (a *attempt) loadScopes(ctx context.Context, asked []violation.Scope) error {
	keys := make([]store.Key, len(asked))
	for i, scope := range asked {
		keys[i] = scopeKey(a.workspace, scope.Rule, scope.Name)
	}
	if err := a.load(ctx, keys...); err != nil {
		return err
	}
	for i, scope := range asked {
		if a.scopes[scope] != nil {
			continue
		}
		list := &members{Sizes: make(map[string]int)}
		if err := decode(a.entries[keys[i]], list); err != nil {
			return err
		}
		a.scopes[scope] = list
	}
	return nil
}

// index puts the lists of all scopes that the attempt has looked at, and of all scopes of some records before and
// after their updates, which must be saved. A record without fields has no scope.
func (a *attempt) index(ctx context.Context, updates []merge.Update) error {
	before, after := make([][]violation.Scope, len(updates)), make([][]violation.Scope, len(updates))
	for i, u := range updates {
		found, err := a.record(u.After.Key())
		if err != nil {
			return err
		}
		before[i], after[i] = a.rules.ScopesOf(found.Record), a.rules.ScopesOf(u.After)
		if u.After.Len() == 0 {
			after[i] = nil
		}
		if err := a.loadScopes(ctx, append(before[i], after[i]...)); err != nil {
			return err
		}
	}
	for i, u := range updates {
		key := store.RecordKey(a.workspace, u.After.Key())
		for _, scope := range before[i] {
			delete(a.scopes[scope].Sizes, key.Name)
		}
		for _, scope := range after[i] {
			a.scopes[scope].add(key.Name, len(a.puts[a.at[key]].Data))
		}
	}
	for _, scope := range slices.SortedFunc(maps.Keys(a.scopes), violation.Scope.Compare) {
		text, err := json.Marshal(a.scopes[scope]) // the names are sorted
		if err != nil {
			return err
		}
		a.put(store.Put{Key: scopeKey(a.workspace, scope.Rule, scope.Name), Data: text})
	}
	return nil
}
