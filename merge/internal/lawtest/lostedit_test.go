package lawtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Scenes are short histories in the simulated world. Every push of a scene is also compared with
// the causal oracle.

var task = record.Key{Table: "tasks", ID: "1"}

func title(v string) map[string]string { return map[string]string{"title": v} }

// scene returns a world and its three phones, which have seen a first title.
func scene(t *testing.T) (w *sky, a, b, c *phone) {
	w = newSky(t, 3)
	a, b, c = w.devices[0], w.devices[1], w.devices[2]
	a.write(task, title(`"first"`), manner{})
	a.push(1, true, true)
	for _, p := range w.devices {
		p.pull()
	}
	w.later()
	return w, a, b, c
}

// later advances the true time by a second.
func (w *sky) later() { w.now = w.now.Add(time.Second) }

// writes lets a phone write a title, a second later than the preceding event.
func (p *phone) writes(v string) {
	p.w.later()
	p.write(task, title(v), manner{})
}

// sends pushes the whole outbox and handles the answer.
func (p *phone) sends() merge.Answer {
	p.push(len(p.outbox), true, true)
	return p.w.last
}

// onlyField returns the decision about the only field of the only item.
func onlyField(t *testing.T, a merge.Answer) merge.Decision {
	t.Helper()
	require.Len(t, a.Results, 1)
	require.Len(t, a.Results[0].Fields, 1)
	return a.Results[0].Fields[0]
}

// A server that keeps no watermark cannot distinguish the cases of the next two tests. In both,
// A's write arrives late, has a base, and loses to C's write, whose base is B's write.

// TestRetryAfterLostAnswerIsNotALostEdit: A's write is accepted, and its answer is lost. B edits
// after seeing A's write, and C edits after seeing B's write. When A retries, no edit is lost.
func TestRetryAfterLostAnswerIsNotALostEdit(t *testing.T) {
	w, a, b, c := scene(t)
	a.writes(`"by A"`)
	a.push(1, false, true)
	b.pull()
	b.writes(`"by B"`)
	require.Empty(t, b.sends().LostEdits())
	c.pull()
	c.writes(`"by C"`)
	require.Empty(t, c.sends().LostEdits())

	answer := a.sends()
	d := onlyField(t, answer)
	require.Equal(t, merge.Superseded, d.Outcome)
	require.Equal(t, merge.SeenUnknown, d.Seen)
	require.Empty(t, answer.LostEdits())
	require.Empty(t, answer.Results[0].Notes)
	require.Empty(t, w.lost)
}

// TestLateFirstPushIsALostEdit: A writes while offline. B writes, and C writes after seeing B's
// write. Then A pushes for the first time, and A's edit is lost to C's edit.
func TestLateFirstPushIsALostEdit(t *testing.T) {
	w, a, b, c := scene(t)
	a.writes(`"by A"`)
	b.writes(`"by B"`)
	require.Empty(t, b.sends().LostEdits())
	c.pull()
	c.writes(`"by C"`)
	require.Empty(t, c.sends().LostEdits())

	answer := a.sends()
	d := onlyField(t, answer)
	require.Equal(t, merge.Superseded, d.Outcome)
	require.True(t, d.Lost())
	require.Equal(t, `"by A"`, d.Loser().Value.JSON())
	require.Equal(t, `"by C"`, d.Winner().Value.JSON())
	require.Equal(t, []merge.Code{merge.LostEdit}, answer.Results[0].Notes)
	require.Len(t, w.lost, 1)
}

