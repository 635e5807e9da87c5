package replica_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	scopes = flag.String("scopes", "small", "which scopes of the model to run: small or large")
	sample = flag.Int("sample", 1, "continue from only one in this many states of the large scopes")
)

// allKinds are all kinds of edits.
var allKinds = []int{setF, setG, setBoth, deleteF, deleteIt, restoreIt}

// The beginnings of some scopes.
var (
	deletedRecord = []string{"A sets f", "A pushes", "A deletes the record", "A pushes", "B pulls"}
	deadRecord    = []string{"A sets f", "A pushes", "A deletes the record", "A pushes", "the fence rises", "A pulls", "B pulls"}
	// A's edit is accepted below a fence that A knows, or does not know yet.
	knownFence   = []string{"A sets f", "another record is written", "the fence rises", "A pulls", "A pushes"}
	unknownFence = []string{"A sets f", "another record is written", "a sample is taken", "A pulls", "A pushes"}
	// The creation of a record is lost, and a later edit of it waits.
	restoredBeneath = append(slices.Clone(deadRecord), "A sets f", "a backup is made", "A pushes", "A sets g", "the server is restored")
	// A deletion that is at or below the fence when it arrives.
	lateDeletion = []string{"A sets f", "A pushes", "B pulls", "B deletes the record", "another record is written", "a sample is taken", "A pulls", "the fence rises to the sample"}
	// B's edit of a record that A created, after a backup.
	follower = []string{"a backup is made", "A sets f", "A pushes", "B pulls", "B sets g", "B pushes"}
	// A's edit is accepted after a backup, below a later one of B that A has pulled.
	superseded = []string{"A sets f", "B sets f", "a backup is made", "B pushes", "A pulls", "A pushes"}
	// A's edit is confirmed after a backup, and the fence passes A.
	passed = []string{"a backup is made", "A sets f", "A pushes", "A pulls", "another record is written", "the fence rises"}
	// The same after a later edit of B, and with an answer that was lost.
	passedLate = []string{"A sets f and g", "a backup is made", "A pushes (answer lost)", "B pulls", "B sets g", "B pushes", "A pulls", "another record is written", "the fence rises"}
	// A creation that waits while the fence passes it.
	oldCreation = []string{"A sets f", "another record is written", "the fence rises"}
	// B joins when a record is dead, or when its deletion is under way that makes it so.
	deadBefore = []string{"A sets f", "A pushes", "A deletes the record", "A pushes", "the fence rises"}
	lateBefore = []string{"A sets f", "A pushes", "A deletes the record", "another record is written", "a sample is taken", "the fence rises to the sample"}
	// A holds no f, because it was deleted and purged, and its own f waits.
	purgedField = []string{"A sets f and g", "A pushes (answer lost)", "B pulls", "B deletes f", "B pushes", "the fence rises", "A pulls"}
)

