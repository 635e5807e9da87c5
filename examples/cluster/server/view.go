package server

import (
	"context"
	"errors"
	"slices"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// view lets the rules read a workspace through the lists of scopes. Each list that it reads is put by the batch,
// even if it stays the same: another batch that changes a member of the scope puts the list too, so one of the two
// conflicts. This takes the place of locks on the scopes.
//
// A scope that is too large stays unchecked, and the push is stored. After any other failed look-up, the view
// records the error, and the push fails.
type view struct {
	*attempt
	erased map[record.Key]bool // rows that are about to be erased, and count as missing
	got    []store.Key         // records that rules have looked up by their keys
	err    error               // the failed look-ups
}

// Groups returns the members of scopes.
func (v *view) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	all := make([]violation.ScopeRecords, len(names))
	asked := make([]violation.Scope, len(names))
	for i, name := range names {
		asked[i] = violation.Scope{Rule: rule, Name: name}
	}
	if err := v.loadScopes(ctx, asked); err != nil {
		v.err = errors.Join(v.err, err)
		return nil, err
	}
	large := v.tooLarge(asked)
	var keys []store.Key
	for _, scope := range asked {
		if !large[scope] {
			keys = append(keys, v.scopes[scope].keys(v.workspace)...)
		}
	}
	if err := v.load(ctx, keys...); err != nil {
		v.err = errors.Join(v.err, err)
		return nil, err
	}
	for i, scope := range asked {
		if large[scope] {
			all[i].Err = violation.ErrTooLarge
			continue
		}
		if err := v.read(scope, &all[i]); err != nil {
			v.err = errors.Join(v.err, err)
			return nil, err
		}
	}
	return all, nil
}

// tooLarge returns the scopes to leave out so that the records of the others are small enough together.
func (v *view) tooLarge(asked []violation.Scope) map[violation.Scope]bool {
	large := make(map[violation.Scope]bool)
	sizes := make(map[violation.Scope]int)
	total := 0
	for _, scope := range asked {
		list := v.scopes[scope]
		if _, known := sizes[scope]; known || list.Over {
			large[scope] = list.Over
			continue
		}
		sizes[scope] = list.size()
		total += sizes[scope]
	}
	for total > maxLoaded {
		most := asked[0]
		for _, scope := range asked {
			if sizes[scope] > sizes[most] {
				most = scope
			}
		}
		total -= sizes[most]
		large[most], sizes[most] = true, 0
	}
	return large
}

// read reads the members of a scope. A list may name records that are not in the scope any longer.
func (v *view) read(scope violation.Scope, to *violation.ScopeRecords) error {
	for _, key := range v.scopes[scope].keys(v.workspace) {
		found, err := v.recordAt(key)
		if err != nil {
			return err
		}
		r := v.state.Fence.normal(found.Record)
		switch {
		case r.Len() == 0 || v.erased[r.Key()] || !slices.Contains(v.rules.ScopesOf(r), scope):
		case r.Key().Table == violation.DefaultTable:
			to.Rows = append(to.Rows, r)
		default:
			to.Records = append(to.Records, r)
		}
	}
	return nil
}

// Get returns the records with the given keys. An erased violation row counts as missing, so the rules replace
// it as a whole.
func (v *view) Get(ctx context.Context, keys []record.Key) ([]violation.Lookup, error) {
	before := v.loaded
	for some := range slices.Chunk(keys, loadedAtOnce) {
		if v.loaded-before > maxLoaded {
			return nil, violation.ErrTooLarge
		}
		if err := v.load(ctx, recordKeys(v.workspace, some)...); err != nil {
			v.err = errors.Join(v.err, err)
			return nil, err
		}
		v.got = append(v.got, recordKeys(v.workspace, some)...)
	}
	all := make([]violation.Lookup, len(keys))
	for i, key := range keys {
		found, err := v.record(key)
		if err != nil {
			v.err = errors.Join(v.err, err)
			return nil, err
		}
		r := v.state.Fence.normal(found.Record)
		if v.erased[key] || r.Erased() && key.Table == violation.DefaultTable {
			r = record.New(key)
		}
		all[i].Record = r.WithKey(key)
	}
	return all, nil
}

// unmoved returns store.ErrConflict if a record that a rule has looked up by its key, and that the batch does not put, has
// changed before the lists of the scopes were read. A row takes its buckets from the record that it is about. From the
// moment at which the lists are read, a record that moves changes the list of its rows, so the batch conflicts.
func (v *view) unmoved(ctx context.Context) error {
	var others []store.Key
	for _, key := range v.got {
		if _, puts := v.at[key]; !puts {
			others = append(others, key)
		}
	}
	if v.of == nil || len(others) == 0 {
		return nil
	}
	now, err := v.store.Load(ctx, v.workspace, others)
	if err != nil {
		return err
	}
	for _, e := range now.Entries {
		if e.Seq != v.entries[e.Key].Seq {
			return store.ErrConflict
		}
	}
	return nil
}
