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

// notes returns what there is to say of the one item of a push.
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

// TestDeletedRecords: an update of a deleted record is kept beneath, and does not
// revive it; a second deletion changes nothing that anybody sees; only a restore
// brings the record back.
func TestDeletedRecords(t *testing.T) {
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
	require.Empty(t, notes(t, retry), "a retry deletes nothing anew")

	b.pull()
	w.later()
	b.write(task, restoration, manner{})
	require.Equal(t, []merge.Code{merge.Restored}, notes(t, b.sends()))
	r, _ = w.server.state.Get(task)
	require.False(t, r.Deleted())
	stands, _ = r.Get("title")
	require.Equal(t, `"by B, who had not seen it"`, stands.Value.JSON(), "with what was written meanwhile")
}

// TestEditBeforeDeletion: what was written before the deletion, and comes later, is
// told as well, for nobody will see it. If it came before, or with the deletion, its
// author knows.
func TestEditBeforeDeletion(t *testing.T) {
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

// TestNotesAreOfTheEnd: what is said of the record is how it ends, not how it was on
// the way.
func TestNotesAreOfTheEnd(t *testing.T) {
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

// TestBaseThatIsNone: a base that no decoder would read is refused.
func TestBaseThatIsNone(t *testing.T) {
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

// TestItemErrors: whatever an item was refused with, it is refused.
func TestItemErrors(t *testing.T) {
	var none *merge.Refusal
	for _, err := range []error{none, &merge.Refusal{}, &record.Error{}, errors.New("x"), fmt.Errorf("x: %w", none)} {
		in := input{Wall: wallTime, Items: []record.Item{{Err: err}}}
		r := applied(&merge.Engine{}, in).Results[0]
		require.False(t, r.Accepted())
		require.Equal(t, merge.Invalid, r.Refusal.Code)
		require.NotEmpty(t, r.Refusal.Error())
	}
}

// TestRetriedUpdateOfDeleted: the answer may have been lost, so it is told again.
func TestRetriedUpdateOfDeleted(t *testing.T) {
	_, a, b, _ := scene(t)
	a.w.later()
	a.write(task, deletion, manner{})
	a.sends()
	b.writes(`"by B"`)
	b.push(1, false, true)
	require.Equal(t, []merge.Code{merge.UpdateOfDeleted}, notes(t, b.sends()))
}

// TestClonedDevice: two devices with one ID and one clock state use a stamp twice.
// The state converges, and both the clone and the support hear of it.
func TestClonedDevice(t *testing.T) {
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

// TestRestoredBackup: a device whose state is a week old writes on with stamps
// below those that it sent before.
func TestRestoredBackup(t *testing.T) {
	w, a, _, _ := scene(t)
	w.now = w.now.Add(7 * 24 * time.Hour)
	a.writes(`"later"`)
	a.sends()
	a.skew = -6 * 24 * time.Hour
	a.newClock(0)
	a.write(record.Key{Table: "tasks", ID: "2"}, title(`"of the past"`), manner{})
	answer := a.sends()
	require.Equal(t, []merge.Code{merge.Rewound}, notes(t, answer))
	require.True(t, answer.Results[0].Changed, "it is accepted")
	mark := w.server.marks[a.id]
	require.Equal(t, clock.TimestampOf(w.now), mark, "its mark stays")

	// What loses was perhaps sent before: nothing is claimed.
	a.confirmed = merge.Collection{}
	a.write(task, title(`"of the past"`), manner{})
	require.Empty(t, notes(t, a.sends()))
}

// TestOneStampForTwoItems: a transaction over two records has one stamp, and its
// items may come in two pushes.
func TestOneStampForTwoItems(t *testing.T) {
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

// TestStampBelowBase: a client whose clock does not observe what it pulls is told,
// since its edits lose.
func TestStampBelowBase(t *testing.T) {
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

// TestAnotherClient: nobody writes under another's ID, unless the caller permits it.
func TestAnotherClient(t *testing.T) {
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
	require.Equal(t, merge.OtherClient, applied(&w.engine, in).Results[0].Refusal.Code, "an actor that was forgotten may write nothing")
}

// TestGuard: it gets the actor and the item, its own refusals are passed on, and of
// other errors the client hears no text.
func TestGuard(t *testing.T) {
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
	require.Contains(t, answer.Results[0].Refusal.Error(), "4711", "it is there for the log")

	for _, empty := range []*merge.Refusal{nil, {Retryable: true}} {
		reason := empty
		e.Guard = func(clock.ClientID, record.Mutation) error { return reason }
		require.Equal(t, merge.Forbidden, applied(&e, in).Results[0].Refusal.Code, "a refusal without a code is one")
	}

	own := &merge.Refusal{Code: "quota_exceeded", Retryable: true, Err: reason}
	e.Guard = func(clock.ClientID, record.Mutation) error { return own }
	answer = applied(&e, in)
	require.Same(t, own, answer.Results[0].Refusal)
	e.Guard = func(clock.ClientID, record.Mutation) error { return fmt.Errorf("in another error: %w", own) }
	require.Same(t, own, applied(&e, in).Results[0].Refusal)
	require.Equal(t, `[{"index":0,"table":"tasks","id":"1","verdict":"refused","code":"quota_exceeded","retryable":true,"changed":false}]`, string(answer.AppendJSON(nil)))
}

// TestEmptyItem is accepted and has no effect.
func TestEmptyItem(t *testing.T) {
	w, a, _, _ := scene(t)
	in := input{Actor: a.id, Wall: w.now, Items: []record.Item{{Mutation: record.Mutation{Data: record.New(task)}}}}
	answer := applied(&w.engine, in)
	require.True(t, answer.Results[0].Accepted())
	require.Empty(t, answer.Updates)
	require.Empty(t, keysOf(&w.engine, in))
	require.Equal(t, `[{"index":0,"table":"tasks","id":"1","verdict":"accepted","changed":false}]`, string(answer.AppendJSON(nil)))
	require.Equal(t, `[]`, string(applied(&w.engine, input{}).AppendJSON(nil)))
}

// TestKeyThatIsNone: a mutation that was not decoded may have a key that is not
// valid.
func TestKeyThatIsNone(t *testing.T) {
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

// TestEveryCodeHasAdvice, and no other has.
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
