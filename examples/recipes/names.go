package recipes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Names must be unique, and two people take the same one while they are offline. No server can
// refuse the second: its author has been using it for hours, and on another server it was the first.
// So both are accepted. The rule reports the pair in a row that syncs to both people, ShownNames tells
// the two apart meanwhile, and an ordinary write of another name resolves the row.
//
// Do not use the name as the ID of the record instead: then the two teams would be merged into one.

// NameRule is the name of the rule in a Checker.
const NameRule = "team_name"

// UniqueNames returns a checker with the rule that no two teams have one name.
func UniqueNames() *violation.Checker {
	return &violation.Checker{Rules: map[string]violation.Rule{NameRule: violation.Unique{
		Table: "teams", Fields: []string{"name"}, Value: nameKey, Description: "Another team has this name",
	}}}
}

// nameKey returns the form in which names are compared, "" for a team without a name, and
// violation.ErrUnknown for a name that is not a text.
func nameKey(team record.Record) (string, error) {
	w, _ := team.Get("name")
	if kind := w.Value.Kind(); kind == record.KindNull || kind == record.KindDeleted {
		return "", nil
	}
	name, ok := w.Value.Text()
	if !ok {
		return "", violation.ErrUnknown
	}
	return folded(name), nil
}

func folded(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// ShownNames returns a different name for each team that has one: the team that was named first shows its
// name, and the others show theirs with the least number that is free.
func ShownNames(teams []record.Record) map[record.Key]string {
	var named []record.Record
	for _, team := range teams {
		if key, _ := nameKey(team); key != "" && !team.Deleted() {
			named = append(named, team)
		}
	}
	slices.SortFunc(named, func(a, b record.Record) int {
		x, _ := a.Get("name")
		y, _ := b.Get("name")
		return cmp.Or(x.Stamp.Compare(y.Stamp), a.Key().Compare(b.Key()))
	})
	shown := make(map[record.Key]string, len(named))
	taken := make(map[string]bool, len(named))
	take := func(team record.Record, name string) {
		if !taken[folded(name)] {
			taken[folded(name)] = true
			shown[team.Key()] = name
		}
	}
	for _, team := range named { // first come those that show the name that they have
		take(team, textOf(team, "name"))
	}
	free := make(map[string]int, len(named)) // by folded name: every number below it is taken, so no search begins at 2 again
	for _, team := range named {
		name := strings.TrimSpace(textOf(team, "name"))
		n := max(2, free[folded(name)])
		for ; shown[team.Key()] == ""; n++ {
			take(team, fmt.Sprintf("%s (%d)", name, n))
		}
		free[folded(name)] = n
	}
	return shown
}

// textOf returns the text of a field, and "" if it has none.
func textOf(r record.Record, field string) string {
	w, _ := r.Get(field)
	text, _ := w.Value.Text()
	return text
}
