package imports

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Run is one run of an import: it brings the present rows of a source over, each once.
type Run struct {
	// ID is the client ID of the import. It is the same in all runs, and no client may have it:
	// pass it in Request.Imports of every push.
	ID clock.ClientID
	// Number is 1 in the first run of the import, and rises with each run. Store it before the first
	// row, in a transaction of its own, so that the number of a run that broke off is never used
	// again.
	Number int64
	// Fence and Level go into merge.Stored as well. Read them inside the lock in which the plan is
	// applied: they may rise during a run.
	Fence clock.Timestamp
	Level int
}

// Stamp returns the stamp of all writes that are planned with r: it lies above the fence by the
// number of the run, so it lies above the stamps of earlier runs as well.
func (r Run) Stamp() clock.Stamp {
	return clock.Stamp{Time: max(r.Fence, 0) + clock.Timestamp(r.Number), Client: r.ID}
}

// Plan is what a run does about one row.
type Plan struct {
	// Mutation holds the writes to push, with the ID of the import as the actor. It has no fields if
	// nothing is to be written. It has no Base, and it is New if it creates the record.
	Mutation record.Mutation
	// Ledger takes the place of the Ledger that was given to Run.Plan. Store it in the transaction
	// that stores the Mutation. If the Mutation is refused, do not store it: the next run then tries
	// again.
	Ledger Ledger
}

// Plan returns what the run writes of a row: the fields that are absent or were last written by this
// import, and that differ from the source. The package documentation has the rule. Stored is the
// record as it is stored, or record.New of the key; Plan judges by its normal form, see merge.Purge.
// Seen is the stored Ledger of the row. Plan is a pure function.
//
// The error is a *record.Error. It wraps one of the errors of CheckRows; merge.ErrNotLoaded if the
// record does not have the key of the row; or ErrRun if r has no ID, or if its number is below 1, or
// not above the numbers of the runs that have already written the row.
func (r Run) Plan(stored record.Record, row Row, seen Ledger) (Plan, error) {
	if err := r.check(stored, row); err != nil {
		return Plan{}, err
	}
	p := planner{Run: r, row: row, names: row.names(), seen: seen.entries()}
	p.now = merge.Purge(stored, r.Fence, r.Level)
	plan := Plan{Mutation: record.Mutation{Data: record.New(row.Key)}, Ledger: seen}
	switch {
	case p.seen.Closed:
		return plan, nil
	case p.now.Erased():
		plan.Ledger = Closed()
		return plan, nil
	}
	p.hashAll()
	fields, isNew := p.fields()
	if err := p.checkOrder(fields); err != nil {
		return Plan{}, err
	}
	var b record.Builder
	data, err := b.Record(row.Key, fieldsAt(r.Stamp(), row, fields))
	if err != nil {
		return Plan{}, err
	}
	plan.Mutation = record.Mutation{Data: data, New: isNew}
	if p.changed {
		plan.Ledger = entries{Run: r.Number, Hashes: p.hashes}.ledger()
	}
	return plan, nil
}

// check returns why the run cannot write the row into the record, or nil.
func (r Run) check(stored record.Record, row Row) error {
	switch {
	case r.ID.IsZero():
		return refuse("id", fmt.Errorf("%w: no ID", ErrRun))
	case r.Number < 1 || clock.Timestamp(r.Number) > clock.MaxTimestamp-max(r.Fence, 0):
		return refuse("number", fmt.Errorf("%w: the number must count from 1", ErrRun))
	case stored.Key() != row.Key:
		return refuse("stored", fmt.Errorf("%w: want the record of %s, not of %s", merge.ErrNotLoaded, row.Key, stored.Key()))
	}
	if err := row.check(); err != nil {
		return err
	}
	return nil
}

// planner plans one row.
type planner struct {
	Run
	row   Row
	names []string // of the fields of the row
	seen  entries
	now   record.Record // the normal form of the stored record

	hashes  map[string]string // the hashes of seen, replaced by the hashes of the row
	changed bool              // the hashes differ from the hashes of seen
}

// hashAll hashes the values of the row.
func (p *planner) hashAll() {
	p.hashes = make(map[string]string, len(p.names))
	maps.Copy(p.hashes, p.seen.Hashes)
	for _, name := range p.names {
		p.hashes[name] = hash(p.row.Fields[name])
		p.changed = p.changed || p.hashes[name] != p.seen.Hashes[name]
	}
}

// fields returns the names of the fields to write, and whether they begin the record.
func (p *planner) fields() (names []string, isNew bool) {
	if p.isDead() {
		if p.isBegun() {
			return p.names, true
		}
		return nil, false
	}
	for _, name := range p.names {
		if p.isWritten(name) {
			names = append(names, name)
		}
	}
	return names, false
}

// isDead reports whether the record is absent or dead, so that only a new item begins it again.
func (p *planner) isDead() bool {
	life, _ := p.now.Get(record.DeletedField)
	return p.now.Len() == 0 || p.now.Len() == 1 && p.now.Deleted() && life.Stamp.Time <= p.Fence
}

// isBegun reports whether the row creates its record, which is absent or dead. If the row was seen
// before, people have deleted the record, and it stays deleted until a value in the source
// changes. A column that is new in the source does not count, or it would bring back everything
// that was deleted. Without a ledger, a record that is known as deleted stays deleted.
func (p *planner) isBegun() bool {
	if len(p.seen.Hashes) == 0 {
		return p.now.Len() == 0
	}
	return slices.ContainsFunc(p.names, func(name string) bool {
		_, seen := p.seen.Hashes[name]
		return seen && p.isUnseen(name)
	})
}

// isUnseen reports whether no run has seen the value of a field. A value that was seen in another form counts as seen.
func (p *planner) isUnseen(name string) bool {
	before, ok := p.seen.Hashes[name]
	return !ok || before != unknown && before != p.hashes[name]
}

// isWritten reports whether a field of a live record is written.
func (p *planner) isWritten(name string) bool {
	standing, ok := p.now.Get(name)
	if !ok {
		return p.isUnseen(name) // otherwise people have deleted it
	}
	return standing.Stamp.Client == p.ID && standing.Value != p.row.Fields[name]
}

// checkOrder returns an error unless the run is above the runs that have written the row.
func (p *planner) checkOrder(fields []string) error {
	switch {
	case p.changed && p.seen.Run == p.Number:
		return refuse("", ErrDuplicate)
	case p.seen.Run > p.Number:
		return refuse("number", fmt.Errorf("%w: a later run has already seen %s", ErrRun, p.row.Key))
	}
	for _, name := range fields {
		standing, _ := p.now.Get(name)
		if standing.Stamp.Client == p.ID && standing.Stamp.Time >= p.Stamp().Time {
			return refuse("number", fmt.Errorf("%w: a later run has already written %s", ErrRun, p.row.Key))
		}
	}
	return nil
}

// fieldsAt returns fields of a row with a stamp.
func fieldsAt(at clock.Stamp, row Row, names []string) iter.Seq2[string, record.FieldValue] {
	return func(yield func(string, record.FieldValue) bool) {
		for _, name := range names {
			if !yield(name, record.FieldValue{Value: row.Fields[name], Stamp: at}) {
				return
			}
		}
	}
}
