package lawtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestTenYearsAhead: a phone whose clock is ten years ahead blocks nobody, does not
// move the server's clock, does not win for ten years, and learns how far off it is.
func TestTenYearsAhead(t *testing.T) {
	w, a, b, _ := scene(t)
	a.skew = 10 * 365 * 24 * time.Hour
	a.writes(`"from the future"`)
	b.writes(`"by B"`)
	before := w.server.clock.Last()
	in := input{Actor: a.id, AnyClient: true, Wall: w.now, Current: w.server.state, Items: []record.Item{
		{Mutation: a.outbox[0].item}, {Mutation: b.outbox[0].item},
	}}
	answer := applied(&w.engine, in)
	require.True(t, answer.Results[1].Changed, "its neighbour is accepted")
	r := answer.Results[0].Refusal
	require.Equal(t, merge.TooFarAhead, r.Code)
	require.True(t, r.Retryable)
	require.ErrorIs(t, r, clock.ErrAhead)
	var ahead *clock.AheadError
	require.ErrorAs(t, r, &ahead)
	require.Equal(t, a.skew-time.Second, ahead.Ahead(), "it wrote a second ago")
	require.Equal(t, clock.TimestampOf(w.now), r.ServerTime)

	// The phone pushes by itself, mends its clock, and sends again.
	a.sends()
	require.Equal(t, before, w.server.clock.Last())
	require.Zero(t, a.skew)
	require.Equal(t, merge.Applied, onlyField(t, a.sends()).Outcome)
	require.LessOrEqual(t, w.server.clock.Last().Time(), w.now)

	// Somebody who saw it edits it a second later, and wins.
	b.outbox = nil
	b.pull()
	b.writes(`"by B"`)
	require.Equal(t, merge.Applied, onlyField(t, b.sends()).Outcome)
}

// TestThreeDaysOffline: old stamps are normal, and get a new place in the log, so
// that nobody misses them.
func TestThreeDaysOffline(t *testing.T) {
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

// TestAnHourSlow: the next edit of a slow phone lies above what it has seen, since
// its clock observes what it pulls, without a bound.
func TestAnHourSlow(t *testing.T) {
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

// TestServerClockNotSet: nobody is blamed, and the same item is good later.
func TestServerClockNotSet(t *testing.T) {
	_, a, _, _ := scene(t)
	a.writes(`"by A"`)
	in := input{Actor: a.id, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	for _, wall := range []time.Time{{}, time.Unix(0, 0), time.Date(2019, 12, 31, 23, 59, 59, 0, time.UTC)} {
		in.Wall = wall
		answer := applied(&a.w.engine, in)
		r := answer.Results[0].Refusal
		require.Equal(t, merge.ServerClock, r.Code)
		require.Contains(t, string(answer.AppendJSON(nil)), "wall clock", "the reply says what is wrong")
		require.True(t, r.Retryable)
		require.Zero(t, r.ServerTime, "it would mislead the client")
		require.ErrorIs(t, r, clock.ErrWall)
	}
	in.Wall = a.w.now
	require.True(t, applied(&a.w.engine, in).Results[0].Accepted())
}

// TestBound: a bound of one's own is inclusive, and a negative one is none.
func TestBound(t *testing.T) {
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

// TestRepair: a stored stamp beyond the bound is repaired by replacing it. Who joins
// keeps it, so clients replace what is confirmed, and start their clocks anew.
func TestRepair(t *testing.T) {
	w, a, b, _ := scene(t)
	future := clock.Stamp{Time: clock.MustParseTimestamp("2099-01-01T00:00:00Z"), Client: b.id}
	m, err := record.New(task).Edit(future).Set("title", "of the future").Mutation()
	require.NoError(t, err)
	poisoned := m.Data
	require.NoError(t, a.clock.Observe(future.Time), "the phone pulled it")

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
	require.Equal(t, merge.TooFarAhead, edit(poisoned).Results[0].Refusal.Code, "a clock that saw it stays ahead")
	a.newClock(repairedStamp.Time)
	require.Equal(t, merge.Applied, onlyField(t, edit(repaired)).Outcome)
}

// TestObserveAfterCommit: a transaction that is rolled back leaves the server's
// clock where it was, for Apply does not touch it, and the retry is as the first.
func TestObserveAfterCommit(t *testing.T) {
	w, a, _, _ := scene(t)
	a.skew = 4 * time.Minute
	a.writes(`"by A"`)
	in := input{Actor: a.id, Wall: w.now, Current: w.server.state, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	before := w.server.clock.Last()
	first := applied(&w.engine, in) // and the commit fails
	require.Equal(t, before, w.server.clock.Last())
	again := applied(&w.engine, in)
	require.Equal(t, first.Digest(), again.Digest())
	w.store(again)
	require.Equal(t, again.Greatest, w.server.clock.Last())
}
