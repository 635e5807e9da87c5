package violation_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// guarded pushes the writes of one client through an engine with a Guard, and then through the
// checker, as a server does.
func (s *server) guarded(t require.TestingT, client byte, writes ...record.Record) merge.Answer {
	e := merge.Engine{Guard: violation.Guard("", nil)}
	request := merge.Request{Actor: by(client, 0).Client, Wall: hours(24 * 11).Time()}
	for _, w := range writes {
		request.Items = append(request.Items, record.Item{Mutation: record.Mutation{Data: w}})
	}
	push := e.Prepare(request)
	answer, err := push.Apply(merge.Stored{Records: s.all().Lookup(push.Keys())})
	require.NoError(t, err)
	s.take(t, answer.Updates)
	return answer
}

// says returns a client's write to a row.
func says(id string, client byte, ms int, what fields) record.Record {
	return write(violation.DefaultTable, id, by(client, ms), what)
}

// conflict returns a server with one open violation.
func conflict(t require.TestingT) (*server, violation.Violation) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(2, 2), "B", 3, 5))
	return s, s.only(t)
}

// TestUserFieldsSurviveDerivation: user-written fields stay when a row is derived again. A
// dismissal ends when the evidence changes, because it names the old evidence.
func TestUserFieldsSurviveDerivation(t *testing.T) {
	s, v := conflict(t)
	answer := s.guarded(t, 1, says(v.ID, 1, 3, fields{
		violation.FieldAcknowledged: true, violation.FieldDismissed: v.Evidence, violation.FieldNote: "I will move",
	}))
	require.True(t, answer.Results[0].Accepted())
	told := s.only(t)
	require.True(t, told.Acknowledged && told.Dismissed)
	require.Equal(t, "I will move", told.Note)
	require.Equal(t, violation.Open, told.Status, "the row must stay open while the condition holds")
	require.Equal(t, v.Evidence, told.Evidence)

	// A field that the rule does not read is not evidence.
	s.push(t, write("bookings", "a", by(1, 4), fields{"title": "Planning"}))
	require.True(t, s.only(t).Dismissed)
	require.Equal(t, v.Evidence, s.only(t).Evidence)

	// Writing the same slot again changes the evidence, and so does writing another slot.
	for ms, to := range map[int]int{5: 4, 6: 5} {
		s.push(t, book("a", by(1, ms), "B", 2, to))
		after := s.only(t)
		require.NotEqual(t, v.Evidence, after.Evidence)
		require.False(t, after.Dismissed)
		require.True(t, after.Acknowledged)
		require.Equal(t, "I will move", after.Note)
	}
	// The user-written fields stay while the row is resolved and opened again.
	s.push(t, book("a", by(1, 7), "C", 2, 4))
	require.Equal(t, violation.Resolved, s.only(t).Status)
	require.Equal(t, "I will move", s.only(t).Note)
	s.push(t, book("a", by(1, 8), "B", 2, 4))
	require.Equal(t, violation.Open, s.only(t).Status)
	require.True(t, s.only(t).Acknowledged)
	require.Empty(t, s.audit(t).Updates)
}

func TestUserFieldsMerge(t *testing.T) {
	s, v := conflict(t)
	s.guarded(t, 2, says(v.ID, 2, 9, fields{violation.FieldNote: "later"}))
	s.guarded(t, 1, says(v.ID, 1, 5, fields{violation.FieldNote: "earlier", violation.FieldAcknowledged: true}))
	require.Equal(t, "later", s.only(t).Note)
	require.True(t, s.only(t).Acknowledged)
	s.guarded(t, 1, says(v.ID, 1, 10, fields{violation.FieldNote: record.Deletion(), violation.FieldAcknowledged: false}))
	require.Empty(t, s.only(t).Note)
	require.False(t, s.only(t).Acknowledged)
}

func TestUserFieldsMayArriveBeforeTheRow(t *testing.T) {
	other, v := conflict(t)
	s := newServer(smallRules())
	s.guarded(t, 1, says(v.ID, 1, 9, fields{violation.FieldNote: "early"}))
	_, err := violation.Parse(s.row(v.ID))
	require.ErrorIs(t, err, violation.ErrRow)
	s.push(t, other.data()...)
	v.Note = "early"
	require.Equal(t, v, s.only(t))
	require.Empty(t, s.audit(t).Updates)
}

