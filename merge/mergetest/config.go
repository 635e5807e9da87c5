package mergetest

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// config is what is run.
type config struct {
	rules
	newClient newClientApp // nil: all devices are the kit's own
	ops       map[*schedule.Kind]op
}

// newConfig returns what is run of a domain.
func newConfig(d schedule.Domain, refused map[merge.Code]map[string]string, newClient newClientApp) config {
	t := newTable()
	d.Grammar, d.Families, d.Clients = t.grammar, t.families, newClient != nil
	for _, f := range flaws() {
		d.Flaws = append(d.Flaws, f.name)
	}
	for _, code := range slices.Sorted(maps.Keys(refused)) {
		d.Flaws = append(d.Flaws, string(code))
	}
	return config{rules: rules{Domain: d, refused: refused}, newClient: newClient, ops: t.ops}
}
