package sim

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// Config configures the runs of one domain.
type Config struct {
	check.Rules
	NewApp NewApp // nil if all devices are the kit's own
	ops    map[*schedule.Kind]op
}

// NewConfig returns the configuration of some rules.
func NewConfig(r check.Rules, newClient NewApp) Config {
	t, d := newTable(), &r.Domain
	d.Grammar, d.Families, d.Clients = t.grammar, t.families, newClient != nil
	for _, f := range knownFlaws() {
		if f.name != newer || r.Old != nil && r.Old.Newer() != "" {
			d.Flaws = append(d.Flaws, f.name)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(r.Refused)) {
		d.Flaws = append(d.Flaws, string(code))
	}
	return Config{Rules: r, NewApp: newClient, ops: t.ops}
}
