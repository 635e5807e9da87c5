package server

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestFullRecordRefusesOnlyGrowth checks that a record cannot grow beyond its limit. Only the items
// that would make it larger are refused, whatever else is in the push. The record can still be
// shortened and deleted.
func TestFullRecordRefusesOnlyGrowth(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		long := strings.Repeat("x", 60_000)
		grow := func(i int) record.Mutation { return ana.set(board.Tasks, "a", fmt.Sprint("field", i), long) }
		fit := maxRecord / len(long)
		for i := range fit {
			require.Equal(t, "accepted", ana.push(grow(i)).Results[0].Verdict)
		}
		results := ana.push(grow(fit), ana.set(board.Tasks, "b", board.Title, "x"), ana.set(board.Tasks, "a", "field0", "short"), grow(fit+1)).Results
		require.Equal(t, []merge.Code{merge.RecordFull, "", "", ""}, codes(results), "only the first item must be refused: the last item fits into the room that the item before it freed")
		require.Equal(t, []merge.Code{merge.RecordFull}, codes(ana.push(grow(fit)).Results))
		for _, m := range []record.Mutation{
			ana.set(board.Tasks, "a", "field0", record.Deletion()), ana.set(board.Tasks, "a", "field1", strings.Repeat("y", len(long))), ana.deletion(board.Tasks, "a"),
		} {
			require.Equal(t, []merge.Code{""}, codes(ana.push(m).Results))
		}
		requireCounted(t, s.database)
	})
}

// TestFullWorkspaceRefusesOnlyGrowth checks that a full workspace accepts only items that make no
// record grow, until there is room again. Other workspaces are not affected.
func TestFullWorkspaceRefusesOnlyGrowth(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		require.EqualValues(t, defaultStorage, s.options.Storage)
		s.options.Storage = 10_000
		url := listen(t, s)
		ana := joined(t, url, "demo", "")
		long := strings.Repeat("x", 9_000)
		ana.push(ana.set(board.Tasks, "a", board.Notes, long))
		ana.push(ana.set(board.Tasks, "b", board.Notes, long)) // the workspace is below the limit before this push
		body := ana.set(board.Tasks, "c", board.Title, "x").AppendJSON(nil)
		body = ana.deletion(board.Tasks, "b").AppendJSON(append(body, '\n'))
		status, text := ana.request("POST", "/v1/push", string(body))
		require.Equal(t, 200, status, text)
		require.Contains(t, text, `"code":"storage_full","retryable":true`)
		require.Contains(t, text, `"verdict":"accepted"`)
		invite, err := s.Invitation("other")
		require.NoError(t, err)
		other := joined(t, url, "other", invite)
		require.Equal(t, []merge.Code{""}, codes(other.push(other.set(board.Tasks, "c", board.Title, "x")).Results))

		require.Equal(t, []merge.Code{""}, codes(ana.push(ana.set(board.Tasks, "b", board.Notes, "short")).Results))
		require.Equal(t, []merge.Code{""}, codes(ana.push(ana.set(board.Tasks, "c", board.Title, "x")).Results))
		requireCounted(t, s.database)

		s.options.Storage = -1
		require.Equal(t, []merge.Code{""}, codes(ana.push(ana.set(board.Tasks, "d", board.Notes, long), ana.set(board.Tasks, "e", board.Notes, long)).Results[:1]))
		require.Equal(t, []merge.Code{""}, codes(ana.push(ana.set(board.Tasks, "f", board.Notes, long)).Results))
	})
}

// codes returns the refusal code of each item, empty for accepted items.
func codes(replies []merge.Reply) []merge.Code {
	all := make([]merge.Code, len(replies))
	for i, r := range replies {
		all[i] = r.Code
	}
	return all
}

// deletion returns the deletion of a record.
func (c *client) deletion(table, id string) record.Mutation {
	c.t.Helper()
	at := clock.Stamp{Time: now.Now(), Client: c.ID}
	m, err := record.New(record.Key{Table: table, ID: id}).Edit(at).DeleteRecord().Mutation()
	require.NoError(c.t, err)
	return m
}

// TestPushToTooManyLargeRecordsIsRefused checks that a small push to many large records is refused
// as too large, and that a part of it is accepted. If only a rule would have to read them all, the
// push is stored without checking the rule.
func TestPushToTooManyLargeRecordsIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("stores hundreds of large records")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		s.engine.TableMaxRecord, s.engine.Guard = nil, nil // lets meetings be large
		ana := joined(t, listen(t, s), "demo", "")
		push := func(items ...record.Mutation) (Outcome, error) {
			var body []byte
			for _, m := range items {
				body = append(m.AppendJSON(body), '\n')
			}
			return s.push(context.Background(), bound(s, ana.ID), Pushed{Body: body})
		}
		long := strings.Repeat("x", 60_000)
		titles := make([]record.Mutation, maxLoaded/(4*len(long))+1)
		for i := range titles {
			id := fmt.Sprint(i)
			titles[i] = ana.set(board.Meetings, id, board.Title, "x")
			out, err := push(ana.set(board.Meetings, id, "slot", inMarch(i)), ana.set(board.Meetings, id, "a", long),
				ana.set(board.Meetings, id, "b", long), ana.set(board.Meetings, id, "c", long), ana.set(board.Meetings, id, "d", long))
			require.NoError(t, err)
			require.Len(t, out.Answer.Updates, 1)
			if i < len(titles)/2 {
				require.NoError(t, out.Report.Err)
			}
		}
		out, err := push(ana.set(board.Meetings, "0", "slot", inMarch(1)))
		require.NoError(t, err)
		require.Len(t, out.Answer.Updates, 1)
		require.ErrorIs(t, out.Report.Err, violation.ErrTooLarge)

		var fail *failure
		_, err = push(titles...)
		require.ErrorAs(t, err, &fail)
		require.Equal(t, 413, fail.status)
		out, err = push(titles[1:]...)
		require.NoError(t, err)
		require.Len(t, out.Answer.Updates, len(titles)-1)
	})
}

// TestBoardGuardLimitsValues checks that titles are texts, and that the records that rules read at
// each change stay small.
func TestBoardGuardLimitsValues(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	ana := joined(t, url, "demo", "")
	for _, c := range []struct {
		field string
		value any
		code  merge.Code
	}{
		{board.Title, nil, ""},
		{board.Title, 7, merge.Invalid},
		{board.Title, []string{"x"}, merge.Invalid},
		{"slot", map[string]string{"room": strings.Repeat("x", board.MaxSlot-len(`{"room":""}`))}, ""},
		{"slot", map[string]string{"room": strings.Repeat("x", board.MaxSlot)}, merge.LimitExceeded},
	} {
		require.Equal(t, c.code, ana.push(ana.set(board.Meetings, "a", c.field, c.value)).Results[0].Code)
	}
	long := strings.Repeat("x", board.MaxMeeting)
	for _, m := range []struct {
		mutation record.Mutation
		code     merge.Code
	}{
		{ana.set(board.Meetings, "b", "host", long[:board.MaxMeeting/2]), ""},
		{ana.set(board.Meetings, "b", "host", long), merge.RecordFull},
		{ana.set(board.Meetings, "b", board.Notes, "x"), board.UnknownField},
		{ana.set(board.Tasks, "b", board.Notes, long), ""},
	} {
		require.Equal(t, m.code, ana.push(m.mutation).Results[0].Code)
	}
}
