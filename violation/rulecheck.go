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
	report  *Report // of all rules

	names   []string            // of the groups to check, sorted
	unknown map[record.Key]bool // the records that the rule cannot read
	failure failure
	// What the groups hold, by the name of a group, the key of a record and the ID of a row.
	judged map[string]bool              // the groups that were read and judged
	live   map[record.Key]record.Record // the records that are there and not deleted
	found  map[string]derived           // what is wrong now
	rows   map[string]record.Record     // as they are stored
	kept   map[string]bool              // the rows that stay as they are, since data is missing
	hidden map[string]bool              // the rows of groups that list only some findings

	updates []merge.Update
}

// maxFound is how many rows one check of a rule finds before it leaves the rest of the
// groups unchecked. Each group has at most Checker.MaxPerScope rows and one.
const maxFound = 10_000

var errView = errors.New("the view did not return one answer for each name or key")

// run checks the rule. It leaves the rows that change, and what failed.
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

// deriveRows reads the groups, finds what is wrong in them, and derives the rows that change.
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

// checkGroup checks one group. One that fails finds nothing and closes nothing.
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

// rowsOf asks the rule what is wrong in a group, and returns the rows of that.
func (c *ruleCheck) rowsOf(name string, members ScopeRecords) (listed, error) {
	g := groupOf(longName(c.rule, name, members.Records), members)
	g.Limit = c.checker.maxPerScope() + 1 // one more says until when there are too many
	for _, r := range g.Records {
		c.live[r.Key()] = r
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
	if err := l.addFindings(findings, c.checker.maxPerScope()); err != nil {
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

// addFound adds a row. One that is found in several groups belongs to the first of them.
func (c *ruleCheck) addFound(d derived) {
	if before, ok := c.found[d.ID]; !ok || d.Scope < before.Scope {
		c.found[d.ID] = d
	}
}
