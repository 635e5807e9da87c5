package lawtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// notes returns the notes on the only item of a push, which must be accepted.
func notes(t *testing.T, a merge.Answer) []merge.Code {
	t.Helper()
	require.Len(t, a.Results, 1)
	require.True(t, a.Results[0].Accepted())
	return a.Results[0].Notes
}

var (
	deletion    = map[string]string{"$deleted": "true"}
	restoration = map[string]string{"$deleted": "false"}
)

// TestOnlyRestoreRevivesDeletedRecord: an update of a deleted record is stored in it and does not
// revive it. A second deletion has no visible effect. Only a restoration revives the record.
func TestOnlyRestoreRevivesDeletedRecord(t *testing.T) {
	w, a, b, c := scene(t)
	a.w.later()
	a.write(task, deletion, manner{})
	require.Empty(t, notes(t, a.sends()))

	b.writes(`"by B, who had not seen it"`)
	require.Equal(t, []merge.Code{merge.UpdateOfDeleted}, notes(t, b.sends()))
	r, _ := w.server.state.Get(task)
	require.True(t, r.Deleted())
	stands, _ := r.Get("title")
	require.Equal(t, `"by B, who had not seen it"`, stands.Value.JSON())

	w.later()
	c.write(task, deletion, manner{})
	again := record.Item{Mutation: c.outbox[0].item}
	answer := c.sends()
	require.Equal(t, []merge.Code{merge.AlreadyDeleted}, notes(t, answer))
	require.True(t, answer.Results[0].Changed, "the later stamp is stored")
	require.Empty(t, answer.LostEdits())

	retry := applied(&w.engine, input{Actor: c.id, Wall: w.now, Current: w.server.state, Items: []record.Item{again}})
	require.Empty(t, notes(t, retry), "a retry must not count as another deletion")

	b.pull()
	w.later()
	b.write(task, restoration, manner{})
	require.Equal(t, []merge.Code{merge.Restored}, notes(t, b.sends()))
	r, _ = w.server.state.Get(task)
	require.False(t, r.Deleted())
	stands, _ = r.Get("title")
	require.Equal(t, `"by B, who had not seen it"`, stands.Value.JSON(), "the restored record must hold the write made in between")
}

// TestLateEditOfDeletedRecordIsReported: an edit that was made before the deletion but arrives
// after it is reported as well, because no user will see it. An edit that arrives before or with
// the deletion is not reported, because its author knows what happened to it.
func TestLateEditOfDeletedRecordIsReported(t *testing.T) {
	_, a, b, c := scene(t)
	b.writes(`"earlier"`)
	a.w.later()
	a.write(task, deletion, manner{})
	a.sends()
	require.Equal(t, []merge.Code{merge.UpdateOfDeleted}, notes(t, b.sends()))

	other := record.Key{Table: "tasks", ID: "2"}
	c.write(other, title(`"x"`), manner{})
	c.w.later()
	c.write(other, deletion, manner{})
	for _, r := range c.sends().Results {
		require.Empty(t, r.Notes)
	}
}

// TestNotesDescribeTheFinalState: notes describe the record after the whole push, not its
// intermediate states.
func TestNotesDescribeTheFinalState(t *testing.T) {
	_, a, b, _ := scene(t)
	a.w.later()
	a.write(task, deletion, manner{})
	a.sends()
	b.pull()
	b.w.later()
	b.write(task, restoration, manner{})
	b.w.later()
	b.write(task, deletion, manner{})
	for _, r := range b.sends().Results {
		require.NotContains(t, r.Notes, merge.Restored)
	}
	b.w.later()
	b.write(task, deletion, manner{})
	b.w.later()
	b.write(task, restoration, manner{})
	for _, r := range b.sends().Results {
		require.NotContains(t, r.Notes, merge.AlreadyDeleted)
	}
}

