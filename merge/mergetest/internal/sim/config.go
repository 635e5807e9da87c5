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

// NewConfig returns the configuration of a domain.
func NewConfig(d schedule.Domain, r check.Rules, newClient NewApp) Config {
	t := newTable()
	d.Grammar, d.Families, d.Clients = t.grammar, t.families, newClient != nil
	for _, f := range knownFlaws() {
		d.Flaws = append(d.Flaws, f.name)
	}
	for _, code := range slices.Sorted(maps.Keys(r.Refused)) {
		d.Flaws = append(d.Flaws, string(code))
	}
	r.Domain = d
	return Config{Rules: r, NewApp: newClient, ops: t.ops}
}
