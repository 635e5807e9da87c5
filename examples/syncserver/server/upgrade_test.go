package server

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
	"github.com/fieldlww/fieldlww/violation"
)

// TestUpgradeIsNotSeenByOldClients: a server that gets a Schema translates what is stored. Clients of the earlier
// version, which state none, see nothing of it, and may send again what they sent before.
func TestUpgradeIsNotSeenByOldClients(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		buckets := Options{Buckets: everyone, BucketsVersion: "1", LostEdits: true}
		before := versioned(t, buckets)
		before.Schema = ""
		_, url := servedBy(t, database, before)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		m := ana.set(board.Tasks, "a", "caption", "Paint")
		m.Base = map[string]clock.Stamp{"caption": {}}
		ana.pushOf("", m, ana.set(board.Tasks, "a", "due", "x"), ana.set(board.Tasks, "b", "person", "Ana Lee"), ana.set("users", "u", "caption", "Ana"))
		lost := ben.set(board.Tasks, "a", "caption", "unseen")
		lost.Base = map[string]clock.Stamp{"caption": {}}
		ben.pushOf("", lost)
		_, pulled := ana.request("GET", "/v1/pull?cursor=", "")
		require.Contains(t, pulled, `"lost_edit"`)
		cursor := cursorIn(pulled)

		s, now := servedBy(t, database, versioned(t, buckets, "", "1"))
		ana.url, ben.url = now, now
		_, again := ana.request("GET", "/v1/pull?cursor=", "")
		require.Equal(t, pulled, again)
		_, news := ana.request("GET", "/v1/pull?cursor="+cursor, "")
		require.NotContains(t, news, "reset")
		require.NotContains(t, news, `"table"`)
		reply := ana.pushOf("", m)[0]
		require.Equal(t, "superseded", reply.Fields["caption"].Outcome)
		require.False(t, reply.Changed)
		require.Equal(t, "map[assignee:x title:unseen]", fieldsOf(ben.pullOf("2")))
		for _, l := range ana.pullOf("2") {
			if l.Data.Key().Table == violation.DefaultTable {
				field, _ := l.Data.Get(lostField)
				require.Equal(t, record.MustOf(board.Title), field.Value)
			}
		}
		requireCounted(t, s.database)

		_, err := New(t.Context(), s.database, before)
		require.ErrorContains(t, err, `"2"`) // there is no way back
		status, text := newerElsewhere(t, s, ana)
		require.Equal(t, 503, status, text)
	})
}

// newerElsewhere pulls from a server whose workspace another server has translated further.
func newerElsewhere(t *testing.T, s *Server, ana *client) (int, string) {
	o := versioned(t, Options{Buckets: everyone, BucketsVersion: "1", LostEdits: true})
	o.Schema, o.Lenses["2"] = "3", lens.Lens{}
	_, err := New(t.Context(), s.database, o)
	require.NoError(t, err)
	status, _ := ana.request("POST", "/v1/push?v=2", "[]")
	require.Equal(t, 503, status)
	return ana.request("GET", "/v1/pull?cursor=", "")
}

// cursorIn returns the cursor of the trailer of a pull.
func cursorIn(text string) string {
	_, after, _ := strings.Cut(text, `{"cursor":"`)
	cursor, _, _ := strings.Cut(after, `"`)
	return cursor
}

// TestUpgradeRefusesWhatItCannotTranslate: the error names the record and the field, and the
// records of all workspaces stay as they were.
func TestUpgradeRefusesWhatItCannotTranslate(t *testing.T) {
	database := databasetest.SQLite(t)
	before := versioned(t, Options{})
	before.Schema = ""
	s, url := servedBy(t, database, before)
	ana := joined(t, url, "demo", "")
	ana.pushOf("", ana.set(board.Tasks, "a", "caption", "Paint"))
	invite, err := s.Invitation("zoo")
	require.NoError(t, err)
	zoe := joined(t, url, "zoo", invite)
	zoe.pushOf("", zoe.set(board.Tasks, "b", "title", "a name of the new version"))
	d, err := OpenDatabase(t.Context(), database)
	require.NoError(t, err)
	defer d.Close()
	_, err = New(t.Context(), d, versioned(t, Options{}, ""))
	require.ErrorIs(t, err, record.ErrNewerName)
	require.ErrorContains(t, err, "data.title")
	_, err = New(t.Context(), d, versioned(t, Options{}, "1"))
	require.ErrorContains(t, err, `version ""`)
	require.Equal(t, "map[caption:Paint]", fieldsOf(ana.pullOf(""))) // nothing has changed
	require.Equal(t, merge.Code(""), ana.pushOf("", ana.set(board.Tasks, "a", "caption", "x"))[0].Code)
}

// TestServerOfAnotherVersionAnswersNothing: a server that still stores the former form sends no records by sequence
// either, and foreign writes do not make a server forget which form is stored.
func TestServerOfAnotherVersionAnswersNothing(t *testing.T) {
	database := databasetest.SQLite(t)
	former, url := servedBy(t, database, Options{Open: "demo", Log: slog.New(slog.DiscardHandler)})
	ana := joined(t, url, "demo", "")
	ana.push(ana.set(board.Tasks, "a", "caption", "Paint"))
	_, err := New(t.Context(), former.database, versioned(t, Options{}, ""))
	require.NoError(t, err)
	status, text := ana.request("GET", "/v1/pull?after=0", "")
	require.Equal(t, 503, status, text)

	_, err = former.database.db.Exec(`UPDATE workspaces SET summed = 0, counted = 0`)
	require.NoError(t, err)
	s, url := servedBy(t, database, versioned(t, Options{}, ""))
	ana.url = url
	require.Equal(t, "map[title:Paint]", fieldsOf(ana.pullOf("2")))
	requireCounted(t, s.database)
}

// TestSchemaIsPartOfTheDivision checks the form of the version of a division.
func TestSchemaIsPartOfTheDivision(t *testing.T) {
	for _, schema := range []string{"", "2", `"x" \ y`} {
		for _, division := range []string{"", "1/2", "mixed", "1+lost/a b"} {
			gotSchema, gotDivision := cutSchema(withSchema(schema, division))
			require.Equal(t, []string{schema, division}, []string{gotSchema, gotDivision})
		}
	}
	require.Equal(t, `schema "2" 1/7`, withSchema("2", "1/7"))
	require.Equal(t, "1/7", withSchema("", "1/7"))
}