// TestInvalidBaseIsRefused: a base that a decoder would not accept is refused, even if the item
// was not decoded.
func TestInvalidBaseIsRefused(t *testing.T) {
	_, a, _, _ := scene(t)
	a.writes(`"by A"`)
	for _, base := range []clock.Stamp{{Time: 5}, {Client: a.id}, {Time: -1, Client: a.id}} {
		m := a.outbox[0].item
		m.Base = map[string]clock.Stamp{"title": base}
		in := input{Actor: a.id, Wall: a.w.now, Items: []record.Item{{Mutation: m}}}
		r := applied(&a.w.engine, in).Results[0].Refusal
		require.Equal(t, merge.Invalid, r.Code)
		require.ErrorIs(t, r, record.ErrStamp)
		require.Equal(t, "base", r.Path)
	}
}

// TestItemWithAnyErrorIsRefused: an item with an error is refused, whatever the error.
func TestItemWithAnyErrorIsRefused(t *testing.T) {
	var none *merge.Refusal
	for _, err := range []error{none, &merge.Refusal{}, &record.Error{}, errors.New("x"), fmt.Errorf("x: %w", none)} {
		in := input{Wall: wallTime, Items: []record.Item{{Err: err}}}
		r := applied(&merge.Engine{}, in).Results[0]
		require.False(t, r.Accepted())
		require.Equal(t, merge.Invalid, r.Refusal.Code)
		require.NotEmpty(t, r.Refusal.Error())
	}
}

// TestRetryReportsUpdateOfDeletedAgain: a retry reports the update of a deleted record again,
// because the first answer may have been lost.
func TestRetryReportsUpdateOfDeletedAgain(t *testing.T) {
	_, a, b, _ := scene(t)
	a.w.later()
	a.write(task, deletion, manner{})
	a.sends()
	b.writes(`"by B"`)
	b.push(1, false, true)
	require.Equal(t, []merge.Code{merge.UpdateOfDeleted}, notes(t, b.sends()))
}

// TestStampCollisionOfClonedDeviceIsReported: two devices with one client ID and one clock state
// use a stamp twice. The state converges, and the collision is reported.
func TestStampCollisionOfClonedDeviceIsReported(t *testing.T) {
	w, a, _, _ := scene(t)
	twin := &phone{w: w, id: a.id, confirmed: a.confirmed, cursor: a.cursor, seen: a.seen}
	twin.newClock(a.clock.Last())
	w.later()
	a.write(task, title(`"a"`), manner{})
	twin.write(task, title(`"b"`), manner{})
	require.Equal(t, a.outbox[0].edits[0].time, twin.outbox[0].edits[0].time)

	in := func(p *phone, current merge.Collection) input {
		return input{Actor: a.id, Wall: w.now, Current: current, Items: []record.Item{{Mutation: p.outbox[0].item}}}
	}
	for _, order := range [][]*phone{{a, twin}, {twin, a}} {
		first := in(order[0], w.server.state)
		state := stateAfter(first, applied(&w.engine, first))
		second := in(order[1], state)
		answer := applied(&w.engine, second)
		require.Equal(t, []merge.Code{merge.StampCollision}, notes(t, answer))
		r, _ := stateAfter(second, answer).Get(task)
		stands, _ := r.Get("title")
		require.Equal(t, `"b"`, stands.Value.JSON())
		require.Empty(t, answer.LostEdits())
	}
}

// TestRewoundStampsOfRestoredBackupAreReported: after a restored backup, a device continues with
// stamps below the stamps that it sent before.
func TestRewoundStampsOfRestoredBackupAreReported(t *testing.T) {
	w, a, _, _ := scene(t)
	w.now = w.now.Add(7 * 24 * time.Hour)
	a.writes(`"later"`)
	a.sends()
	a.skew = -6 * 24 * time.Hour
	a.newClock(0)
	a.write(record.Key{Table: "tasks", ID: "2"}, title(`"of the past"`), manner{})
	answer := a.sends()
	require.Equal(t, []merge.Code{merge.Rewound}, notes(t, answer))
	require.True(t, answer.Results[0].Changed, "the write must be accepted")
	mark := w.server.marks[a.id]
	require.Equal(t, clock.TimestampOf(w.now), mark, "the watermark must stay")

	// The losing write may have been sent before, so nothing is claimed.
	a.confirmed = merge.Collection{}
	a.write(task, title(`"of the past"`), manner{})
	require.Empty(t, notes(t, a.sends()))
}

