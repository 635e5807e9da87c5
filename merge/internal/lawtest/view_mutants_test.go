package lawtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge/buckets"
)

// viewMutant is a wrong rule.
type viewMutant struct {
	name  string
	wrong viewRules
	scope viewScope
	law   law // the law that the rule breaks
	steps int // the length of the shortest history that breaks it
}

// TestUnsoundRulesOfPartialReplicationAreFound searches for a history that breaks a law under each
// wrong rule. Each law is broken by some rule.
func TestUnsoundRulesOfPartialReplicationAreFound(t *testing.T) {
	engine, laws := newViewEngine(), make(map[law]bool)
	for _, m := range slices.Concat(viewServerMutants, viewClientMutants, viewRowMutants) {
		laws[m.law] = true
		t.Run(m.name, func(t *testing.T) {
			m.scope.depth = m.steps + 1
			states, broken := m.scope.search(engine, m.wrong)
			require.NotNil(t, broken, "%d states", states)
			t.Logf("%d states: %v", states, broken)
			require.Equal(t, m.law, broken.law, "%v", broken)
			require.Len(t, broken.actions, m.steps)
		})
	}
	require.Len(t, laws, 13, "not every law is broken by some wrong rule")
}

// viewServerMutants are wrong rules of the server.
var viewServerMutants = []viewMutant{
	{
		name: "a bucket is loaded without the sequence at which the load began",
		wrong: viewRules{after: func(c *viewCursor) {
			for i := range c.loads {
				l := &c.loads[i]
				l.begun, l.from = l.after, min(l.from, l.after)
			}
		}},
		scope: viewScope{purges: true}, law: lawEnds, steps: 2,
	},
	{
		name: "a grant begins no load",
		wrong: viewRules{begin: func(c *buckets.Cursor, s buckets.Snapshot) ([]buckets.Reset, bool) {
			return c.Begin(ungranted(s))
		}},
		scope: viewScope{}, law: lawLacks, steps: 3,
	},
	{
		name:  "a bucket that is granted again is not loaded again",
		wrong: viewRules{firstGrant: true},
		scope: viewScope{one: true}, law: lawLacks, steps: 4,
	},
	{
		name: "a client below the fence or a grant is not reset",
		wrong: viewRules{begin: func(c *buckets.Cursor, s buckets.Snapshot) ([]buckets.Reset, bool) {
			if c.Epoch() != "" {
				s = ungranted(s)
				s.Fence = 0
			}
			return c.Begin(s)
		}},
		scope: viewScope{purges: true}, law: lawLacks, steps: 3,
	},
	{
		name:  "a grant takes no sequence",
		wrong: viewRules{grantFree: true},
		scope: viewScope{}, law: lawLacks, steps: 3,
	},
	{
		name: "departures from before a load are sent",
		wrong: viewRules{position: func(c buckets.Cursor, granted int64) (after, begun int64) {
			after, _ = c.Range(granted)
			return after, 0
		}},
		scope: viewScope{}, law: lawLeak, steps: 3,
	},
	{
		name: "after a restore, the cursor stays above the sequence",
		wrong: viewRules{begin: func(c *buckets.Cursor, s buckets.Snapshot) ([]buckets.Reset, bool) {
			before := c.Reached()
			resets, tells := c.Begin(s)
			if len(resets) > 0 && resets[0].Why == buckets.WhyEpoch {
				_, told, _ := strings.Cut(c.String(), "~")
				*c, _ = buckets.ParseCursor(fmt.Sprintf("%s.0.%d~%s", s.Epoch, max(before, s.Seq), told))
			}
			return resets, tells
		}},
		scope: viewScope{restore: true}, law: lawEnds, steps: 5,
	},
	{
		name: "a client is not told which buckets it has",
		wrong: viewRules{begin: func(c *buckets.Cursor, s buckets.Snapshot) ([]buckets.Reset, bool) {
			resets, _ := c.Begin(s)
			return resets, false
		}},
		scope: viewScope{}, law: lawKeeps, steps: 3,
	},
	{
		name:  "the server notes which buckets it told",
		wrong: viewRules{notesTold: true},
		scope: viewScope{tabs: true}, law: lawKeeps, steps: 4,
	},
	{
		name:  "rights are read once for all pages",
		wrong: viewRules{rightsOnce: true},
		scope: viewScope{}, law: lawSecret, steps: 4,
	},
	{
		name:  "a row says by itself that it is a departure",
		wrong: viewRules{departsByFlag: true},
		scope: viewScope{purges: true}, law: lawLeak, steps: 3,
	},
	{
		name:  "the rows of a dead record get a new sequence",
		wrong: viewRules{deadGetSequence: true},
		scope: viewScope{purges: true, one: true}, law: lawLeak, steps: 6,
	},
	{
		name:  "a dead record is purged above the fence",
		wrong: viewRules{purgesDeadSoon: true},
		scope: viewScope{purges: true}, law: lawKeeps, steps: 4,
	},
	{
		name:  "a record that has left leaves no row",
		wrong: viewRules{noDepartures: true},
		scope: viewScope{}, law: lawKeeps, steps: 3,
	},
	{
		name:  "a record leaves a row only in the buckets that it enters or leaves",
		wrong: viewRules{entersOnly: true},
		scope: viewScope{}, law: lawVersion, steps: 3,
	},
	{
		name: "rights to read do not count in a push",
		wrong: viewRules{judge: func(e *viewEngine, q viewPush) viewAnswer {
			q.has = 3
			return e.push(q)
		}},
		scope: viewScope{writes: true}, law: lawRights, steps: 2,
	},
	{
		name: "an item on a record that its author may no longer read is refused, also if it stands",
		wrong: viewRules{judge: func(e *viewEngine, q viewPush) viewAnswer {
			if in := e.in(q.stored); in != 0 && in&q.has == 0 {
				return viewAnswer{after: q.stored}
			}
			return e.push(q)
		}},
		scope: viewScope{writes: true}, law: lawAgain, steps: 2,
	},
	{
		name:  "a departure from one bucket is sent as left",
		wrong: viewRules{anyLeft: true},
		scope: viewScope{}, law: lawLacks, steps: 4,
	},
}

