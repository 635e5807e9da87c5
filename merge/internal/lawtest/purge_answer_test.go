package lawtest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// partlyGone is a push of one item under the fence 5. The item writes f above the fence and g
// below the fence, and the stored record has no g.
func partlyGone() (merge.Request, merge.Stored) {
	var b record.Builder
	item := record.Mutation{Data: recordOf(&b, triple{{set, 7}, {set, 4}})}
	item.Base = map[string]clock.Stamp{"f": stampAt(6), "g": {}}
	return merge.Request{Actor: purgeClient, Wall: purgeEpoch.Time().Add(time.Second), Items: []record.Item{{Mutation: item}}},
		merge.Stored{
			Records:    []record.Record{recordOf(&b, triple{{set, 6}})},
			Watermarks: []clock.Stamp{{Client: purgeClient}},
			Fence:      stampAt(5).Time,
		}
}

func TestGoneFieldIsToldAndLeavesNoTrace(t *testing.T) {
	request, stored := partlyGone()
	var e merge.Engine
	answer, err := e.Prepare(request).Apply(stored)
	require.NoError(t, err)
	require.JSONEq(t, `[{"index":0,"table":"tasks","id":"1","verdict":"accepted","changed":true,
		"fields":{"f":{"outcome":"applied"},"g":{"outcome":"gone"}},"notes":["gone"]}]`, string(answer.AppendJSON(nil)))
	require.Equal(t, stampAt(7).Time, answer.Greatest)
	decided := 0
	for d := range answer.Decisions() {
		require.Equal(t, "f", d.Field)
		decided++
	}
	require.Equal(t, 1, decided)
	gone := answer.Results[0].Fields[1]
	require.Equal(t, merge.FieldGone, gone.Outcome)
	require.Zero(t, gone.Step())
	require.False(t, gone.Won())
	require.Contains(t, gone.String(), "tasks/1/g: a write by 01000000… at 2026-03-02 12:00:00.000 UTC came after the field was purged")
	require.Equal(t, "gone", gone.Outcome.String())
	require.NotEmpty(t, merge.Gone.Advice())
}

// TestGoneWriteRaisesNoWatermark: the write with the greatest stamp is gone, so the watermark is
// the stamp of the other write.
func TestGoneWriteRaisesNoWatermark(t *testing.T) {
	var b record.Builder
	stored := merge.Stored{Records: []record.Record{recordOf(&b, triple{{set, 1}})}, Fence: stampAt(5).Time}
	item := record.Mutation{Data: recordOf(&b, triple{{set, 2}, {set, 4}})}
	var e merge.Engine
	request := merge.Request{Actor: purgeClient, Wall: purgeEpoch.Time().Add(time.Second), Items: []record.Item{{Mutation: item}}}
	answer, err := e.Prepare(request).Apply(stored)
	require.NoError(t, err)
	require.Equal(t, []clock.Stamp{stampAt(2)}, answer.Watermarks)
	require.Equal(t, stampAt(2).Time, answer.Greatest)
}

// TestPurgedWatermarkIsUnknown: below the fence, a watermark may have been purged. For example, a
// client has the watermark 4, which is purged. A retry of its write 3 then stores the watermark 3,
// and a retry of its write 4 is above that. So a write that loses at or below the fence is not known
// to arrive for the first time, whatever the watermark is.
func TestPurgedWatermarkIsUnknown(t *testing.T) {
	ben := clock.Stamp{Time: stampAt(9).Time, Client: clock.ClientID{2}}
	key := purgeKey
	for fence, lost := range map[rank]bool{0: true, 3: true, 4: false, 5: false} {
		stored, err := record.New(key).Edit(ben).Set("f", 2).Mutation()
		require.NoError(t, err)
		late, err := record.New(key).Edit(stampAt(4)).Set("f", 1).Mutation()
		require.NoError(t, err)
		s := merge.Stored{Records: []record.Record{stored.Data}, Watermarks: []clock.Stamp{{Client: purgeClient}}}
		if fence > 0 {
			s.Fence = stampAt(fence).Time
		}
		var e merge.Engine
		request := merge.Request{Actor: purgeClient, Wall: purgeEpoch.Time().Add(time.Second), Items: []record.Item{{Mutation: late}}}
		answer, err := e.Prepare(request).Apply(s)
		require.NoError(t, err)
		require.True(t, answer.Results[0].Accepted())
		require.Equal(t, lost, len(answer.LostEdits()) == 1, "fence %d", fence)
		s.Watermarks[0].Time = stampAt(3).Time
		answer, err = e.Prepare(request).Apply(s)
		require.NoError(t, err)
		require.Equal(t, lost, len(answer.LostEdits()) == 1, "with a lower watermark, fence %d", fence)
	}
}