// modelScopes are the scopes of the model. Answers may be lost in all of them.
var modelScopes = []struct {
	name          string
	scope         modelScope
	depth, states int // of the ordinary run
	largeDepth    int
}{
	{"every edit, level 1", modelScope{level: 1, edits: 3, outbox: 2}, 4, 2_465, 5},
	{"every edit, level 2", modelScope{level: 2, edits: 3, outbox: 2}, 4, 2_465, 5},
	{"late duplicates of batches", modelScope{level: 2, edits: 3, outbox: 2, batch: 2, copies: true}, 4, 4_549, 5},
	{"chunks, level 1", modelScope{level: 1, edits: 2, kinds: []int{setF, setBoth, deleteIt}, portions: true, samples: true}, 5, 1_649, 6},
	{"chunks, level 2", modelScope{level: 2, edits: 2, kinds: []int{setF, setBoth, deleteF, deleteIt}, portions: true, samples: true}, 5, 3_322, 6},
	{"many steps", modelScope{level: 2, edits: 2, kinds: []int{setF, deleteIt}, portions: true}, 7, 4_534, 8},
	{"a deleted record, level 1", modelScope{level: 1, edits: 2, outbox: 2, batch: 2, begins: deletedRecord, portions: true}, 3, 2_173, 4},
	{"a deleted record, level 2", modelScope{level: 2, edits: 2, outbox: 2, batch: 2, begins: deletedRecord, portions: true}, 3, 2_129, 4},
	{"a dead record, level 1", modelScope{level: 1, edits: 2, outbox: 2, begins: deadRecord, portions: true}, 4, 2_513, 5},
	{"a dead record, level 2", modelScope{level: 2, edits: 2, outbox: 2, begins: deadRecord, portions: true}, 4, 2_514, 5},
	{"a purged field", modelScope{level: 2, edits: 1, begins: purgedField, portions: true}, 4, 1_190, 6},
	{"a late answer below the fence", modelScope{level: 2, edits: 1, kinds: []int{setF, setG, deleteIt}, begins: unknownFence, portions: true, samples: true}, 4, 3_537, 5},
	{"a late deletion, level 1", modelScope{level: 1, edits: 1, kinds: []int{setF, setG}, begins: lateDeletion, portions: true}, 4, 968, 6},
	{"a late deletion, level 2", modelScope{level: 2, edits: 1, kinds: []int{setF, setG}, begins: lateDeletion, portions: true}, 4, 941, 6},
	{"a level that rises", modelScope{level: 1, edits: 1, kinds: []int{setF, setG, deleteIt}, begins: knownFence, portions: true, levelUp: true}, 4, 3_240, 5},
	{"a restored server, level 1", modelScope{level: 1, edits: 2, kinds: []int{setF, setG, deleteIt}, restore: true}, 6, 3_999, 8},
	{"a restored server, level 2", modelScope{level: 2, edits: 2, kinds: []int{setF, setG, deleteIt}, restore: true}, 6, 3_999, 8},
	{"a dead record of a restored server, level 1", modelScope{level: 1, edits: 1, kinds: []int{setF}, begins: deadRecord, restore: true}, 7, 723, 8},
	{"a dead record of a restored server, level 2", modelScope{level: 2, edits: 1, kinds: []int{setF}, begins: deadRecord, restore: true}, 7, 675, 8},
	{"a new life on a restored server", modelScope{level: 2, edits: 2, kinds: []int{setF, setG}, outbox: 2, begins: deadRecord, restore: true}, 5, 2_559, 7},
	{"a pull in chunks from a restored server", modelScope{level: 2, edits: 1, outbox: 3, kinds: []int{setF}, begins: restoredBeneath, portions: true, restore: true}, 3, 136, 5},
	{"a follower on a restored server", modelScope{level: 2, edits: 1, kinds: []int{setF}, begins: follower, restore: true}, 3, 133, 5},
	{"a superseded write on a restored server", modelScope{level: 2, edits: 1, kinds: []int{setF, deleteIt}, begins: superseded, restore: true}, 4, 537, 6},
	{"a reset by the fence before a restore, level 1", modelScope{level: 1, edits: 1, kinds: []int{setF, setG, deleteIt}, begins: passed, portions: true, restore: true}, 4, 2_991, 6},
	{"a reset by the fence before a restore, level 2", modelScope{level: 2, edits: 1, kinds: []int{setF, setG, deleteIt}, begins: passed, portions: true, restore: true}, 4, 2_987, 6},
	{"a reset by the fence after a lost answer", modelScope{level: 2, edits: 1, kinds: []int{setG}, begins: passedLate, portions: true, restore: true}, 4, 1_135, 6},
	{"a creation below the fence", modelScope{level: 2, edits: 1, kinds: []int{setF, setG}, begins: oldCreation, portions: true}, 4, 736, 6},
	{"a client that joins late", modelScope{level: 2, edits: 2, outbox: 2, newcomer: true, others: true}, 4, 5_480, 5},
	{"a client that joins late, level 1", modelScope{level: 1, edits: 2, outbox: 2, newcomer: true, others: true}, 4, 5_488, 5},
	{"a first load without the dead", modelScope{level: 1, edits: 2, kinds: []int{setF, deleteIt}, newcomer: true, live: true, begins: deadBefore, portions: true, levelUp: true}, 4, 1_703, 6},
	{"a deletion that comes late in a first load", modelScope{level: 1, edits: 1, kinds: []int{setF}, newcomer: true, live: true, begins: lateBefore, portions: true}, 4, 2_299, 6},
	{"all at once", modelScope{level: 1, edits: 3, outbox: 2, batch: 2, copies: true, portions: true, samples: true, others: true, levelUp: true, restore: true}, 4, 11_671, 5},
}

// TestModelOfReplicasIsSound visits every history of two Replicas that make a few edits, up to a
// number of steps, and finds none that breaks a law.
func TestModelOfReplicasIsSound(t *testing.T) {
	for _, s := range modelScopes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			scope, depth, complete := s.scope, s.depth, true
			switch {
			case *scopes == "large":
				depth, scope.oneIn, complete = s.largeDepth, *sample, false
			case testing.Short():
				depth--
				complete = false
			}
			states, broken := scope.search(depth, wire{})
			require.Nil(t, broken, "%v", broken)
			if complete {
				require.Equal(t, s.states, states)
			}
			t.Logf("%d states", states)
		})
	}
}
