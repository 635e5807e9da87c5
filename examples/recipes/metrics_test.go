package recipes

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestCountersCountWhatClientsAreTold compares the counters with the replies that clients get, after any pushes.
func TestCountersCountWhatClientsAreTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Counters
		var want counts
		want.Refused, want.Notes, want.Decisions = make(map[string]int), make(map[string]int), make(map[string]int)
		engine := merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
			if textOf(m.Data, "title") == "3" {
				return &merge.Refusal{Code: "third"}
			}
			return nil
		}}
		var stored merge.Collection
		for range rapid.IntRange(1, 8).Draw(t, "pushes") {
			var items []record.Item
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				key := record.Key{Table: "tasks", ID: id(t, 2)}
				m := record.Mutation{Data: write(key, "title", id(t, 3), stamp(t))}
				if rapid.Bool().Draw(t, "base") {
					m.Base = map[string]clock.Stamp{"title": {}}
				}
				items = append(items, record.Item{Mutation: m})
			}
			actor := clock.ClientID{byte(rapid.IntRange(1, 3).Draw(t, "client"))}
			push := engine.Prepare(merge.Request{Actor: actor, Wall: noon.Time().Add(time.Minute), Items: items})
			answer, err := push.Apply(merge.Stored{Records: stored.Lookup(push.Keys())})
			require.NoError(t, err)
			for _, u := range answer.Updates {
				stored = merge.Join(stored, merge.Collect(u.After))
			}
			c.Count(answer)
			want.Pushes++
			for reply := range answer.Replies() {
				if reply.Verdict == "accepted" {
					want.Accepted++
				} else {
					want.Refused[string(reply.Code)]++
				}
				for _, note := range reply.Notes {
					want.Notes[string(note)]++
				}
			}
			for d := range answer.Decisions() {
				want.Decisions[d.Step().String()]++
			}
			want.LostEdits += len(answer.LostEdits())
		}
		var got counts
		require.NoError(t, json.Unmarshal([]byte(c.String()), &got))
		require.Equal(t, want, got)
	})
}

// TestCountersStaySmall counts codes of a guard that passes on what clients send. Most of them are counted as one.
func TestCountersStaySmall(t *testing.T) {
	var c Counters
	for n := range 1000 {
		for _, code := range []string{fmt.Sprint(n), strings.Repeat("x", 1000+n), "third"} {
			c.Count(merge.Answer{Results: []merge.Result{{Refusal: &merge.Refusal{Code: merge.Code(code)}}}})
		}
	}
	require.Less(t, len(c.String()), 1000)
	var got counts
	require.NoError(t, json.Unmarshal([]byte(c.String()), &got))
	require.LessOrEqual(t, len(got.Refused), maxCodes+1)
	require.Equal(t, 1000, got.Refused["third"])
	sum := 0
	for _, n := range got.Refused {
		sum += n
	}
	require.Equal(t, 3000, sum)
}
