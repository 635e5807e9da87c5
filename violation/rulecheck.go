package violation

import (
	"context"
	"errors"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// ruleCheck is the check of one rule.
type ruleCheck struct {
	checker *Checker
	in      Input
	name    string
	rule    Rule
	report  *Report // shared by all rules

	names   []string            // the groups to check, sorted
	unknown map[record.Key]bool // the records that the rule cannot read
	failure failure
	// The contents of the groups, by group name, record key or row ID.
	judged map[string]bool              // the groups that were read and judged
	live   map[record.Key]record.Record // the records that exist and are not deleted
	found  map[string]derived           // the violations that hold now
	rows   map[string]record.Record     // the stored rows
	kept   map[string]bool              // the rows that stay as they are because data is missing
	hidden map[string]bool              // the rows of groups that list only some findings

	updates []merge.Update
}

// maxFound is the number of rows above which a check of a rule leaves its remaining groups
// unchecked. Each group has at most Checker.MaxPerScope rows, plus one that represents all its
// violations.
const maxFound = 10_000

var errView = errors.New("the view must return one answer for each name or key")

// run checks the rule. It sets the updates and the failure of the check.
func (c *ruleCheck) run(ctx context.Context) {
	t := c.checker.touchOf(c.name, c.in)
	c.names, c.unknown, c.failure = t.names, t.unknown, t.failure
	c.report.Unknown += len(c.unknown)
	if len(c.names) == 0 {
		return
	}
	c.judged, c.live = make(map[string]bool), make(map[record.Key]record.Record)
	c.found, c.rows = make(map[string]derived), make(map[string]record.Record)
	c.kept, c.hidden = make(map[string]bool), make(map[string]bool)
	known := len(c.unknown)
	if err := c.deriveRows(ctx); err != nil {
		c.updates = nil
		c.failure.add(err, c.names...)
		return
	}
	for _, d := range c.found {
		if c.in.Now == 0 || d.StatusAt(c.in.Now) == Open {
			c.report.Open++
		}
	}
	c.report.Unknown += len(c.unknown) - known
}

// deriveRows reads the groups, finds their violations, and derives the rows that change.
func (c *ruleCheck) deriveRows(ctx context.Context) error {
	view := c.viewWithChanges()
	groups, err := view.Groups(ctx, c.name, c.names)
	if err != nil {
		return err
	}
	if len(groups) != len(c.names) {
		return errView
	}
	for i, members := range groups {
		c.checkGroup(c.names[i], members)
	}
	if err := c.lookUpMissing(ctx, view); err != nil {
		return err
	}
	if err := c.closeRows(); err != nil {
		return err
	}
	return c.openRows()
}

// viewWithChanges returns the view with the changes laid over it.
func (c *ruleCheck) viewWithChanges() View {
	if len(c.in.Changes) == 0 {
		return c.in.View
	}
	after := make([]record.Record, len(c.in.Changes))
	for i, u := range c.in.Changes {
		after[i] = u.After
	}
	return newOverlay(c.in.View, c.checker, after)
}

// checkGroup checks one group. A group that fails neither opens nor closes rows.
func (c *ruleCheck) checkGroup(name string, members ScopeRecords) {
	err := members.Err
	if err == nil && len(c.found) > maxFound {
		err = ErrTooLarge
	}
	var l listed
	if err == nil {
		l, err = c.rowsOf(name, members)
	}
	if err != nil {
		c.failure.add(err, name)
	} else {
		c.judged[name] = true
	}
	for _, d := range l.rows {
		c.addFound(d)
	}
	if l.partial {
		c.report.Unknown++
	}
	for _, row := range members.Rows {
		id := row.Key().ID
		c.rows[id] = row
		c.kept[id] = c.kept[id] || l.partial || err != nil
		c.hidden[id] = c.hidden[id] || l.capped
	}
}

// rowsOf calls the rule on one group and returns the rows of its findings.
func (c *ruleCheck) rowsOf(name string, members ScopeRecords) (listed, error) {
	g := groupOf(longName(c.rule, name, members.Records), members)
	g.Restricted = c.checker.Buckets != nil
	g.Limit = c.checker.maxPerScope() + 1 // there are too many findings until the extra one stops mattering
	for _, r := range g.Records {
		c.live[r.Key()] = r
	}
	// The rule gets its own slices, because it may change and keep them.
	own := g
	own.Records, own.Deleted = slices.Clone(g.Records), slices.Clone(g.Deleted)
	findings, err := checkOf(c.rule, own)
	if errors.Is(err, ErrUnknown) {
		findings, err, g.Partial = Findings{}, nil, true
	}
	if err != nil {
		return listed{}, err
	}
	l := listed{scope: Scope{c.name, name}, group: g, partial: g.Partial}
	if err := l.addFindings(findings, c.checker.maxPerScope()); err != nil {
		return listed{}, err
	}
	return l, nil
}

// groupOf returns the members of a scope as a group.
func groupOf(name string, members ScopeRecords) Group {
	g := Group{Scope: name, Partial: members.Partial}
	for _, r := range members.Records {
		if r.Deleted() {
			g.Deleted = append(g.Deleted, r)
		} else {
			g.Records = append(g.Records, r)
		}
	}
	g.Records, g.Deleted = sortedByKey(g.Records), sortedByKey(g.Deleted)
	return g
}

// sortedByKey sorts records by key and removes duplicates.
func sortedByKey(records []record.Record) []record.Record {
	slices.SortFunc(records, func(a, b record.Record) int { return a.Key().Compare(b.Key()) })
	return slices.CompactFunc(records, func(a, b record.Record) bool { return a.Key() == b.Key() })
}

// addFound adds a row. A row that is found in several groups belongs to the first of them.
func (c *ruleCheck) addFound(d derived) {
	if before, ok := c.found[d.ID]; !ok || d.Scope < before.Scope {
		c.found[d.ID] = d
	}
}