func TestJournalUnderAFenceReplays(t *testing.T) {
	for _, whole := range []bool{false, true} {
		for _, level := range []int{0, 1, 2} {
			request, stored := partlyGone()
			request.WholeItems, stored.Level = whole, level
			var e merge.Engine
			push := e.Prepare(request)
			answer, err := push.Apply(stored)
			require.NoError(t, err)
			require.Equal(t, !whole, answer.Results[0].Accepted())
			line := push.AppendJournal(nil, stored, answer)
			parsed, err := merge.ParseJournalLine(line)
			require.NoError(t, err)
			require.Equal(t, stored.Fence, parsed.Stored.Fence)
			require.Equal(t, level, parsed.Stored.Level)
			require.Equal(t, whole, parsed.Request.WholeItems)
			again, err := parsed.Replay()
			require.NoError(t, err)
			require.Equal(t, answer.Digest(), again.Digest())
		}
	}
}

// TestJournalWithoutAFenceHasNoNewMember: readers of earlier versions can still read such a
// line.
func TestJournalWithoutAFenceHasNoNewMember(t *testing.T) {
	request, stored := partlyGone()
	stored.Fence = 0
	var e merge.Engine
	push := e.Prepare(request)
	answer, err := push.Apply(stored)
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(push.AppendJournal(nil, stored, answer), &members))
	for _, name := range []string{"fence", "level", "wholeItems"} {
		require.NotContains(t, members, name)
	}
}

// TestNegativeFenceIsNone: a negative fence, which is not a valid timestamp, purges nothing.
func TestNegativeFenceIsNone(t *testing.T) {
	var b record.Builder
	for _, r := range triples(2) {
		require.True(t, merge.Purge(recordOf(&b, r), -1, 2).Equal(recordOf(&b, r)))
	}
	request, stored := partlyGone()
	stored.Fence = -1
	var e merge.Engine
	answer, err := e.Prepare(request).Apply(stored)
	require.NoError(t, err)
	require.Empty(t, answer.Results[0].Notes)
}

func TestPurgeIsIdempotentAndGrowsWithTheFence(t *testing.T) {
	var b record.Builder
	for _, r := range triples(3) {
		for fence := range rank(4) {
			for level := int8(1); level <= 2; level++ {
				once := merge.Purge(recordOf(&b, r), stampAt(fence).Time, int(level))
				require.Equal(t, r.normal(fence, level), tripleOf(once), "%v at %d", r, fence)
				for later := fence; later < 4; later++ {
					direct := merge.Purge(recordOf(&b, r), stampAt(later).Time, int(level))
					require.True(t, merge.Purge(once, stampAt(later).Time, int(level)).Equal(direct), "%v at %d, then %d", r, fence, later)
				}
			}
		}
	}
}

func TestPurgeOfALiveRecordAllocatesNothing(t *testing.T) {
	var b record.Builder
	r := recordOf(&b, triple{{set, 1}, {removed, 3}, {set, 2}})
	require.Zero(t, testing.AllocsPerRun(100, func() { merge.Purge(r, stampAt(2).Time, 2) }))
}

// TestRetryBesideANewLifeChangesNothing: a retry of an edit of the dead record comes with an item
// that begins a new life. The retry is judged against the new life, so it is superseded there, in
// either order, and is not reported as a change.
func TestRetryBesideANewLifeChangesNothing(t *testing.T) {
	var b record.Builder
	stored := merge.Stored{Records: []record.Record{recordOf(&b, triple{{set, 1}, {}, {removed, 2}})}, Fence: stampAt(5).Time}
	retry := record.Item{Mutation: record.Mutation{Data: recordOf(&b, triple{{set, 1}})}}
	begins := record.Item{Mutation: record.Mutation{Data: recordOf(&b, triple{{set, 7}}), New: true}}
	for at, items := range [][]record.Item{{retry, begins}, {begins, retry}} {
		var e merge.Engine
		request := merge.Request{Actor: purgeClient, Wall: purgeEpoch.Time().Add(time.Second), Items: items}
		answer, err := e.Prepare(request).Apply(stored)
		require.NoError(t, err)
		require.Equal(t, merge.Superseded, answer.Results[at].Fields[0].Outcome)
		require.False(t, answer.Results[at].Changed)
		require.True(t, answer.Results[1-at].Changed)
		require.Equal(t, triple{{set, 7}}, tripleOf(answer.Updates[0].After))
		require.Len(t, answer.Updates, 1)
	}
}
