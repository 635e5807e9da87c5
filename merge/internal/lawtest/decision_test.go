package lawtest

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// decided returns the decision about an incoming write of a field that already holds a write.
// If base is nil, the item has no base.
func decided(t require.TestingT, before, incoming record.FieldValue, field string, base *clock.Stamp) merge.Decision {
	key := record.Key{Table: "tasks", ID: "42"}
	one := func(w record.FieldValue) record.Record {
		var b record.Builder
		r, err := b.Record(key, func(yield func(string, record.FieldValue) bool) { yield(field, w) })
		require.NoError(t, err)
		return r
	}
	in := input{Actor: incoming.Stamp.Client, Wall: wallTime, Items: []record.Item{{Mutation: record.Mutation{Data: one(incoming)}}}}
	if !before.IsZero() {
		in.Current = merge.Collect(one(before))
	}
	if base != nil {
		in.Items[0].Mutation.Base = map[string]clock.Stamp{field: *base}
		in.Watermarks = []clock.Stamp{{Client: incoming.Stamp.Client}}
	}
	var e merge.Engine
	a := applied(&e, in)
	require.Len(t, a.Results, 1)
	require.Len(t, a.Results[0].Fields, 1)
	return a.Results[0].Fields[0]
}

// TestDecisionSentences checks the sentence for each way in which two writes can meet.
func TestDecisionSentences(t *testing.T) {
	start := clock.MustParseTimestamp("2026-03-02T14:02:07.120Z")
	by := func(client string, after time.Duration, v any) record.FieldValue {
		c := clock.MustParseClientID(client)
		return record.FieldValue{Value: record.MustOf(v), Stamp: clock.Stamp{Time: start + clock.Timestamp(after), Client: c}}
	}
	saw := func(w record.FieldValue) *clock.Stamp { return &w.Stamp }
	ms := time.Millisecond
	old, first := by(other, -3*ms, "b"), record.FieldValue{}
	const near = "7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71235"
	const head, short = "a write by 7f3c9a52… at 2026-03-02 14:02:07.120 UTC ", "91aa04d7…"
	for _, c := range []struct {
		before, incoming record.FieldValue
		field            string
		base             *clock.Stamp
		want             string
	}{
		{first, by(actor, 0, "a"), "title", nil, head + "is the first write of this field"},
		{old, by(actor, 0, "a"), "title", saw(first), head + "replaced one by " + short + ", 3 ms earlier, which it had not seen"},
		{old, by(actor, 0, "a"), "title", saw(old), head + "replaced one by " + short + ", 3 ms earlier, which it had seen"},
		{old, by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 3 ms earlier"},
		{old, by(actor, 0, "b"), "title", nil, head + "replaced one by " + short + ", 3 ms earlier, of the same value"},
		{by(other, 90*time.Minute, "b"), by(actor, 0, "a"), "title", nil, head + "gave way to one by " + short + ", 90 min later"},
		{by(other, 72*time.Hour, "b"), by(actor, 0, "a"), "title", saw(first), head + "gave way to one by " + short + ", 3 days later, whose author had not seen it"},
		{by(other, -5, "b"), by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 1 ms earlier"},
		{by(other, 5, "b"), by(actor, 0, "a"), "title", nil, head + "gave way to one by " + short + ", later in the same millisecond"},
		{by(other, 0, "b"), by(actor, 0, "a"), "title", nil, head + "gave way to one by " + short + ", at the very same time: the greater client ID wins"},
		{by(other, 0, "b"), by(actor, 0, "a"), "title", saw(first), head + "gave way to one by " + short + ", at the very same time, whose author had not seen it: the greater client ID wins"},
		{by(near, -3*ms, "b"), by(actor, 0, "a"), "title", nil, "a write by " + actor + " at 2026-03-02 14:02:07.120 UTC replaced one by " + near + ", 3 ms earlier"},
		{by(other, -119*time.Second, "b"), by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 119 s earlier"},
		{by(other, -2*time.Minute, "b"), by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 2 min earlier"},
		{by(other, -119*time.Minute, "b"), by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 119 min earlier"},
		{by(other, -47*time.Hour, "b"), by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 47 h earlier"},
		{by(other, -48*time.Hour, "b"), by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 2 days earlier"},
		{by(other, -9999*ms, "b"), by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 9999 ms earlier"},
		{by(other, -10*time.Second, "b"), by(actor, 0, "a"), "title", nil, head + "replaced one by " + short + ", 10 s earlier"},
		{by(actor, 0, true), by(actor, 0, false), "$deleted", nil, "a restoration of the record by 7f3c9a52… at 2026-03-02 14:02:07.120 UTC has the same stamp as a deletion of the record already stored, and gave way to it: the greater value wins"},
		{by(actor, 0, "a"), by(actor, 0, "a"), "title", nil, head + "was already stored"},
		{by(actor, 0, "b"), by(actor, 0, "a"), "title", nil, head + "has the same stamp as another one already stored, and gave way to it: the greater value wins"},
		{by(actor, 0, "a"), by(actor, 0, "b"), "title", nil, head + "has the same stamp as another one already stored, and replaced it: the greater value wins"},
		{by(actor, 0, record.Deletion()), by(actor, 0, "a"), "title", nil, head + "has the same stamp as a deletion already stored, and gave way to it: a deletion wins over a value"},
		{by(other, -30*time.Second, record.Deletion()), by(actor, 0, "a"), "title", nil, head + "replaced a deletion by " + short + ", 30 s earlier"},
		{by(other, -5*time.Hour, true), by(actor, 0, false), "$deleted", nil,
			"a restoration of the record by 7f3c9a52… at 2026-03-02 14:02:07.120 UTC replaced a deletion of the record by " + short + ", 5 h earlier"},
		{first, by(actor, 0, "a"), "a\nb", nil, head + "is the first write of this field"},
	} {
		d := decided(t, c.before, c.incoming, c.field, c.base)
		place := "tasks/42/" + record.PathName(c.field) + ": "
		require.Equal(t, place+c.want, d.String())
		require.NotContains(t, d.String(), "\n")
	}
	d := decided(t, old, by(actor, 0, "a"), "title", saw(first))
	require.Equal(t, `tasks/42/title: a write of "a" by 7f3c9a52… at 2026-03-02 14:02:07.120 UTC replaced one of "b" by 91aa04d7…, 3 ms earlier, which it had not seen`, d.WithValues())
	d = decided(t, by(other, -3*ms, record.Deletion()), by(actor, 0, "a"), "title", nil)
	require.Equal(t, `tasks/42/title: a write of "a" by 7f3c9a52… at 2026-03-02 14:02:07.120 UTC replaced a deletion by 91aa04d7…, 3 ms earlier`, d.WithValues())
	d = decided(t, by(other, -5*time.Hour, true), by(actor, 0, false), "$deleted", nil)
	require.Equal(t, d.String(), d.WithValues(), "the words for deletion and restoration already say the value")
	d = decided(t, first, by(actor, 0, "a"), "title", saw(first))
	require.Equal(t, `tasks/42/title: a write of "a" by 7f3c9a52… at 2026-03-02 14:02:07.120 UTC is the first write of this field`, d.WithValues())
	require.Equal(t, merge.SeenUnknown, d.Seen)
	d = decided(t, by(actor, 0, "b"), by(actor, 0, "a"), "title", nil)
	require.Equal(t, `tasks/42/title: a write of "a" by 7f3c9a52… at 2026-03-02 14:02:07.120 UTC has the same stamp as another one of "b" already stored, and gave way to it: the greater value wins`, d.WithValues())
}

// TestDecisionTextsHoldNoValues: the sentence and the attributes of a decision contain no
// values. Only WithValues shows them.
func TestDecisionTextsHoldNoValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secretValue := func() record.FieldValue {
			w := genWriteOf(keys[0]).Draw(t, "write").fieldValue()
			w.Value = record.MustOf("private" + rapid.SampledFrom([]string{"1", "2"}).Draw(t, "value"))
			return w
		}
		before, incoming := secretValue(), secretValue()
		d := decided(t, before, incoming, "title", &clock.Stamp{})
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("decided", "decision", d)
		require.NotContains(t, d.String()+log.String(), "private")
		require.Contains(t, d.WithValues(), incoming.Value.String())
	})
}

// TestDecisionPartsAgreeWithOracle compares the winner, the loser, the margin and the step of
// a decision with the oracle.
func TestDecisionPartsAgreeWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, w := genWriteOf(keys[0]).Draw(t, "before"), genWriteOf(keys[0]).Draw(t, "incoming")
		v.field, w.field = "f", "f"
		d := decided(t, v.fieldValue(), w.fieldValue(), "f", nil)
		winner, loser := v, w
		if ruleOrder(w, v) > 0 {
			winner, loser = w, v
		}
		require.Equal(t, winner.fieldValue(), d.Winner())
		require.Equal(t, loser.fieldValue(), d.Loser())
		require.Equal(t, winner.time/1_000_000-loser.time/1_000_000, d.Margin().Milliseconds())
		step := merge.SameWrite
		switch {
		case v.time != w.time:
			step = merge.ByTime
		case v.client != w.client:
			step = merge.ByClient
		case v.deleted != w.deleted:
			step = merge.ByKind
		case v.value != w.value:
			step = merge.ByValue
		}
		require.Equal(t, step, d.Step())
	})
	w := history{{table: "t", id: "1", field: "f", time: epoch, client: clients[0], value: "1"}}[0].fieldValue()
	d := decided(t, record.FieldValue{}, w, "f", nil)
	require.Equal(t, merge.FirstWrite, d.Step())
	require.Zero(t, d.Margin())
	require.True(t, d.Loser().IsZero())
	for step, want := range map[merge.Step]string{
		merge.FirstWrite: "first write", merge.ByTime: "time", merge.ByClient: "client", merge.ByKind: "kind", merge.ByValue: "value", merge.SameWrite: "same write", 0: "Step(0)",
	} {
		require.Equal(t, want, step.String())
	}
}

// TestDecisionLogAttributes checks the names and values of the attributes for log/slog.
func TestDecisionLogAttributes(t *testing.T) {
	v := record.FieldValue{Value: record.MustOf("b"), Stamp: clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T14:02:07.117Z"), Client: clock.MustParseClientID(other)}}
	w := record.FieldValue{Value: record.MustOf("a"), Stamp: clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T14:02:07.120Z"), Client: clock.MustParseClientID(actor)}}
	attributes := func(d merge.Decision) string {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "d", d)
		_, text, _ := strings.Cut(strings.TrimSpace(log.String()), "msg=m ")
		return text
	}
	const winner = " d.winner.updatedAt=2026-03-02T14:02:07.120000000Z d.winner.clientId=" + actor
	require.Equal(t, "d.table=tasks d.id=42 d.field=title d.outcome=applied d.step=time d.margin=3ms d.lost=true"+winner+
		" d.loser.updatedAt=2026-03-02T14:02:07.117000000Z d.loser.clientId="+other, attributes(decided(t, v, w, "title", &clock.Stamp{})))
	require.Equal(t, `d.table=tasks d.id=42 d.field=title d.outcome=applied d.step="first write" d.margin=0s d.lost=false`+winner,
		attributes(decided(t, record.FieldValue{}, w, "title", nil)))
}
