package lawtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// purgeMutant is a wrong rule.
type purgeMutant struct {
	name  string
	wrong func(r *purgeRules)
	scope purgeScope
	law   law // the law that the rule breaks
}

// inNormal replaces the normal form, of the server and of the clients.
func (r *purgeRules) inNormal(normal func(t triple, fence rank, level int8) triple) {
	engine := r.judge
	r.normal = normal
	r.server = func(w purgeWorld, items []purgeItem) ruling {
		w.stored = normal(w.stored, w.fence, w.level)
		return engine(w, items)
	}
	r.judge = r.server
}

// plain judges as if nothing was ever purged.
func (r *purgeRules) plain() judge {
	engine := r.judge
	return func(w purgeWorld, items []purgeItem) ruling {
		w.stored = r.normal(w.stored, w.fence, w.level)
		w.fence = 0
		return engine(w, items)
	}
}

// inServer makes the server join more writes of items that the right rules call gone.
func (r *purgeRules) inServer(joined func(v ruling, w purgeWorld, m purgeItem) triple) {
	engine := r.server
	r.server = func(w purgeWorld, items []purgeItem) ruling {
		v := engine(w, items)
		for i, m := range items {
			if v.joined[i] == m.writes {
				continue
			}
			more := joined(v, w, m)
			v.joined[i] = v.joined[i].join(more)
			v.after = v.after.join(more)
		}
		return v
	}
}

// TestUnsoundRulesOfPurgingAreFound searches for a history that breaks a law under each wrong rule.
// Each of the thirteen laws is broken by some rule.
func TestUnsoundRulesOfPurgingAreFound(t *testing.T) {
	laws := make(map[law]bool)
	for _, m := range slices.Concat(serverMutants, clientMutants, eraseMutants) {
		laws[m.law] = true
		t.Run(m.name, func(t *testing.T) {
			rules := newPurgeEngine().rightRules()
			m.wrong(rules)
			if m.scope.level == 0 {
				m.scope.level = 2
			}
			m.scope.depth, m.scope.outbox, m.scope.batch = 9, 2, max(m.scope.batch, 1)
			states, broken := m.scope.search(rules)
			require.NotNil(t, broken, "%d states", states)
			require.Equal(t, m.law, broken.law, "%v", broken)
			t.Logf("%d states: %v", states, broken)
		})
	}
	require.Len(t, laws, 13, "not every law is broken by some wrong rule")
}
