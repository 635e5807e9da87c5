package server

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestPushInTooManyScopesCanBeSplit checks that a push whose records are in too many scopes is
// refused and stores nothing, and that its parts are accepted, so that no record is lost.
func TestPushInTooManyScopesCanBeSplit(t *testing.T) {
	if testing.Short() {
		t.Skip("stores 36,000 index entries, and does not test concurrency")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		count := func(statement string) (n int) {
			require.NoError(t, s.database.db.QueryRow(statement).Scan(&n))
			return n
		}
		many := make([]record.Mutation, maxItems)
		for i := range many {
			many[i] = ana.set(board.Meetings, fmt.Sprint(i), "slot",
				map[string]string{"room": fmt.Sprint(i), "start": "2026-12-01T10:00:00Z", "end": "2262-01-01T00:00:00Z"})
		}
		const scopes = 36 // of each meeting; the rule limits the scopes of long meetings
		var halve func(items []record.Mutation)
		halve = func(items []record.Mutation) {
			var body []byte
			for _, m := range items {
				body = append(m.AppendJSON(body), '\n')
			}
			before := count(`SELECT count(*) FROM records`)
			status, text := ana.request("POST", "/v1/push", string(body))
			if len(items)*scopes <= maxScopes {
				require.Equal(t, 200, status, text)
				return
			}
			require.Equal(t, 413, status, text)
			require.Equal(t, before, count(`SELECT count(*) FROM records`))
			halve(items[:len(items)/2])
			halve(items[len(items)/2:])
		}
		halve(many)
		require.Equal(t, maxItems, count(`SELECT count(*) FROM records WHERE tbl = 'meetings'`))
		require.Equal(t, maxItems*scopes, count(`SELECT count(*) FROM scopes WHERE tbl = 'meetings'`))

		// The limit counts the scopes of a record both before and after its edit.
		edits := func(n int) (all []record.Mutation) {
			for i := range n {
				all = append(all, ana.set(board.Meetings, fmt.Sprint(i), board.Title, "x"))
			}
			return all
		}
		ana.push(edits(maxScopes / scopes / 2)...)
		var body []byte
		for _, m := range edits(maxScopes/scopes/2 + 1) {
			body = append(m.AppendJSON(body), '\n')
		}
		status, _ := ana.request("POST", "/v1/push", string(body))
		require.Equal(t, 413, status)
	})
}

// TestSingleRecordInTooManyScopesIsAccepted checks that a single record is stored, however many
// scopes it is in.
func TestSingleRecordInTooManyScopesIsAccepted(t *testing.T) {
	d, err := OpenDatabase(context.Background(), databasetest.SQLite(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s := withRules(t, d, &violation.Checker{Rules: map[string]violation.Rule{"many": inMany{}}}, "")
	ana := joined(t, listen(t, s), "demo", "")
	require.True(t, ana.push(ana.set(board.Tasks, "a", board.Title, "x")).Results[0].Changed)
	status, _ := ana.request("POST", "/v1/push", string(append(append(ana.set(board.Tasks, "b", board.Title, "x").AppendJSON(nil), '\n'),
		ana.set(board.Tasks, "c", board.Title, "x").AppendJSON(nil)...)))
	require.Equal(t, 413, status)
}

// inMany is a rule that puts each record in more scopes than a push may have.
type inMany struct{}

func (inMany) Scopes(record.Record) (names []string, err error) {
	for i := range maxScopes + 1 {
		names = append(names, fmt.Sprint(i))
	}
	return names, nil
}

func (inMany) Check(violation.Group) (violation.Findings, error) { return violation.Findings{}, nil }
