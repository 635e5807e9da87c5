package lawtest

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/require"
)

// allEdits are the kinds of edits of the scopes.
var allEdits = []int{setF, setG, setBoth, deleteF, deleteIt, restore}

// purgeScopes are the scopes of the right rules. Answers may be lost in all of them.
var purgeScopes = []struct {
	name  string
	scope purgeScope
	// The depth and the number of states of the ordinary run and of the large run.
	depth, states           int
	largeDepth, largeStates int
}{
	{"one item at a time, level 1", purgeScope{level: 1, outbox: 2, batch: 1}, 6, 68_670, 8, 633_410},
	{"one item at a time, level 2", purgeScope{level: 2, outbox: 2, batch: 1}, 6, 62_290, 8, 534_925},
	{"late duplicates, level 1", purgeScope{level: 1, outbox: 2, batch: 1, copied: true}, 5, 30_069, 7, 635_438},
	{"late duplicates, level 2", purgeScope{level: 2, outbox: 2, batch: 1, copied: true}, 5, 33_168, 7, 594_742},
	{"batches of three, level 1", purgeScope{level: 1, outbox: 3, batch: 3}, 5, 24_397, 7, 407_530},
	{"batches of three, level 2", purgeScope{level: 2, outbox: 3, batch: 3}, 5, 24_246, 7, 344_697},
	{"late duplicates of batches", purgeScope{level: 2, outbox: 3, batch: 3, copied: true}, 4, 8_132, 6, 280_737},
	{"pulls in chunks, level 1", purgeScope{level: 1, outbox: 2, batch: 1, slow: true}, 5, 32_149, 7, 997_271},
	{"pulls in chunks, level 2", purgeScope{level: 2, outbox: 2, batch: 1, slow: true}, 5, 32_102, 7, 932_577},
	{"a deleted record, level 1", purgeScope{level: 1, edits: 2, outbox: 2, batch: 2, deleted: true}, 5, 68_952, 7, 458_996},
	{"a deleted record, level 2", purgeScope{level: 2, edits: 2, outbox: 2, batch: 2, deleted: true}, 5, 69_246, 7, 476_015},
	{"a level that rises", purgeScope{level: 1, outbox: 2, batch: 1, levelUp: true}, 5, 21_249, 7, 409_367},
	{"a restored server, level 1", purgeScope{level: 1, outbox: 2, batch: 1, restore: true}, 5, 22_898, 7, 534_796},
	{"a restored server, level 2", purgeScope{level: 2, outbox: 2, batch: 1, restore: true}, 5, 22_681, 7, 462_741},
	{"an old client, level 1", purgeScope{level: 1, outbox: 2, batch: 1, old: true}, 5, 26_463, 7, 266_294},
	{"an old client, level 2", purgeScope{level: 2, outbox: 2, batch: 1, old: true}, 5, 26_625, 7, 250_850},
	{"a lying client, level 1", purgeScope{level: 1, outbox: 2, batch: 1, liar: true}, 4, 16_853, 6, 369_560},
	{"a lying client, level 2", purgeScope{level: 2, outbox: 2, batch: 1, liar: true}, 4, 16_873, 6, 327_818},
	{"a snapshot without tombstones", purgeScope{level: 2, outbox: 2, batch: 1, snapshots: true}, 4, 7_557, 7, 588_098},
	{"an erasure, level 1", purgeScope{level: 1, outbox: 2, batch: 1, erasure: true}, 5, 20_082, 7, 511_698},
	{"an erasure, level 2", purgeScope{level: 2, outbox: 2, batch: 1, erasure: true}, 5, 20_045, 7, 455_793},
	{"an erasure, late duplicates", purgeScope{level: 1, outbox: 2, batch: 1, erasure: true, copied: true}, 5, 39_642, 7, 1_345_580},
	{"an erasure, batches of three", purgeScope{level: 2, outbox: 3, batch: 3, erasure: true}, 5, 30_703, 7, 701_610},
	{"an erasure, pulls in chunks", purgeScope{level: 2, outbox: 2, batch: 1, erasure: true, slow: true}, 5, 39_132, 6, 278_797},
	{"an erasure and a restored server, level 1", purgeScope{level: 1, outbox: 2, batch: 1, erasure: true, restore: true}, 5, 28_287, 7, 1_005_805},
	{"an erasure and a restored server, level 2", purgeScope{level: 2, outbox: 2, batch: 1, erasure: true, restore: true}, 5, 28_046, 7, 897_342},
	{"an erasure, an old client", purgeScope{level: 1, outbox: 2, batch: 1, erasure: true, old: true}, 5, 35_454, 7, 694_072},
	{"an erasure, a lying client", purgeScope{level: 2, outbox: 2, batch: 1, erasure: true, liar: true}, 4, 17_821, 6, 553_943},
	{"an erasure and a level that rises", purgeScope{level: 1, outbox: 2, batch: 1, erasure: true, levelUp: true}, 5, 26_099, 7, 769_566},
	{"all at once", purgeScope{level: 1, outbox: 3, batch: 3, copied: true, slow: true, levelUp: true, restore: true}, 4, 14_478, 6, 1_314_002},
}

// TestScopePurgingIsSound visits every history of two clients that make three edits, or two, up to a
// number of steps, and finds none that breaks a law.
func TestScopePurgingIsSound(t *testing.T) {
	engine := newPurgeEngine()
	for _, s := range purgeScopes {
		t.Run(s.name, func(t *testing.T) {
			scope, want, whole := s.scope, s.states, true
			scope.depth, scope.edits, scope.kinds = s.depth, cmp.Or(scope.edits, 3), allEdits
			switch {
			case *scopes == "large":
				scope.depth, want = s.largeDepth, s.largeStates
				scope.oneIn, whole = *sample, *sample == 1
			case testing.Short():
				scope.depth--
				whole = false
			}
			states, broken := scope.search(engine.rightRules())
			require.Nil(t, broken)
			if whole {
				require.Equal(t, want, states)
			}
			t.Logf("%d states", states)
		})
	}
}
