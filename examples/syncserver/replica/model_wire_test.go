package replica_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// modelMutants are wrong rules of a client that follow from wrong messages.
var modelMutants = []struct {
	name  string
	wire  wire
	scope modelScope
	laws  []law // it breaks one of them
}{
	{"a pull below the fence is not a reset", wire{noReset: true}, modelScope{edits: 2, kinds: []int{setF, deleteIt}}, []law{lawSynced}},
	{"a client knows no fence", wire{noFence: true}, modelScope{edits: 2, kinds: []int{setBoth, deleteF}}, []law{lawSynced}},
	{"an overlay ends with any trailer", wire{alwaysSettled: true}, modelScope{edits: 2, kinds: []int{setF}, portions: true}, []law{lawStays, lawShown}},
	{"a restored server keeps its epoch", wire{keepsEpoch: true}, modelScope{edits: 2, kinds: []int{setF}, restore: true}, []law{lawUntold}},
	{"a push does not say its epoch", wire{anyEpoch: true}, modelScope{edits: 2, kinds: []int{setF}, restore: true, begins: deadRecord}, []law{lawHonest}},
	{"a client does not say that it creates a record", wire{noNew: true}, modelScope{edits: 3, kinds: []int{setF, deleteIt}}, []law{lawHonest}},
	{"a server without buckets names one", wire{namesBucket: true}, modelScope{edits: 2, kinds: []int{setF}, restore: true}, []law{lawSynced, lawShown}},
	{"a first load leaves out a record that it has brought", wire{sparesAll: true}, modelScope{edits: 1, kinds: []int{setF}, newcomer: true, live: true, begins: lateBefore, portions: true}, []law{lawSynced}},
}

// TestModelFindsWrongMessages searches for a history that breaks a law under each wrong rule.
func TestModelFindsWrongMessages(t *testing.T) {
	for _, m := range modelMutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			scope := m.scope
			scope.outbox = 2
			if scope.level = 2; scope.live {
				scope.level = 1
			}
			states, broken := scope.search(9, m.wire)
			require.NotNil(t, broken, "%d states", states)
			require.True(t, slices.Contains(m.laws, broken.law), "%v", broken)
			t.Logf("%d states: %v", states, broken)
		})
	}
}