// TestOneStampMayServeTwoItems: a client may use one stamp for a transaction over two records,
// and push the two items separately. Nothing is reported.
func TestOneStampMayServeTwoItems(t *testing.T) {
	w, a, _, _ := scene(t)
	w.later()
	stamp := clock.Stamp{Time: a.clock.Now(), Client: a.id}
	for _, id := range []string{"2", "3"} {
		m, err := record.New(record.Key{Table: "tasks", ID: id}).Edit(stamp).Set("title", "x").Mutation()
		require.NoError(t, err)
		in := input{Actor: a.id, Wall: w.now, Current: w.server.state, Items: []record.Item{{Mutation: m}}}
		in.Watermarks = []clock.Stamp{{Time: w.server.marks[a.id], Client: a.id}}
		answer := applied(&w.engine, in)
		w.store(answer)
		require.Empty(t, notes(t, answer))
	}
}

// TestStampBelowBaseIsReported: if the clock of a client does not observe pulled stamps, its
// edits lose. The note StampBelowBase reports this to the client.
func TestStampBelowBaseIsReported(t *testing.T) {
	w, a, b, _ := scene(t)
	b.writes(`"by B"`)
	b.sends()
	r, _ := w.server.state.Get(task)
	seen, _ := r.Get("title")
	m, err := record.New(task).Edit(clock.Stamp{Time: seen.Stamp.Time - 1, Client: a.id}).Set("title", "by A").Mutation()
	require.NoError(t, err)
	m.Base["title"] = seen.Stamp
	in := input{Actor: a.id, Wall: w.now, Current: w.server.state, Items: []record.Item{{Mutation: m}}}
	answer := applied(&w.engine, in)
	require.Equal(t, []merge.Code{merge.StampBelowBase}, notes(t, answer))
	require.Equal(t, merge.Superseded, onlyField(t, answer).Outcome)
}

// TestWriteOfAnotherClientIsRefused: an actor may not push writes under another client's ID,
// unless the caller permits it.
func TestWriteOfAnotherClientIsRefused(t *testing.T) {
	w, a, b, _ := scene(t)
	b.writes(`"by B"`)
	in := input{Actor: a.id, Wall: w.now, Current: w.server.state, Items: []record.Item{{Mutation: b.outbox[0].item}}}
	answer := applied(&w.engine, in)
	require.Equal(t, merge.OtherClient, answer.Results[0].Refusal.Code)
	require.Empty(t, answer.Updates)
	require.Empty(t, keysOf(&w.engine, in))
	in.AnyClient = true
	require.True(t, applied(&w.engine, in).Results[0].Changed)
	in.AnyClient, in.Actor = false, clock.ClientID{}
	require.Equal(t, merge.OtherClient, applied(&w.engine, in).Results[0].Refusal.Code, "without an Actor, every write must be refused")
}