// TestClientsCannotWriteDerivedFields: a push that writes a derived field is refused, and no
// part of it is stored. The other items of the batch are stored.
func TestClientsCannotWriteDerivedFields(t *testing.T) {
	s, v := conflict(t)
	before := s.row(v.ID)
	for name := range before.All() {
		answer := s.guarded(t, 1,
			says(v.ID, 1, 50, fields{name: "resolved", violation.FieldNote: "and a note"}),
			write("bookings", name, by(1, 50), fields{"status": "open"}))
		refusal := answer.Results[0].Refusal
		require.NotNil(t, refusal, name)
		require.Equal(t, violation.CodeDerivedField, refusal.Code)
		require.Equal(t, merge.Code("derived_field"), refusal.Code)
		require.Equal(t, "data."+name, refusal.Path)
		require.False(t, refusal.Retryable)
		require.True(t, answer.Results[1].Accepted())
		require.True(t, before.Equal(s.row(v.ID)))
	}
	require.False(t, s.guarded(t, 1, remove(violation.DefaultTable, v.ID, by(1, 51))).Results[0].Accepted(), "a client must not be able to delete a row")
	require.False(t, s.guarded(t, 1, says("new", 1, 51, fields{"unknown": 1})).Results[0].Accepted())
	require.True(t, before.Equal(s.row(v.ID)))
}

// TestGuardAsksTheNextGuard: the next guard is asked about other tables, and about permitted
// writes to rows.
func TestGuardAsksTheNextGuard(t *testing.T) {
	asked := map[string]int{}
	g := violation.Guard("alerts", func(_ clock.ClientID, m record.Mutation) error {
		asked[m.Data.Key().Table]++
		return errBroken
	})
	actor := by(1, 0).Client
	note := fields{violation.FieldNote: "x"}
	require.ErrorIs(t, g(actor, record.Mutation{Data: write("alerts", "1", by(1, 1), note)}), errBroken)
	require.ErrorIs(t, g(actor, record.Mutation{Data: write("tasks", "1", by(1, 1), fields{"status": 1})}), errBroken)
	var refusal *merge.Refusal
	require.ErrorAs(t, g(actor, record.Mutation{Data: write("alerts", "1", by(1, 1), fields{"status": 1})}), &refusal)
	require.Equal(t, map[string]int{"alerts": 1, "tasks": 1}, asked)
	require.NoError(t, violation.Guard("", nil)(actor, record.Mutation{Data: write("tasks", "1", by(1, 1), fields{"status": 1})}))
}

// TestBatchMayAcknowledgeAndChange: if one batch acknowledges a row and also changes a booking
// of that row, neither write is lost.
func TestBatchMayAcknowledgeAndChange(t *testing.T) {
	for name, move := range map[string]record.Record{
		"resolved": book("a", by(1, 5), "C", 2, 4), "open": book("a", by(1, 5), "B", 4, 5), "obsolete": remove("bookings", "b", by(1, 5)),
	} {
		s, v := conflict(t)
		s.guarded(t, 1, move, says(v.ID, 1, 5, fields{violation.FieldAcknowledged: true, violation.FieldNote: "done"}))
		after := s.only(t)
		require.Equal(t, violation.Status(name), after.Status)
		require.True(t, after.Acknowledged, name)
		require.Equal(t, "done", after.Note)
	}
}

// TestLocalEditResolvesAPulledRow: a client lays pulled rows and records over its view, and an
// edit of its own resolves a pulled row.
func TestLocalEditResolvesAPulledRow(t *testing.T) {
	s, v := conflict(t)
	client := newServer(smallRules())
	updates := client.join(append(s.data(), s.row(v.ID)))
	for i, u := range updates {
		if u.After.Key() == keyOf("bookings", "a") {
			updates[i].After, _ = merge.Records(u.After, book("a", by(1, 9), "C", 2, 4))
		}
	}
	in := violation.Input{View: client.view, Changes: updates, Scopes: []violation.Scope{{Rule: "overlap", Name: "B"}}}
	report := client.checker.Check(context.Background(), in)
	require.Len(t, report.Updates, 1)
	after, err := violation.Parse(report.Updates[0].After)
	require.NoError(t, err)
	require.Equal(t, violation.Resolved, after.Status)
}
