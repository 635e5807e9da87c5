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

// TestCountersAddUp counts one answer twice: each count is twice the first one.
func TestCountersAddUp(t *testing.T) {
	key := record.Key{Table: "tasks", ID: "1"}
	first := write(key, "title", "1", clock.Stamp{Time: noon, Client: clock.ClientID{1}})
	unaware := record.Mutation{Data: write(key, "title", "2", clock.Stamp{Time: noon + 1, Client: clock.ClientID{2}}), Base: map[string]clock.Stamp{"title": {}}}
	refused := record.Mutation{Data: write(key, "title", "3", clock.Stamp{Time: noon, Client: clock.ClientID{3}})}
	var engine merge.Engine
	push := engine.Prepare(merge.Request{Actor: clock.ClientID{2}, Wall: noon.Time(), Items: []record.Item{{Mutation: unaware}, {Mutation: refused}}})
	answer, err := push.Apply(merge.Stored{Records: merge.Collect(first).Lookup(push.Keys())})
	require.NoError(t, err)
	var c Counters
	for n := 1; n <= 2; n++ {
		c.Count(answer)
		var got counts
		require.NoError(t, json.Unmarshal([]byte(c.String()), &got))
		require.Equal(t, counts{
			Pushes: n, Accepted: n, LostEdits: n,
			Refused: map[string]int{"other_client": n}, Notes: map[string]int{"lost_edit": n}, Decisions: map[string]int{"time": n},
		}, got)
	}
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
	require.Len(t, got.Refused, maxCodes, "other is one of them")
	require.Equal(t, 1000, got.Refused["third"])
	sum := 0
	for _, n := range got.Refused {
		sum += n
	}
	require.Equal(t, 3000, sum)
}
