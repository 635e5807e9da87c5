package violation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// onNothing returns an item for a write whose author had seen no field.
func onNothing(r record.Record) record.Item {
	base := map[string]clock.Stamp{}
	for name := range r.All() {
		base[name] = clock.Stamp{}
	}
	return record.Item{Mutation: record.Mutation{Data: r, Base: base}}
}

// losing pushes two edits, each by a client that had not seen the other edit, and
// returns the lost edits.
func losing(t *testing.T, first, second record.Record) []merge.Decision {
	t.Helper()
	var e merge.Engine
	var lost []merge.Decision
	var state merge.Collection
	for _, w := range []record.Record{first, second} {
		var actor clock.ClientID
		for _, f := range w.All() {
			actor = f.Stamp.Client
		}
		push := e.Prepare(merge.Request{Actor: actor, Wall: hours(1).Time(), Items: []record.Item{onNothing(w)}})
		answer, err := push.Apply(merge.Stored{Records: state.Lookup(push.Keys()), Watermarks: []clock.Stamp{{Client: actor}}})
		require.NoError(t, err)
		lost = append(lost, answer.LostEdits()...)
		for _, u := range answer.Updates {
			state = merge.Join(state, merge.Collect(u.After))
		}
	}
	return lost
}

func price(client byte, ms int, v any) record.Record {
	return write("orders", "7", by(client, ms), fields{"price": v})
}

// TestLostEditHasTheSameRowOnEveryServer: the row is the same, byte for byte, whether the
// losing edit arrived first or last. It holds the value that lost.
func TestLostEditHasTheSameRowOnEveryServer(t *testing.T) {
	var c violation.Checker
	var rows []record.Record
	for _, order := range [][]record.Record{{price(1, 1, 90), price(2, 2, 95)}, {price(2, 2, 95), price(1, 1, 90)}} {
		lost := losing(t, order[0], order[1])
		require.Len(t, lost, 1)
		row, ok := c.LostEdit(lost[0])
		require.True(t, ok)
		rows = append(rows, row)
	}
	require.Equal(t, rows[0].String(), rows[1].String())

	v, err := violation.Parse(rows[0])
	require.NoError(t, err)
	require.Equal(t, violation.LostEditRule, v.Rule)
	require.Equal(t, keyOf("orders", "7"), v.Record())
	require.Equal(t, violation.Open, v.Status)
	require.Equal(t, by(2, 2).Time, v.DetectedAt)
	require.NotContains(t, v.Description, "90")
	w, ok := rows[0].Get(violation.FieldLostValue)
	require.True(t, ok)
	require.Equal(t, record.Int(90), w.Value)
	require.Equal(t, violation.DefaultTable, rows[0].Key().Table)
	named := violation.Checker{Table: "alerts"}
	other, _ := named.LostEdit(losing(t, price(1, 1, 90), price(2, 2, 95))[0])
	require.Equal(t, keyOf("alerts", v.ID), other.Key())
}

func TestEachLostEditHasItsOwnRow(t *testing.T) {
	var c violation.Checker
	d := losing(t, price(1, 1, 90), price(2, 2, 95))[0]
	ids := map[string]bool{}
	add := func(d merge.Decision) {
		row, ok := c.LostEdit(d)
		require.True(t, ok)
		ids[row.Key().ID] = true
	}
	add(d)
	for _, change := range []func(d *merge.Decision){
		func(d *merge.Decision) { d.Key.ID = "8" }, func(d *merge.Decision) { d.Key.Table = "o" },
		func(d *merge.Decision) { d.Field = "vat" }, func(d *merge.Decision) { d.Before.Stamp.Time-- },
		func(d *merge.Decision) { d.Before.Stamp.Client[15]++ },
	} {
		other := d
		change(&other)
		add(other)
	}
	require.Len(t, ids, 6)
	d.Incoming.Value = record.Int(96) // with another winning value it is the same lost edit
	add(d)
	require.Len(t, ids, 6)

	d.Seen = merge.SeenYes
	_, ok := c.LostEdit(d)
	require.False(t, ok, "a value that was seen must not count as lost")
}

// TestLostDeletionDiffersFromNull: the value that lost may be a deletion, which the row
// distinguishes from null.
func TestLostDeletionDiffersFromNull(t *testing.T) {
	var c violation.Checker
	for _, value := range []record.Value{record.Deletion(), {}} {
		row, ok := c.LostEdit(losing(t, price(1, 1, value), price(2, 2, 95))[0])
		require.True(t, ok)
		w, ok := row.Get(violation.FieldLostValue)
		require.True(t, ok)
		require.Equal(t, value, w.Value)
	}
}

// TestOnlyUsersCloseLostEdits: neither checks nor audits touch the row of a lost edit;
// user-written fields close it.
func TestOnlyUsersCloseLostEdits(t *testing.T) {
	rules := smallRules()
	rules["orders"] = hostile{
		check:  func(violation.Group) (f violation.Findings, err error) { return f, nil },
		scopes: func(r record.Record) ([]string, error) { return []string{r.Key().String()}, nil },
	}
	for _, say := range []string{violation.FieldAcknowledged, violation.FieldDismissed, violation.FieldNote} {
		s := newServer(rules)
		s.push(t, price(2, 2, 95))
		row, _ := s.checker.LostEdit(losing(t, price(1, 1, 90), price(2, 2, 95))[0])
		s.store([]merge.Update{{After: row}})
		s.push(t, price(2, 3, 96))
		s.push(t, remove("orders", "7", by(2, 4)))
		s.take(t, nil, violation.Scope{Rule: violation.LostEditRule, Name: "orders/7"})
		require.Empty(t, s.audit(t).Updates)
		require.True(t, row.Equal(s.row(row.Key().ID)))

		value := map[string]any{violation.FieldAcknowledged: true, violation.FieldDismissed: s.only(t).Evidence, violation.FieldNote: "hm"}[say]
		require.True(t, s.guarded(t, 1, says(row.Key().ID, 1, 9, fields{say: value})).Results[0].Accepted())
		require.Equal(t, say != violation.FieldNote, s.only(t).Status == violation.Resolved, say)
		require.Empty(t, s.audit(t).Updates)
		kept, _ := s.row(row.Key().ID).Get(violation.FieldLostValue)
		require.Equal(t, record.Int(90), kept.Value)
	}
}
