package mergetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
)

// TestRareFatesOfAdditionsPass checks that a correct backend passes where the sum of a counter is not what the accepted
// additions and resets alone say.
func TestRareFatesOfAdditionsPass(t *testing.T) {
	for name, test := range map[string]struct {
		make  newBackend
		steps []string
	}{
		"it arrives with its first stamp after a reset that saw the second": {newMemory, []string{
			"ana clock +1h", "ana counts a 3", "ana pushes", "ana pushes", "ben pulls", "ben resets a", "ben pushes", "wait 2h", "ana resends 1",
		}},
		"its deletion is stamped below it": {newMemory, []string{
			"ben clock -1h", "ana edits a qty/x=3", "ana pushes", "ben edits a qty/x=deleted", "ben pushes",
		}},
		"a restored server lost it": {newMemory, []string{
			"server backs-up", "ana counts a 3", "ana pushes", "ben pulls", "ana reinstalls", "server is-restored", "ben pulls", "ben counts a 2",
		}},
		"it belongs to an earlier life of its record": {purging(purgeRule{}), []string{
			"ana counts a 3", "ana deletes a", "ana pushes", "wait 1s", "ben pulls", "server purges 0s", "ana pulls", "ben pulls", "ben counts a 2", "ben pushes", "ana pulls",
		}},
		"it has no answer": {newMemory, []string{"ana counts a 3", "ana counts a 2", "ana pushes, server dies at 1", "ben pulls", "ben resets a", "ben pushes", "ana reinstalls"}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 5 { // the oracle reads maps
				Replay(t, test.make, Schedule{Steps: test.steps})
			}
		})
	}
}

// TestAdditionsHaveValidIDs checks that package record/fields accepts the additions of the kit: each ID is long enough and
// new, and every second one differs from the one before it only in case.
func TestAdditionsHaveValidIDs(t *testing.T) {
	seen := map[string]bool{}
	var r record.Record
	for n := range 200 {
		name := schedule.Addition(n)
		e := r.Edit(clock.Stamp{Time: clock.Timestamp(n + 1), Client: clock.ClientID{1}})
		if err := (fields.Counter{Name: schedule.Counter}).Add(e, fields.Addition{ID: strings.TrimPrefix(name, "qty/"), N: 1}); err != nil || seen[name] {
			t.Fatal(n, name, err)
		}
		if twin := schedule.Addition(n ^ 1); twin == name || !strings.EqualFold(twin, name) {
			t.Fatal(name, twin)
		}
		seen[name] = true
	}
}

// TestDefaultPositionsAndElementsAreValid checks that the default fields hold positions and elements of sets as package
// record/fields writes them.
func TestDefaultPositionsAndElementsAreValid(t *testing.T) {
	all := defaultFields()
	for _, text := range all["position"] {
		p := strings.Trim(text, `"`)
		if _, err := fields.Between(p, "", fields.Turn{Client: clock.ClientID{1}, N: 1}); err != nil {
			t.Error(text, err)
		}
	}
	elements := 0
	for name, values := range all {
		if strings.HasPrefix(name, "tags/") {
			elements++
			if !slices.Equal(values, []string{"true"}) {
				t.Error(name, values)
			}
		}
	}
	if elements == 0 {
		t.Error("no set")
	}
}
