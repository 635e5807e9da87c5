package memory

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// importState is what the server keeps of an import: two tables of a database.
type importState struct {
	runs    int64 // the number of the last run
	ledgers map[record.Key]imports.Ledger
}

// Import brings the rows of a source over, as one run of the import with an ID from Server.Imports.
// Package imports says which fields it writes. The Guard is asked about the records that are to be
// written, with the ID as the actor; rights are not.
//
// The answer has a Result for each record that was to be written, and Updates has those that have
// changed. A refused record does not affect the others, and the next run tries again. An error means
// that nothing was stored: the ID is not in Server.Imports, or imports.CheckRows refuses the rows.
func (s *Server) Import(id clock.ClientID, rows []imports.Row) (merge.Answer, error) {
	if !slices.Contains(s.Imports, id) {
		return merge.Answer{}, &record.Error{Path: "id", Offset: -1, Err: fmt.Errorf("%w: the ID is not in Server.Imports", imports.ErrRun)}
	}
	if err := imports.CheckRows(rows); err != nil {
		return merge.Answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.store.importOf(id)
	// A server with a database commits the number before it plans the first row.
	state.runs++
	run := imports.Run{ID: id, Number: state.runs, Fence: s.store.fence.stamp, Level: s.level()}
	items, noted, err := s.planAll(run, rows)
	if err != nil {
		return merge.Answer{}, err
	}
	engine := s.Engine
	engine.MaxAhead = -1 // the fence is a stamp that was accepted, whatever the wall clock says now
	push := engine.Prepare(merge.Request{Actor: id, Imports: s.Imports, Wall: s.wall(), Items: items})
	stored := s.store.load(id, push.Keys())
	stored.Level = s.level()
	answer, err := push.Apply(stored)
	if err != nil {
		return answer, err
	}
	s.save(answer)
	for _, r := range answer.Results {
		if !r.Accepted() {
			delete(noted, r.Key)
		}
	}
	maps.Copy(state.ledgers, noted)
	return answer, nil
}

// planAll plans all rows of a run. It returns the items to push, and the ledgers that have changed.
func (s *Server) planAll(run imports.Run, rows []imports.Row) ([]record.Item, map[record.Key]imports.Ledger, error) {
	var items []record.Item
	noted := make(map[record.Key]imports.Ledger)
	ledgers := s.store.importOf(run.ID).ledgers
	for _, row := range rows {
		plan, err := run.Plan(s.store.rows[row.Key].WithKey(row.Key), row, ledgers[row.Key])
		if err != nil {
			return nil, nil, err
		}
		if plan.Ledger != ledgers[row.Key] {
			noted[row.Key] = plan.Ledger
		}
		if plan.Mutation.Data.Len() > 0 {
			items = append(items, record.Item{Mutation: plan.Mutation})
		}
	}
	return items, noted, nil
}

// importOf returns the state of an import.
func (s *store) importOf(id clock.ClientID) *importState {
	if s.imports == nil {
		s.imports = make(map[clock.ClientID]*importState)
	}
	state, ok := s.imports[id]
	if !ok {
		state = &importState{ledgers: make(map[record.Key]imports.Ledger)}
		s.imports[id] = state
	}
	return state
}

// closeImports closes the ledgers of a record that is erased, also of imports that have not seen its row: the record
// may be purged before their next run.
func (s *store) closeImports(ids []clock.ClientID, key record.Key) {
	for _, id := range ids {
		s.importOf(id).ledgers[key] = imports.Closed()
	}
}

// copyImports returns a copy that shares no memory that can change.
func (s *store) copyImports() map[clock.ClientID]*importState {
	c := make(map[clock.ClientID]*importState, len(s.imports))
	for id, state := range s.imports {
		c[id] = &importState{state.runs, maps.Clone(state.ledgers)}
	}
	return c
}
