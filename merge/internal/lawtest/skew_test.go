package lawtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestPhoneTenYearsAheadIsRefusedAndCorrected: a phone whose clock is ten years ahead does not
// block other clients, does not advance the server's clock, does not win for ten years, and
// learns by how much its clock is wrong.
func TestPhoneTenYearsAheadIsRefusedAndCorrected(t *testing.T) {
	w, a, b, _ := scene(t)
	a.skew = 10 * 365 * 24 * time.Hour
	a.writes(`"from the future"`)
	b.writes(`"by B"`)
	before := w.server.clock.Last()
	in := input{Actor: a.id, AnyClient: true, Wall: w.now, Current: w.server.state, Items: []record.Item{
		{Mutation: a.outbox[0].item}, {Mutation: b.outbox[0].item},
	}}
	answer := applied(&w.engine, in)
	require.True(t, answer.Results[1].Changed, "the neighbouring item must be accepted")
	r := answer.Results[0].Refusal
	require.Equal(t, merge.TooFarAhead, r.Code)
	require.True(t, r.Retryable)
	require.ErrorIs(t, r, clock.ErrAhead)
	var ahead *clock.AheadError
	require.ErrorAs(t, r, &ahead)
	require.Equal(t, a.skew-time.Second, ahead.Ahead(), "the write was made a second ago")
	require.Equal(t, clock.TimestampOf(w.now), r.ServerTime)

	// The phone pushes, corrects its clock and pushes again.
	a.sends()
	require.Equal(t, before, w.server.clock.Last())
	require.Zero(t, a.skew)
	require.Equal(t, merge.Applied, onlyField(t, a.sends()).Outcome)
	require.LessOrEqual(t, w.server.clock.Last().Time(), w.now)

	// A client that saw the write edits the title a second later, and wins.
	b.outbox = nil
	b.pull()
	b.writes(`"by B"`)
	require.Equal(t, merge.Applied, onlyField(t, b.sends()).Outcome)
}

// TestEditsOfThreeDaysOfflineReachEveryClient: old stamps are normal. The records with these stamps
// get a new place in the log, so every client pulls them.
func TestEditsOfThreeDaysOfflineReachEveryClient(t *testing.T) {
	w, a, b, c := scene(t)
	a.write(task, map[string]string{"title": `"old"`, "due": `"2026-12-01"`}, manner{})
	w.now = w.now.Add(72 * time.Hour)
	b.writes(`"new"`)
	b.sends()
	c.pull()
	answer := a.sends()
	require.True(t, answer.Results[0].Changed)
	require.Equal(t, merge.Applied, answer.Results[0].Fields[0].Outcome, "due")
	require.True(t, answer.Results[0].Fields[1].Lost(), "title")
	c.pull()
	due, _ := c.shown(task).Get("due")
	require.Equal(t, `"2026-12-01"`, due.Value.JSON())
}

// TestSlowPhoneWinsOverWhatItSaw: the next edit of a slow phone gets a stamp above all that the
// phone has seen, because its clock observes pulled stamps without a bound.
func TestSlowPhoneWinsOverWhatItSaw(t *testing.T) {
	_, a, b, _ := scene(t)
	a.skew = -time.Hour
	b.writes(`"by B"`)
	b.sends()
	a.pull()
	a.writes(`"by A, who saw it"`)
	d := onlyField(t, a.sends())
	require.Equal(t, merge.Applied, d.Outcome)
	require.Equal(t, merge.SeenYes, d.Seen)
}

