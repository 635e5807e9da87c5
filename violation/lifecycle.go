package violation

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// lookUpMissing asks the view, once, for what the groups did not tell: the rows of what was
// found now, as they were stored in another group or before, and the records that are
// named by rows of what was not found.
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

// addLookup adds what the view knows of one key.
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
		// It is gone, whether or not the rule can read what it was.
	case f.Unknown || err != nil:
		c.unknown[key] = true
		if err != nil && !errors.Is(err, ErrUnknown) {
			c.failure.add(err)
		}
	case f.Record.Len() > 0:
		c.live[key] = f.Record // it is there, though in another group now
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

// closeRows closes the rows of what was not found, where it is known that it is not there.
func (c *ruleCheck) closeRows() error {
	doubted := make(map[string]int) // by scope: rows that stay open though nothing was found
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

// maxDoubted is how many rows of a group stay open because something cannot be read.
// Without a limit, whoever writes such records fills the scope with rows that each check
// reads. The rest is hidden.
func (c *ruleCheck) maxDoubted() int { return 2 * max(c.checker.maxPerScope(), defaultMaxPerScope) }

// statusWithoutFinding returns the status of a row whose condition was not found.
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
		return Obsolete // even if there are too many to list: this one is over
	case c.hidden[v.ID] && c.allBelong(v, v.Scope):
		return Hidden
	}
	return Resolved
}

// isUnchecked reports whether a record belongs to a group that was to be checked and could
// not be: what it is in conflict with there is not known.
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

// firstScope returns the first of the groups in which something is found, given its
// row as it was before. A group that was not looked at now is one of them if it has the
// row and all that the row names belongs to it: else the row would name one group after
// an incremental check, and another one after an audit.
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

// allBelong reports whether all records that a violation names, as far as they are there,
// belong to a group. If not, the violation is not one of that group.
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

// openRows writes the rows of what was found.
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
