package violation

import (
	"context"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// Memory is a View of records in memory, with an index for each rule of a Checker. It serves
// clients, tests and small servers, and defines the answers that any other View must give. It
// must not be used by two goroutines at once.
type Memory struct {
	checker *Checker
	records map[record.Key]record.Record
	groups  map[Scope]map[record.Key]bool // records by scope
	rows    map[Scope]map[record.Key]bool // rows by scope
}

// NewMemory returns an empty Memory for the rules of a Checker. The Checker must not change
// afterwards.
func NewMemory(c *Checker) *Memory {
	return &Memory{c, make(map[record.Key]record.Record), make(map[Scope]map[record.Key]bool), make(map[Scope]map[record.Key]bool)}
}

// Put stores a record or a row, and replaces the stored one with the same key.
func (m *Memory) Put(r record.Record) {
	key := r.Key()
	if before, ok := m.records[key]; ok {
		for _, at := range m.places(before) {
			delete(at.index[at.scope], key)
			if len(at.index[at.scope]) == 0 {
				delete(at.index, at.scope)
			}
		}
	}
	m.records[key] = r
	for _, at := range m.places(r) {
		if at.index[at.scope] == nil {
			at.index[at.scope] = make(map[record.Key]bool)
		}
		at.index[at.scope][key] = true
	}
}

// place is an entry of a record in an index.
type place struct {
	index map[Scope]map[record.Key]bool
	scope Scope
}

// places returns the index entries of a record.
func (m *Memory) places(r record.Record) []place {
	index := m.groups
	if r.Key().Table == m.checker.table() {
		index = m.rows
	}
	var all []place
	for _, scope := range m.checker.ScopesOf(r) {
		all = append(all, place{index, scope})
	}
	return all
}

// Groups returns the members of each scope. See View.
func (m *Memory) Groups(_ context.Context, rule string, names []string) ([]ScopeRecords, error) {
	all := make([]ScopeRecords, len(names))
	for i, name := range names {
		scope := Scope{rule, name}
		all[i] = ScopeRecords{Records: m.sorted(m.groups[scope]), Rows: m.sorted(m.rows[scope])}
	}
	return all, nil
}

// Get returns the record of each key. See View.
func (m *Memory) Get(_ context.Context, keys []record.Key) ([]Lookup, error) {
	all := make([]Lookup, len(keys))
	for i, key := range keys {
		all[i] = Lookup{Record: record.New(key)}
		if r, ok := m.records[key]; ok {
			all[i].Record = r
		}
	}
	return all, nil
}

// Scopes returns all scopes that have records or rows, sorted.
func (m *Memory) Scopes() []Scope {
	all := append(slices.Collect(maps.Keys(m.groups)), slices.Collect(maps.Keys(m.rows))...)
	slices.SortFunc(all, Scope.Compare)
	return slices.Compact(all)
}

// sorted returns the records of a set of keys, sorted by key.
func (m *Memory) sorted(keys map[record.Key]bool) []record.Record {
	all := make([]record.Record, 0, len(keys))
	for _, key := range slices.SortedFunc(maps.Keys(keys), record.Key.Compare) {
		all = append(all, m.records[key])
	}
	return all
}
