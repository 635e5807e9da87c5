package violation

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// lookUpMissing looks up, in one call, what the groups did not contain: the stored rows of
// findings, which may be closed or in another group, and the records named by rows that were
// not found again.
func (c *ruleCheck) lookUpMissing(ctx context.Context, view View) error {
	var keys []record.Key
	for id := range c.found {
		if _, known := c.rows[id]; !known {
			keys = append(keys, record.Key{Table: c.checker.table(), ID: id})
		}
	}
	for id, row := range c.rows {
		if v, err := Parse(row); err == nil && !c.isFound(id) && !c.kept[id] {
			keys = append(keys, slices.DeleteFunc(v.participants(), c.isLive)...)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, record.Key.Compare)
	keys = slices.Compact(keys)
	found, err := view.Get(ctx, keys)
	if err != nil {
		return err
	}
	if len(found) != len(keys) {
		return errView
	}
	for i, f := range found {
		c.addLookup(keys[i], f)
	}
	return nil
}

// addLookup adds the view's answer for one key.
func (c *ruleCheck) addLookup(key record.Key, f Lookup) {
	if key.Table == c.checker.table() {
		if f.Record.Len() > 0 {
			c.rows[key.ID] = f.Record
		}
		return
	}
	_, err := scopesOf(c.rule, f.Record)
	switch {
	case f.Record.Deleted():
		// A deleted record is gone, whether or not the rule can read it.
	case f.Unknown || err != nil:
		c.unknown[key] = true
		if err != nil && !errors.Is(err, ErrUnknown) {
			c.failure.add(err)
		}
	case f.Record.Len() > 0:
		c.live[key] = f.Record // the record exists, but in another group now
	}
}

func (c *ruleCheck) isLive(key record.Key) bool {
	_, ok := c.live[key]
	return ok
}

func (c *ruleCheck) isFound(id string) bool {
	_, ok := c.found[id]
	return ok
}

// closeRows closes the rows that were not found again, if it is known that their conditions no
// longer hold.
func (c *ruleCheck) closeRows() error {
	doubted := make(map[string]int) // by scope: rows that stay open although they were not found again
	for _, id := range slices.Sorted(maps.Keys(c.rows)) {
		row := c.rows[id]
		v, err := Parse(row)
		if err != nil || v.Rule != c.name || c.isFound(id) {
			continue
		}
		status := c.statusWithoutFinding(v)
		if status == Open && c.judged[v.Scope] {
			if doubted[v.Scope]++; doubted[v.Scope] > c.maxDoubted() {
				status = Hidden
			}
		}
		if status == v.Status {
			continue
		}
		after, err := withStatus(row, status)
		if err != nil {
			return err
		}
		c.updates = append(c.updates, merge.Update{Before: row, After: after})
	}
	return nil
}

// maxDoubted is how many rows of a group may stay open because something cannot be read.
// Without a limit, a user could fill a scope with unreadable records and with rows that each
// check reads. The remaining rows are hidden.
func (c *ruleCheck) maxDoubted() int { return 2 * max(c.checker.maxPerScope(), defaultMaxPerScope) }

// statusWithoutFinding returns the new status of a row that was not found again.
func (c *ruleCheck) statusWithoutFinding(v Violation) Status {
	if v.Status != Open && v.Status != Hidden || c.kept[v.ID] {
		return v.Status
	}
	for _, key := range v.participants() {
		if c.unknown[key] || c.isUnchecked(key) {
			return v.Status
		}
	}
	switch {
	case !c.isLive(v.Record()):
		return Obsolete // even in a group with too many violations to list: this violation is over
	case c.hidden[v.ID] && c.allBelong(v, v.Scope):
		return Hidden
	}
	return Resolved
}

// isUnchecked reports whether a record belongs to a group that this check failed to judge, so
// that its conflicts there are not known.
func (c *ruleCheck) isUnchecked(key record.Key) bool {
	if len(c.judged) == len(c.names) {
		return false
	}
	names, _ := scopesOf(c.rule, c.live[key])
	return slices.ContainsFunc(names, func(name string) bool {
		_, asked := slices.BinarySearch(c.names, name)
		return asked && !c.judged[name]
	})
}

// firstScope returns the first group, by name, in which a violation is found, given its stored
// row. A group that was not looked at counts if the stored row names it and all records of the
// violation belong to it. Otherwise the row would name one group after an incremental check
// and another one after an audit.
func (c *ruleCheck) firstScope(d derived, before record.Record) string {
	v, err := Parse(before)
	if err != nil || v.Status != d.Status || v.Scope >= d.Scope {
		return d.Scope
	}
	if c.judged[v.Scope] {
		return d.Scope
	}
	if c.allBelong(d.Violation, v.Scope) {
		return v.Scope
	}
	return d.Scope
}

// allBelong reports whether all existing records of a violation belong to a group. If not, the
// violation does not belong to that group.
func (c *ruleCheck) allBelong(v Violation, scope string) bool {
	for _, key := range v.participants() {
		if r, ok := c.live[key]; ok {
			if names, err := scopesOf(c.rule, r); err != nil || !slices.Contains(names, scope) {
				return false
			}
		}
	}
	return true
}

// openRows adds the rows of findings that are new or changed.
func (c *ruleCheck) openRows() error {
	for _, id := range slices.Sorted(maps.Keys(c.found)) {
		before, ok := c.rows[id]
		if !ok {
			before = record.New(record.Key{Table: c.checker.table(), ID: id})
		}
		d := c.found[id]
		d.Scope = c.firstScope(d, before)
		after, err := d.row(c.checker.table(), before)
		if err != nil {
			return err
		}
		if !after.Equal(before) {
			c.updates = append(c.updates, merge.Update{Before: before, After: after})
		}
	}
	return nil
}
