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
	*Checker
	Input
	name   string
	rule   Rule
	report *Report

	touch
	looked  map[string]bool              // the groups that were read and judged
	members map[record.Key]record.Record // those that are there and not deleted
	found   map[string]derived           // by ID: what is wrong now
	rows    map[string]record.Record     // by ID: what is stored
	// kept are the IDs of rows that stay as they are, since it cannot be told, and
	// hidden those of rows that are not listed any longer.
	kept, hidden map[string]bool
	updates      []merge.Update
}

// maxFound is how many rows one check of a rule finds before it leaves the rest of the
// groups unchecked. Each group has at most Checker.MaxPerScope rows and one.
const maxFound = 10_000

// errView says that a view did not answer each question.
var errView = errors.New("violation: the view returned another number of answers than there were questions")

// run checks the rule. It leaves the rows that change, and what failed.
func (c *ruleCheck) run(ctx context.Context) {
	c.touch = c.touched(c.name, c.Input)
	c.report.Unknown += len(c.unknown)
	if len(c.touch.names) == 0 {
		return
	}
	c.looked, c.members = make(map[string]bool), make(map[record.Key]record.Record)
	c.found, c.rows = make(map[string]derived), make(map[string]record.Record)
	c.kept, c.hidden = make(map[string]bool), make(map[string]bool)
	known := len(c.unknown)
	if err := c.derive(ctx); err != nil {
		c.updates = nil
		c.fail(err, c.touch.names...)
		return
	}
	for _, d := range c.found {
		if c.Now == 0 || d.StatusAt(c.Now) == Open {
			c.report.Open++
		}
	}
	c.report.Unknown += len(c.unknown) - known
}

// derive reads the groups, finds what is wrong in them, and derives the rows that change.
func (c *ruleCheck) derive(ctx context.Context) error {
	names, view := c.touch.names, c.overlaid()
	groups, err := view.Groups(ctx, c.name, names)
	if err != nil {
		return err
	}
	if len(groups) != len(names) {
		return errView
	}
	for i, members := range groups {
		c.group(names[i], members)
	}
	if err := c.lookUp(ctx, view); err != nil {
		return err
	}
	if err := c.close(); err != nil {
		return err
	}
	return c.open()
}

// overlaid returns the view with the changes laid over it.
func (c *ruleCheck) overlaid() View {
	if len(c.Changes) == 0 {
		return c.View
	}
	after := make([]record.Record, len(c.Changes))
	for i, u := range c.Changes {
		after[i] = u.After
	}
	return newOverlay(c.View, c.Checker, after)
}

// group checks one group. One that fails finds nothing and closes nothing.
func (c *ruleCheck) group(name string, members ScopeRecords) {
	err := members.Err
	if err == nil && len(c.found) > maxFound {
		err = ErrTooLarge
	}
	var l listed
	if err == nil {
		l, err = c.judge(name, members)
	}
	if err != nil {
		c.fail(err, name)
	} else {
		c.looked[name] = true
	}
	for _, d := range l.rows {
		c.keep(d)
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

// judge asks the rule what is wrong in a group.
func (c *ruleCheck) judge(name string, members ScopeRecords) (listed, error) {
	g := groupOf(longName(c.rule, name, members.Records), members)
	g.Limit = c.maxPerScope() + 1 // one more says until when there are too many
	for _, r := range g.Records {
		c.members[r.Key()] = r
	}
	// The rule gets slices of its own, for it may change them, and even keep them.
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
	if err := l.list(findings, c.maxPerScope()); err != nil {
		return listed{}, err
	}
	return l, nil
}

// groupOf returns the group of the members of a scope.
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

// sortedByKey sorts records by key, and leaves out what is there twice.
func sortedByKey(records []record.Record) []record.Record {
	slices.SortFunc(records, func(a, b record.Record) int { return a.Key().Compare(b.Key()) })
	return slices.CompactFunc(records, func(a, b record.Record) bool { return a.Key() == b.Key() })
}

// keep takes in a row. Where two records meet in two groups, the first one has it.
func (c *ruleCheck) keep(d derived) {
	if before, ok := c.found[d.ID]; !ok || d.Scope < before.Scope {
		c.found[d.ID] = d
	}
}