// TestLateFirstPushWithoutWatermarkClaimsNothing: without a watermark of the client, the late
// write is superseded, and nothing is claimed. The same holds between servers, because a
// watermark of one server does not cover pushes to another.
func TestLateFirstPushWithoutWatermarkClaimsNothing(t *testing.T) {
	_, a, b, _ := scene(t)
	a.writes(`"by A"`)
	b.writes(`"by B"`)
	b.sends()
	in := input{Actor: a.id, Wall: a.w.now, Current: a.w.server.state, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	d := onlyField(t, applied(&a.w.engine, in))
	require.Equal(t, merge.Superseded, d.Outcome)
	require.Equal(t, merge.SeenUnknown, d.Seen)

	in.Watermarks = []clock.Stamp{{Client: b.id}} // a watermark of another client
	require.Equal(t, merge.SeenUnknown, onlyField(t, applied(&a.w.engine, in)).Seen)
	in.Watermarks = []clock.Stamp{{Client: a.id}} // nothing was accepted yet
	require.True(t, onlyField(t, applied(&a.w.engine, in)).Lost())
}

// TestReplacingAnUnseenWriteIsALostEdit: the incoming write wins over a stored write that its
// author had not seen.
func TestReplacingAnUnseenWriteIsALostEdit(t *testing.T) {
	_, a, b, _ := scene(t)
	a.writes(`"by A"`)
	b.writes(`"by B"`)
	a.sends()
	d := onlyField(t, b.sends())
	require.Equal(t, merge.Applied, d.Outcome)
	require.True(t, d.Lost())
	require.Equal(t, `"by A"`, d.Loser().Value.JSON())
}

// TestNoLostEditIsClaimed: no lost edit is claimed if the item has no base, if the values are
// equal, if one client wrote both, or if the base is a refused write.
func TestNoLostEditIsClaimed(t *testing.T) {
	t.Run("winning item without a base", func(t *testing.T) {
		_, a, b, _ := scene(t)
		a.writes(`"by A"`)
		b.w.later()
		b.write(task, title(`"by B"`), manner{silent: true})
		a.sends()
		require.Equal(t, merge.SeenUnknown, onlyField(t, b.sends()).Seen)
	})
	t.Run("losing item without a base", func(t *testing.T) {
		_, a, b, _ := scene(t)
		a.w.later()
		a.write(task, title(`"by A"`), manner{silent: true})
		b.writes(`"by B"`)
		b.sends()
		require.Equal(t, merge.SeenUnknown, onlyField(t, a.sends()).Seen)
	})
	t.Run("equal values", func(t *testing.T) {
		_, a, b, _ := scene(t)
		a.writes(`"same"`)
		b.writes(`"same"`)
		a.sends()
		d := onlyField(t, b.sends())
		require.Equal(t, merge.SeenNo, d.Seen)
		require.False(t, d.Lost())
	})
	t.Run("both writes by one client", func(t *testing.T) {
		_, a, _, _ := scene(t)
		a.writes(`"one"`)
		a.push(1, false, true)
		a.writes(`"two"`)
		answer := a.sends()
		require.Empty(t, answer.LostEdits())
		require.Equal(t, merge.SeenUnknown, answer.Results[1].Fields[0].Seen)
	})
	t.Run("base is a refused write", func(t *testing.T) {
		w, a, _, _ := scene(t)
		a.writes(forbidden)
		a.writes(`"by A"`)
		answer := a.sends()
		require.False(t, answer.Results[0].Accepted())
		require.Equal(t, merge.SeenUnknown, answer.Results[1].Fields[0].Seen, "A had seen the first title, but the server cannot know it")
		require.Empty(t, w.lost)
	})
}

// TestCoalescedEditKeepsTheBase: a client that coalesces two unsent edits keeps the base of the
// first. An edit of another client between the two is still reported as lost.
func TestCoalescedEditKeepsTheBase(t *testing.T) {
	_, a, b, _ := scene(t)
	a.writes(`"draft"`)
	b.writes(`"by B"`)
	b.sends()
	a.w.later()
	a.write(task, title(`"final"`), manner{coalesce: true})
	require.Len(t, a.outbox, 1)
	d := onlyField(t, a.sends())
	require.True(t, d.Lost())
	require.Equal(t, `"by B"`, d.Loser().Value.JSON())
}

// TestItemsAreFoldedInOrderOfStamps: a batch holds two items of one field. The earlier write
// loses to the stored write, and the later wins over it, whichever item comes first.
func TestItemsAreFoldedInOrderOfStamps(t *testing.T) {
	_, a, b, _ := scene(t)
	a.writes(`"draft"`)
	b.writes(`"by B"`)
	b.sends()
	a.writes(`"final"`)
	a.outbox[0], a.outbox[1] = a.outbox[1], a.outbox[0]
	lost := a.sends().LostEdits()
	require.Len(t, lost, 2)
	require.Equal(t, []string{`"draft"`, `"by B"`}, []string{lost[0].Loser().Value.JSON(), lost[1].Loser().Value.JSON()})
	require.Equal(t, []string{`"by B"`, `"final"`}, []string{lost[0].Winner().Value.JSON(), lost[1].Winner().Value.JSON()})
}

// TestLostEditIsListedOnce: a pair of writes is listed once, even if two items hold the same
// write. The list is sorted.
func TestLostEditIsListedOnce(t *testing.T) {
	_, a, b, _ := scene(t)
	a.write(task, map[string]string{"z": `"a"`, "b": `"a"`}, manner{})
	b.w.later()
	b.write(task, map[string]string{"z": `"b"`, "b": `"b"`}, manner{})
	a.sends()
	in := input{Actor: b.id, Wall: b.w.now, Current: b.w.server.state}
	in.Items = []record.Item{{Mutation: b.outbox[0].item}, {Mutation: b.outbox[0].item}}
	answer := applied(&b.w.engine, in)
	lost := answer.LostEdits()
	require.Len(t, lost, 2)
	require.Equal(t, []string{"b", "z"}, []string{lost[0].Field, lost[1].Field})
	for _, r := range answer.Results {
		require.Equal(t, []merge.Code{merge.LostEdit}, r.Notes, "each item must have the note")
	}
}

// TestLostEditsAreSortedAndComplete: lost edits of different records are sorted by key, and none
// is dropped because it resembles another.
func TestLostEditsAreSortedAndComplete(t *testing.T) {
	w, a, b, _ := scene(t)
	for _, id := range []string{"2", "1", "3"} {
		a.write(record.Key{Table: "t", ID: id}, title(`"a"`), manner{})
	}
	b.w.later()
	for _, id := range []string{"3", "1", "2"} {
		b.write(record.Key{Table: "t", ID: id}, title(`"b"`), manner{})
	}
	a.sends()
	var keys []string
	for _, d := range b.sends().LostEdits() {
		keys = append(keys, d.Key.ID)
	}
	require.Equal(t, []string{"1", "2", "3"}, keys)
	require.Len(t, w.lost, 3)
}

// TestLosingEditThroughGatewayIsNotClaimed: if another client pushes an edit and the edit loses,
// no lost edit is claimed, because the clients of the gateway may have seen it there.
func TestLosingEditThroughGatewayIsNotClaimed(t *testing.T) {
	_, a, b, c := scene(t)
	a.writes(`"by A"`)
	b.writes(`"by B"`)
	b.sends()
	in := input{Actor: c.id, AnyClient: true, Wall: a.w.now, Current: a.w.server.state, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	in.Watermarks = []clock.Stamp{{Client: a.id}, {Client: c.id}}
	require.Equal(t, merge.SeenUnknown, onlyField(t, applied(&a.w.engine, in)).Seen)
	in.Actor, in.AnyClient = a.id, false
	require.True(t, onlyField(t, applied(&a.w.engine, in)).Lost())
}