// ungranted returns a snapshot whose grants are as old as the workspace.
func ungranted(s buckets.Snapshot) buckets.Snapshot {
	old := make(map[string]int64)
	for name := range s.Granted {
		old[name] = 0
	}
	s.Granted = old
	return s
}

// viewClientMutants are wrong rules of the client.
var viewClientMutants = []viewMutant{
	{
		name:  "the client does not purge what it holds",
		wrong: viewRules{noSelfPurge: true},
		scope: viewScope{purges: true}, law: lawKeeps, steps: 4,
	},
	{
		name:  "buckets of a line are added",
		wrong: viewRules{adds: true},
		scope: viewScope{one: true}, law: lawKeeps, steps: 6,
	},
	{
		name:  "an accepted item is joined with what is held",
		wrong: viewRules{joinsOwn: true},
		scope: viewScope{writes: true}, law: lawKeeps, steps: 1,
	},
	{
		name:  "an item that creates a record is shown after the record has left",
		wrong: viewRules{showsLeft: true},
		scope: viewScope{writes: true}, law: lawShows, steps: 4,
	},
	{
		name:  "a late chunk is applied whatever the cursor of the store",
		wrong: viewRules{anyChunk: true},
		scope: viewScope{tabs: true}, law: lawKeeps, steps: 3,
	},
	{
		name:  "a late chunk is applied if its cursor is not below the cursor of the store",
		wrong: viewRules{greater: true},
		scope: viewScope{tabs: true}, law: lawKeeps, steps: 3,
	},
	{
		name:  "each tab has its own cursor",
		wrong: viewRules{anyChunk: true, ownCursor: true},
		scope: viewScope{tabs: true}, law: lawKeeps, steps: 3,
	},
	{
		name:  "any settled pull ends an overlay",
		wrong: viewRules{anySettled: true},
		scope: viewScope{tabs: true, writes: true}, law: lawOverlay, steps: 4,
	},
	{
		name:  "any settled pull ends an overlay, and any chunk is applied",
		wrong: viewRules{anySettled: true, anyChunk: true},
		scope: viewScope{tabs: true, writes: true}, law: lawKeeps, steps: 3,
	},
	{
		name:  "no pull ends an overlay",
		wrong: viewRules{keepsOverlay: true},
		scope: viewScope{writes: true}, law: lawAnswered, steps: 1,
	},
	{
		name:  "forgetting a record deletes it",
		wrong: viewRules{deletes: true},
		scope: viewScope{}, law: lawPullWrites, steps: 3,
	},
}

// viewRowMutants are wrong rules of derived rows.
var viewRowMutants = []viewMutant{
	{
		name:  "a derived row does not move with its record",
		wrong: viewRules{rowStays: true},
		scope: viewScope{derives: true}, law: lawKeeps, steps: 3,
	},
	{
		name:  "a derived row has the sequence of its record",
		wrong: viewRules{rowShares: true},
		scope: viewScope{derives: true}, law: lawLacks, steps: 3,
	},
	{
		name:  "a derived row leaves when its record is swept",
		wrong: viewRules{rowAtSweep: true},
		scope: viewScope{derives: true, purges: true}, law: lawKeeps, steps: 5,
	},
	{
		name:  "a row of one client is sent again after a grant",
		wrong: viewRules{rowOfClient: true, rowAfterGrant: true},
		scope: viewScope{derives: true}, law: lawValues, steps: 5,
	},
	{
		name:  "a row of one client is sent again after a grant or a move",
		wrong: viewRules{rowOfClient: true, rowAfterGrant: true, rowAfterMove: true},
		scope: viewScope{derives: true}, law: lawValues, steps: 6,
	},
}