// TestUnsetServerClockRefusesTemporarily: if the server's clock is not set, items are refused
// temporarily. The same item is accepted after the clock is set.
func TestUnsetServerClockRefusesTemporarily(t *testing.T) {
	_, a, _, _ := scene(t)
	a.writes(`"by A"`)
	in := input{Actor: a.id, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	for _, wall := range []time.Time{{}, time.Unix(0, 0), time.Date(2019, 12, 31, 23, 59, 59, 0, time.UTC)} {
		in.Wall = wall
		answer := applied(&a.w.engine, in)
		r := answer.Results[0].Refusal
		require.Equal(t, merge.ServerClock, r.Code)
		require.Contains(t, string(answer.AppendJSON(nil)), "wall clock", "the reply must name the cause")
		require.True(t, r.Retryable)
		require.Zero(t, r.ServerTime, "the wrong time would mislead the client")
		require.ErrorIs(t, r, clock.ErrWall)
	}
	in.Wall = a.w.now
	require.True(t, applied(&a.w.engine, in).Results[0].Accepted())
}

// TestMaxAheadIsInclusiveAndNegativeMeansNone checks the bound MaxAhead of an engine.
func TestMaxAheadIsInclusiveAndNegativeMeansNone(t *testing.T) {
	_, a, _, _ := scene(t)
	a.skew = time.Minute
	a.writes(`"by A"`)
	in := input{Actor: a.id, Wall: a.w.now, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	for bound, accepted := range map[time.Duration]bool{time.Minute: true, time.Minute - time.Millisecond: false, -1: true} {
		e := merge.Engine{MaxAhead: bound}
		require.Equal(t, accepted, applied(&e, in).Results[0].Accepted(), bound)
	}
	in.Wall = time.Time{}
	require.True(t, applied(&merge.Engine{MaxAhead: -1}, in).Results[0].Accepted(), "without a bound no clock is needed")
}

// TestFutureStampIsRepairedByReplacingIt: a stored stamp beyond the bound must be replaced, not
// joined, because a join keeps it. So clients replace their confirmed records, and restart their
// clocks.
func TestFutureStampIsRepairedByReplacingIt(t *testing.T) {
	w, a, b, _ := scene(t)
	future := clock.Stamp{Time: clock.MustParseTimestamp("2099-01-01T00:00:00Z"), Client: b.id}
	m, err := record.New(task).Edit(future).Set("title", "of the future").Mutation()
	require.NoError(t, err)
	poisoned := m.Data
	require.NoError(t, a.clock.Observe(future.Time), "a phone must observe the stamp that it pulled")

	repairedStamp := clock.Stamp{Time: clock.TimestampOf(w.now), Client: clock.ClientID{15: 9}}
	m, err = record.New(task).Edit(repairedStamp).Set("title", "of the future").Mutation()
	require.NoError(t, err)
	repaired := m.Data
	joined, err := merge.Records(poisoned, repaired)
	require.NoError(t, err)
	require.True(t, joined.Equal(poisoned), "a join undoes the repair")

	w.later()
	edit := func(seen record.Record) merge.Answer {
		m, err := seen.Edit(clock.Stamp{Time: a.clock.Now(), Client: a.id}).Set("title", "by A").Mutation()
		require.NoError(t, err)
		return applied(&w.engine, input{Actor: a.id, Wall: w.now, Current: merge.Collect(repaired), Items: []record.Item{{Mutation: m}}})
	}
	require.Equal(t, merge.TooFarAhead, edit(poisoned).Results[0].Refusal.Code, "a clock that observed the future stamp stays ahead")
	a.newClock(repairedStamp.Time)
	require.Equal(t, merge.Applied, onlyField(t, edit(repaired)).Outcome)
}

// TestRolledBackPushDoesNotMoveTheClock: Apply does not touch the server's clock, so a transaction
// that is rolled back leaves it unchanged, and a retry gives the same answer.
func TestRolledBackPushDoesNotMoveTheClock(t *testing.T) {
	w, a, _, _ := scene(t)
	a.skew = 4 * time.Minute
	a.writes(`"by A"`)
	in := input{Actor: a.id, Wall: w.now, Current: w.server.state, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	before := w.server.clock.Last()
	first := applied(&w.engine, in) // then the commit fails
	require.Equal(t, before, w.server.clock.Last())
	again := applied(&w.engine, in)
	require.Equal(t, first.Digest(), again.Digest())
	w.store(again)
	require.Equal(t, again.Greatest, w.server.clock.Last())
}
