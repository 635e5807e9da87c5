package violation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	members map[record.Key]record.Record // those that are there and not deleted
	found   map[string]derived           // by ID: what is wrong now
	rows    map[string]record.Record     // by ID: what is stored
	// kept are the IDs of rows that stay as they are, since it cannot be told, and
	// hidden those of rows that are not listed any longer.
	kept, hidden map[string]bool
	updates      []merge.Update
}

// errView says that a view did not answer each question.
var errView = errors.New("violation: the view returned another number of answers than there were questions")

// run checks the rule, and returns the rows that change.
func (c *ruleCheck) run(ctx context.Context) ([]merge.Update, error) {
	var err error
	if c.touch, err = c.touched(c.name, c.Input); err != nil {
		return nil, err
	}
	if len(c.touch.names) == 0 {
		c.report.Unknown += len(c.unknown)
		return nil, nil
	}
	names := c.touch.names
	c.members = make(map[record.Key]record.Record)
	c.found, c.rows = make(map[string]derived), make(map[string]record.Record)
	c.kept, c.hidden = make(map[string]bool), make(map[string]bool)
	view := c.overlaid()
	groups, err := view.Groups(ctx, c.name, names)
	if err != nil {
		return nil, err
	}
	if len(groups) != len(names) {
		return nil, errView
	}
	for i, members := range groups {
		if err := c.group(names[i], members); err != nil {
			return nil, err
		}
	}
	if err := c.lookUp(ctx, view); err != nil {
		return nil, err
	}
	if err := c.close(); err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	c.report.Open += len(c.found)
	c.report.Unknown += len(c.unknown)
	return c.updates, nil
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

// group checks one group.
func (c *ruleCheck) group(name string, members Members) error {
	g := groupOf(name, members)
	g.Most, g.Now = c.maxPerScope(), c.Now
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
		return err
	}
	if g.Partial {
		c.report.Unknown++
	}
	capped, err := c.list(Scope{c.name, name}, findings, g)
	if err != nil {
		return err
	}
	for _, row := range members.Rows {
		id := row.Key().ID
		c.rows[id] = row
		c.kept[id] = c.kept[id] || g.Partial
		c.hidden[id] = c.hidden[id] || capped
	}
	return nil
}

// groupOf returns the group of the members of a scope.
func groupOf(name string, members Members) Group {
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

// list takes in the findings of a group, and reports whether there are too many to
// list them all.
func (c *ruleCheck) list(scope Scope, findings Findings, g Group) (capped bool, err error) {
	list := slices.DeleteFunc(slices.Clone(findings.List), func(f Finding) bool {
		return c.Now != 0 && f.RelevantUntil != 0 && f.RelevantUntil <= c.Now
	})
	slices.SortFunc(list, Finding.compare)
	list = slices.CompactFunc(list, func(a, b Finding) bool { return a.Key == b.Key })
	untold := max(0, findings.Total-len(findings.List))
	total, most := len(list)+untold, c.maxPerScope()
	if capped = total > most || untold > 0; capped {
		list = list[:min(most, len(list))]
	}
	if len(findings.List) == 0 && total > 0 {
		return false, errFinding // they are counted, and none is told
	}
	for _, f := range list {
		if err := c.note(scope, f, g); err != nil {
			return false, err
		}
	}
	if !capped || len(list) == 0 {
		return capped, nil // all that is told is over
	}
	return true, c.noteAll(scope, list, total, g)
}

// note takes in one finding.
func (c *ruleCheck) note(scope Scope, f Finding, g Group) error {
	d, err := derive(scope, f)
	if err != nil {
		return err
	}
	keys := append(d.participants(), f.Beside...)
	slices.SortFunc(keys, record.Key.Compare)
	return c.keep(d, evidenceOf(f, g.records(slices.Compact(keys))))
}

// noteAll takes in the row that stands for all findings of a group. Its evidence is
// all that belongs to the group.
func (c *ruleCheck) noteAll(scope Scope, first []Finding, total int, g Group) error {
	f := first[0]
	// No helper makes a key that begins with an empty part: a table has a name.
	f.Key, f.Others, f.RelevantUntil = joinParts("", "group", scope.Name), nil, 0
	f.Description = fmt.Sprintf("%d conflicts, of which the first %d are listed", total, len(first))
	d, err := derive(scope, f)
	if err != nil {
		return err
	}
	d.Total = total
	return c.keep(d, evidenceOf(f, append(slices.Clone(g.Records), g.Deleted...)))
}

// keep takes in a row. Where two records meet in two groups, the first one has it.
func (c *ruleCheck) keep(d derived, e evidence) error {
	d.Evidence, d.stamp, d.DetectedAt = e.hash, e.newest, e.newest.Time
	if !d.stamp.Valid() {
		return errFinding
	}
	if before, ok := c.found[d.ID]; !ok || d.Scope < before.Scope {
		c.found[d.ID] = d
	}
	return nil
}

// compare orders findings by key, and such of one key by what they say, so that the
// order in which a rule returns them does not matter.
func (f Finding) compare(o Finding) int {
	if c := strings.Compare(f.Key, o.Key); c != 0 {
		return c
	}
	if c := f.Record.Compare(o.Record); c != 0 {
		return c
	}
	if c := slices.CompareFunc(f.Others, o.Others, record.Key.Compare); c != 0 {
		return c
	}
	if c := slices.Compare(f.Fields, o.Fields); c != 0 {
		return c
	}
	if c := slices.CompareFunc(f.Beside, o.Beside, record.Key.Compare); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(f.Type, o.Type), cmp.Compare(f.Description, o.Description), cmp.Compare(f.RelevantUntil, o.RelevantUntil))
}
