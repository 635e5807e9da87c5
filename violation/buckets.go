package violation

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// BucketsRule is the rule name in the scopes that list the rows about one record. Only a Checker
// with Buckets has these scopes. Rows of all statuses belong to them, and rows of lost edits.
const BucketsRule = "/buckets"

// bucketsOf returns the buckets of a record, sorted. A record that is deleted or does not exist
// is in none.
func (c *Checker) bucketsOf(r record.Record) []string {
	if r.Len() == 0 || r.Deleted() {
		return nil
	}
	return buckets.Func(c.Buckets).Of(r, 0)
}

// aboutOf returns the key of the record that a row is about.
func aboutOf(row record.Record) (key record.Key, ok bool) {
	key = record.Key{Table: textIn(row, fieldTable), ID: textIn(row, fieldRecord)}
	return key, key.Check() == nil
}

// rowsAbout returns the scope of the rows about a record.
func rowsAbout(key record.Key) Scope {
	return Scope{BucketsRule, shortName(strconv.Quote(key.Table) + "/" + key.ID)}
}

// movedNames returns the names of the scopes whose rows may have to move: the scopes of the input,
// and the scopes of records whose buckets change.
func (c *Checker) movedNames(in Input) (names []string) {
	for _, s := range in.Scopes {
		if s.Rule == BucketsRule {
			names = append(names, storedName(s.Name))
		}
	}
	for _, u := range in.Changes {
		key := u.After.Key()
		if key.Table == c.table() || slices.Equal(c.bucketsOf(u.Before), c.bucketsOf(u.After)) {
			continue
		}
		names = append(names, rowsAbout(key).Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// placing puts rows into the buckets of the records that they are about: the rows that rules or
// users change, and the rows about records that move, whether or not a rule sees the move.
type placing struct {
	checker *Checker
	in      Input
	rows    map[string]merge.Update        // by ID; an update without a difference is not returned
	known   []map[record.Key]record.Record // the records that changed, or that the rules have read
	found   map[record.Key]Lookup          // the other records that the rows are about
	failure failure
}

// place puts the rows of the report, and the other rows that the input concerns, into their buckets.
// The known records are as they will be stored.
func (c *Checker) place(ctx context.Context, in Input, known []map[record.Key]record.Record, report *Report) failure {
	changed := make(map[record.Key]record.Record)
	p := placing{
		checker: c, in: in, rows: make(map[string]merge.Update),
		known: append(known, changed), found: make(map[record.Key]Lookup),
	}
	p.addMoved(ctx)
	for _, u := range in.Changes {
		if u.After.Key().Table == c.table() {
			p.add(merge.Update{Before: u.After, After: u.After})
		} else {
			changed[u.After.Key()] = u.After
		}
	}
	for _, u := range report.Updates {
		p.add(u) // after all others: the rules have derived these rows again, without buckets
	}
	report.Updates = p.updates(ctx)
	return p.failure
}

func (p *placing) add(u merge.Update) { p.rows[u.After.Key().ID] = u }

// addMoved adds the stored rows about records that move.
func (p *placing) addMoved(ctx context.Context) {
	names := p.checker.movedNames(p.in)
	if len(names) == 0 {
		return
	}
	groups, err := p.in.View.Groups(ctx, BucketsRule, names)
	if err == nil && len(groups) != len(names) {
		err = errView
	}
	if err != nil {
		p.failure.add(err, names...)
		return
	}
	for i, g := range groups {
		if g.Err != nil {
			p.failure.add(g.Err, names[i])
			continue
		}
		for _, row := range g.Rows {
			p.add(merge.Update{Before: row, After: row})
		}
	}
}

// updates returns the rows that change.
func (p *placing) updates(ctx context.Context) (all []merge.Update) {
	p.lookUp(ctx)
	for _, id := range slices.Sorted(maps.Keys(p.rows)) {
		u := p.rows[id]
		if key, ok := aboutOf(u.After); ok {
			u.After = p.placed(u.After, key)
		}
		if !u.After.Equal(u.Before) {
			all = append(all, u)
		}
	}
	return all
}

// record returns a record that changed or that the rules have read.
func (p *placing) record(key record.Key) (r record.Record, ok bool) {
	for _, records := range p.known {
		if r, ok = records[key]; ok {
			return r, true
		}
	}
	return r, false
}

// lookUp looks up, in one call, the other records that the rows are about.
func (p *placing) lookUp(ctx context.Context) {
	var keys []record.Key
	for _, u := range p.rows {
		key, ok := aboutOf(u.After)
		if _, known := p.record(key); ok && !known {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return
	}
	slices.SortFunc(keys, record.Key.Compare)
	keys = slices.Compact(keys)
	found, err := p.in.View.Get(ctx, keys)
	if err == nil && len(found) != len(keys) {
		err = errView
	}
	for i, key := range keys {
		if err != nil {
			p.failure.add(err, rowsAbout(key).Name)
			p.found[key] = Lookup{Unknown: true}
			continue
		}
		p.found[key] = found[i]
	}
}

// placed returns a row with the buckets of the record that it is about. If these are unknown, the
// row stays where it is.
func (p *placing) placed(row record.Record, about record.Key) record.Record {
	r, known := p.record(about)
	if !known {
		if p.found[about].Unknown {
			return row
		}
		r = p.found[about].Record
	}
	after, err := withBuckets(row, p.checker.bucketsOf(r))
	if err != nil {
		p.failure.add(err, rowsAbout(about).Name)
		return row
	}
	return after
}

// withBuckets returns a row with other buckets. A row in no bucket has no such field.
func withBuckets(row record.Record, names []string) (record.Record, error) {
	var w record.FieldValue
	if len(names) > 0 {
		value, err := record.Of(names)
		if err != nil {
			return row, err
		}
		status, _ := row.Get(fieldStatus) // all derived fields have one stamp
		w = record.FieldValue{Value: value, Stamp: status.Stamp}
	}
	return withField(row, fieldBuckets, w)
}
