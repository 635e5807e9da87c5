package lawtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// viewScopes are the scopes of the right rules.
var viewScopes = []struct {
	name  string
	scope viewScope
	// The depth and the number of states of the ordinary run and of the large run.
	depth, states           int
	largeDepth, largeStates int
}{
	{"purges and erasures", viewScope{purges: true, erases: true}, 5, 82_746, 7, 2_834_180},
	{"writes", viewScope{writes: true}, 5, 61_353, 7, 1_637_979},
	{"two tabs", viewScope{tabs: true, purges: true}, 5, 125_283, 6, 913_197},
	{"two tabs and writes", viewScope{tabs: true, writes: true}, 5, 115_338, 6, 772_288},
	{"a restored server", viewScope{restore: true, purges: true}, 5, 76_548, 6, 456_234},
	{"a derived row", viewScope{derives: true, purges: true}, 6, 39_014, 8, 449_114},
	{"all at once", viewScope{purges: true, erases: true, writes: true, tabs: true, restore: true}, 5, 322_330, 6, 2_825_081},
}

// TestScopePartialReplicationIsSound visits every history up to a number of steps, and finds none
// that breaks a law.
func TestScopePartialReplicationIsSound(t *testing.T) {
	engine := newViewEngine()
	for _, s := range viewScopes {
		t.Run(s.name, func(t *testing.T) {
			scope, want, whole := s.scope, s.states, true
			scope.depth = s.depth
			switch {
			case *scopes == "large":
				scope.depth, want = s.largeDepth, s.largeStates
				scope.oneIn, whole = *sample, *sample == 1
			case testing.Short():
				scope.depth--
				whole = false
			}
			states, broken := scope.search(engine, viewRules{})
			require.Nil(t, broken)
			if whole {
				require.Equal(t, want, states)
			}
			t.Logf("%d states", states)
		})
	}
}