// TestGuardRefusesAndHidesOtherErrors: the guard gets the actor and the item. Its refusals reach
// the client unchanged. The texts of other errors do not reach the client.
func TestGuardRefusesAndHidesOtherErrors(t *testing.T) {
	w, a, _, _ := scene(t)
	a.writes(`"by A"`)
	in := input{Actor: a.id, Wall: w.now, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	reason := errors.New("the database of customer 4711 says no")
	e := merge.Engine{Guard: func(actor clock.ClientID, m record.Mutation) error {
		require.Equal(t, a.id, actor)
		require.Equal(t, a.outbox[0].item, m)
		return reason
	}}
	answer := applied(&e, in)
	require.Equal(t, merge.Forbidden, answer.Results[0].Refusal.Code)
	require.ErrorIs(t, answer.Results[0].Refusal, reason)
	require.NotContains(t, string(answer.AppendJSON(nil)), "4711")
	require.Contains(t, answer.Results[0].Refusal.Error(), "4711", "the error must keep its text for the log")

	for _, empty := range []*merge.Refusal{nil, {Retryable: true}} {
		reason := empty
		e.Guard = func(clock.ClientID, record.Mutation) error { return reason }
		require.Equal(t, merge.Forbidden, applied(&e, in).Results[0].Refusal.Code, "a refusal without a code must still refuse")
	}

	own := &merge.Refusal{Code: "quota_exceeded", Retryable: true, Err: reason}
	e.Guard = func(clock.ClientID, record.Mutation) error { return own }
	answer = applied(&e, in)
	require.Same(t, own, answer.Results[0].Refusal)
	e.Guard = func(clock.ClientID, record.Mutation) error { return fmt.Errorf("in another error: %w", own) }
	require.Same(t, own, applied(&e, in).Results[0].Refusal)
	require.Equal(t, `[{"index":0,"table":"tasks","id":"1","verdict":"refused","code":"quota_exceeded","retryable":true,"changed":false}]`, string(answer.AppendJSON(nil)))
}

// TestEmptyItemIsAcceptedWithoutEffect: an item without fields is accepted and changes nothing.
func TestEmptyItemIsAcceptedWithoutEffect(t *testing.T) {
	w, a, _, _ := scene(t)
	in := input{Actor: a.id, Wall: w.now, Items: []record.Item{{Mutation: record.Mutation{Data: record.New(task)}}}}
	answer := applied(&w.engine, in)
	require.True(t, answer.Results[0].Accepted())
	require.Empty(t, answer.Updates)
	require.Empty(t, keysOf(&w.engine, in))
	require.Equal(t, `[{"index":0,"table":"tasks","id":"1","verdict":"accepted","changed":false}]`, string(answer.AppendJSON(nil)))
	require.Equal(t, `[]`, string(applied(&w.engine, input{}).AppendJSON(nil)))
}

// TestInvalidKeyIsRefused: a mutation that was not decoded may have an invalid key; the engine
// refuses it.
func TestInvalidKeyIsRefused(t *testing.T) {
	_, a, _, _ := scene(t)
	a.writes(`"by A"`)
	m := a.outbox[0].item
	m.Data = m.Data.WithKey(record.Key{Table: "t\xff\xfe", ID: "1"})
	in := input{Actor: a.id, Wall: a.w.now, Items: []record.Item{{Mutation: m}}}
	answer := applied(&a.w.engine, in)
	require.Equal(t, merge.Invalid, answer.Results[0].Refusal.Code)
	require.ErrorIs(t, answer.Results[0].Refusal, record.ErrUTF8)
	require.Equal(t, `[{"index":0,"table":"t��","id":"1","verdict":"refused","code":"invalid","path":"table","detail":"invalid UTF-8","changed":false}]`, string(answer.AppendJSON(nil)))
}

// TestEveryCodeHasAdvice: every code of package merge has its own advice, and no other code has
// any.
func TestEveryCodeHasAdvice(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []merge.Code{
		merge.Invalid, merge.LimitExceeded, merge.Forbidden, merge.OtherClient, merge.TooFarAhead, merge.ServerClock,
		merge.RecordFull, merge.StorageFull,
		merge.LostEdit, merge.StampCollision, merge.Rewound, merge.StampBelowBase, merge.UpdateOfDeleted, merge.AlreadyDeleted, merge.Restored,
	} {
		require.NotEmpty(t, c.Advice(), c)
		require.False(t, seen[c.Advice()], c)
		seen[c.Advice()] = true
	}
	require.Empty(t, merge.Code("quota_exceeded").Advice())
}
