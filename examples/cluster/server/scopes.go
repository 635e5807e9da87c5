package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// maxMembers is the maximum number of members of a scope. A scope that had more is not checked any longer.
const maxMembers = 2_000

// members is the list of a scope: the records and violation rows that were in it when they were written. Some may
// have left it without a write, because the fence rose.
type members struct {
	// Sizes has the name of each member's message with its size, so that a view knows how much a scope is
	// before it reads it.
	Sizes map[string]int `json:"members,omitempty"`
	// Over says that there were too many members. Then the list has none: it would be read and put with each
	// push to the scope, and nothing would use it.
	Over bool `json:"over,omitempty"`
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
	if m.Over {
		return
	}
	if m.Sizes[name] = size; len(m.Sizes) > maxMembers {
		m.drop()
	}
}

// drop makes the scope one that is not checked any longer.
func (m *members) drop() { m.Sizes, m.Over = nil, true }

// errManyLists reports that the lists of the scopes of a push are too large together.
var errManyLists = fmt.Errorf("the lists of the rules' scopes take more than %d bytes together: push fewer items at once", maxListed)

// loadScopes reads the lists of scopes that the attempt has not read yet, some at a time. If they are too large
// together, it stops with an error of the status 413. If the batch changes one record, it drops the members of the
// lists that are too much instead. A list of the rows about a record keeps them: without it, the record cannot move.
func (a *attempt) loadScopes(ctx context.Context, asked []violation.Scope) error {
	for some := range slices.Chunk(asked, loadedAtOnce) {
		keys := make([]store.Key, len(some))
		for i, scope := range some {
			keys[i] = scopeKey(a.workspace, scope.Rule, scope.Name)
		}
		if err := a.load(ctx, keys...); err != nil {
			return err
		}
		for i, scope := range some {
			if a.scopes[scope] != nil {
				continue
			}
			if err := a.addScope(scope, a.entries[keys[i]]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *attempt) addScope(scope violation.Scope, e store.Entry) error {
	list := &members{Sizes: make(map[string]int)}
	if err := decode(e, list); err != nil {
		return err
	}
	switch {
	case a.listed+len(e.Data) <= maxListed:
		a.listed += len(e.Data)
	case a.alone && scope.Rule != violation.BucketsRule:
		list.drop()
	default:
		return syncserver.TooLarge(errManyLists)
	}
	a.scopes[scope] = list
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
