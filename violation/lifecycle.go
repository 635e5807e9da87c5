package violation

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// lookUp asks the view, once, for what the groups did not tell: the rows of what was
// found now, as they were stored in another group or before, and the records that are
// named by rows of what was not found.
func (c *ruleCheck) lookUp(ctx context.Context, view View) error {
	var keys []record.Key
	for id := range c.found {
		if _, known := c.rows[id]; !known {
			keys = append(keys, record.Key{Table: c.table(), ID: id})
		}
	}
	for id, row := range c.rows {
		if v, err := Parse(row); err == nil && !c.isFound(id) && !c.kept[id] {
			keys = append(keys, slices.DeleteFunc(v.participants(), func(key record.Key) bool { return c.members[key] })...)
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
		if err := c.learn(keys[i], f); err != nil {
			return err
		}
	}
	return nil
}

// learn takes in the answer of the view for one key.
func (c *ruleCheck) learn(key record.Key, f Found) error {
	if key.Table == c.table() {
		if f.Record.Len() > 0 {
			c.rows[key.ID] = f.Record
		}
		return nil
	}
	_, err := scopesOf(c.rule, f.Record)
	switch {
	case f.Unknown || errors.Is(err, ErrUnknown):
		c.unknown[key] = true
	case err != nil:
		return err
	case f.Record.Len() > 0 && !f.Record.Deleted():
		c.members[key] = true // it is there, though in another group now
	}
	return nil
}

func (c *ruleCheck) isFound(id string) bool {
	_, ok := c.found[id]
	return ok
}

// close closes the rows of what was not found, where it is known that it is not there.
func (c *ruleCheck) close() error {
	for _, id := range slices.Sorted(maps.Keys(c.rows)) {
		row := c.rows[id]
		v, err := Parse(row)
		if err != nil || v.Rule != c.name || c.isFound(id) {
			continue
		}
		status := c.closed(v)
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

// closed returns the status of a row whose condition was not found.
func (c *ruleCheck) closed(v Violation) Status {
	if v.Status != Open && v.Status != Hidden || c.kept[v.ID] {
		return v.Status
	}
	for _, key := range v.participants() {
		if c.unknown[key] {
			return v.Status
		}
	}
	switch {
	case c.hidden[v.ID]:
		return Hidden
	case !c.members[v.Record()]:
		return Obsolete
	}
	return Resolved
}

// open writes the rows of what was found.
func (c *ruleCheck) open() error {
	for _, id := range slices.Sorted(maps.Keys(c.found)) {
		before, ok := c.rows[id]
		if !ok {
			before = record.New(record.Key{Table: c.table(), ID: id})
		}
		after, err := c.found[id].row(c.table(), before)
		if err != nil {
			return err
		}
		if !after.Equal(before) {
			c.updates = append(c.updates, merge.Update{Before: before, After: after})
		}
	}
	return nil
}
