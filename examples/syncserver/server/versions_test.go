package server

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
	"github.com/fieldlww/fieldlww/violation"
)

// earlier returns the lens from an earlier version of the board, in which the title was called caption, two fields had
// each other's names, labels were what tags are now, and one field had what title and notes have.
func earlier(t *testing.T) lens.Lens {
	t.Helper()
	cut := func(v record.Value) ([]record.Value, error) {
		text, _ := v.Text()
		first, last, _ := strings.Cut(text, " ")
		return []record.Value{record.MustOf(first), record.MustOf(last)}, nil
	}
	together := func(v []record.Value) (record.Value, error) {
		first, _ := v[0].Text()
		last, _ := v[1].Text()
		return record.MustOf(first + " " + last), nil
	}
	l, err := lens.New(lens.Table{
		Name: board.Tasks,
		Fields: []lens.Field{
			{Old: "caption", New: board.Title}, {Old: "label", New: board.Tag},
			{Old: "due", New: "assignee"}, {Old: "assignee", New: "due"},
		},
		Splits: []lens.Split{{Old: "person", New: []string{"first", "last"}, Up: cut, Down: together}},
	})
	require.NoError(t, err)
	return l
}

// versioned returns the options of a server of version 2, which serves the versions 1 and, if it is named, "".
func versioned(t *testing.T, o Options, versions ...string) Options {
	o.Schema, o.Lenses = "2", make(map[string]lens.Lens)
	for _, v := range versions {
		o.Lenses[v] = earlier(t)
	}
	o.Open, o.Journal, o.Guard, o.Log = "demo", true, board.Guard(), slog.New(slog.DiscardHandler)
	return o
}

// served is a server of some options, on a database.
func servedBy(t *testing.T, database string, o Options) (*Server, string) {
	t.Helper()
	d, err := OpenDatabase(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	s, err := New(t.Context(), d, o)
	require.NoError(t, err)
	for _, q := range []*quotas{s.pushes, s.pulls, s.joins} {
		q.member, q.group = math.Inf(1), math.Inf(1)
	}
	return s, listen(t, s)
}

// pushOf pushes as a client of a version.
func (c *client) pushOf(version string, items ...record.Mutation) []merge.Reply {
	return c.pushTo("/v1/push?v=2&schema="+version, items...).Results
}

// pullOf pulls everything as a client of a version, and returns the lines about tasks and rows.
func (c *client) pullOf(version string) (all []line) {
	c.t.Helper()
	status, text := c.request("GET", "/v1/pull?cursor=&schema="+version, "")
	require.Equal(c.t, 200, status, text)
	for _, l := range strings.SplitAfter(strings.TrimSpace(text), "\n") {
		if strings.Contains(l, `"table"`) {
			all = append(all, linesOf(c.t, []byte(l))...)
		}
	}
	return all
}

// fieldsOf returns the values of the task a.
func fieldsOf(lines []line) string {
	for _, l := range lines {
		if l.Data.Key() == task("a").Key() {
			return fmt.Sprint(l.Data.Map())
		}
	}
	return ""
}

// TestVersionsWriteSideBySide: each client writes and sees the names of its version, and is answered in them.
func TestVersionsWriteSideBySide(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		for _, o := range []Options{{}, {Buckets: everyone}} {
			_, url := servedBy(t, name(t), versioned(t, o, "1"))
			ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
			m := ana.set(board.Tasks, "a", "caption", "Paint")
			m.New = true
			require.Equal(t, map[string]merge.FieldReply{"caption": {Outcome: "applied"}}, ana.pushOf("1", m)[0].Fields)
			again := ana.pushOf("1", m)[0]
			require.Equal(t, map[string]merge.FieldReply{"caption": {Outcome: "equal"}}, again.Fields)
			require.False(t, again.Changed)
			ana.pushOf("1", ana.set(board.Tasks, "a", "label/urgent", true), ana.set(board.Tasks, "a", "due", "x"), ana.set(board.Tasks, "a", "person", "Ana Lee"))
			ben.pushOf("2", ben.set(board.Tasks, "a", "first", "Anna"), ben.set(board.Tasks, "a", "extra", 1))

			now := "map[assignee:x extra:1 first:Anna last:Lee tag/urgent:true title:Paint]"
			require.Equal(t, now, fieldsOf(ben.pullOf("2")))
			require.Equal(t, now, fieldsOf(ben.pullOf("")))
			require.Equal(t, "map[caption:Paint due:x extra:1 label/urgent:true person:Anna Lee]", fieldsOf(ana.pullOf("1")))
			if o.Buckets == nil {
				status, text := ana.request("GET", "/v1/pull?after=0&schema=1", "")
				require.Equal(t, 200, status, text)
				require.Contains(t, text, `"caption"`)
				require.NotContains(t, text, `"title"`)
			}
		}
	})
}

// TestAnswersNameTheFieldsOfTheClient: refusals of the server's rules name them too, and what was refused before is as
// it was sent.
func TestAnswersNameTheFieldsOfTheClient(t *testing.T) {
	_, url := servedBy(t, databasetest.SQLite(t), versioned(t, Options{}, "1"))
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	foreign := ben.set(board.Tasks, "a", "caption", "x")
	replies := ana.pushOf("1",
		ana.set(board.Tasks, "a", "caption", strings.Repeat("x", board.MaxTitle+1)),
		ana.set(board.Tasks, "a", "label/a.b", "no tag"),
		foreign,
		ana.set(board.Tasks, "a", "title", "a name of the new version"),
		ana.set(board.Tasks, "a", "tag/x", true),
		ana.set("users", "u", "title", "another table"),
	)
	var told []string
	for _, r := range replies {
		told = append(told, fmt.Sprint(r.Code, " ", r.Path))
	}
	require.Equal(t, []string{
		"title_too_long data.caption",
		`invalid data."label/a.b"`,
		"other_client data.caption.clientId",
		string(merge.NewerName) + " data.title",
		string(merge.NewerName) + " data.tag/x",
		" ",
	}, told)
}

// TestLostEditsAreToldInTheNamesOfTheirAuthors: the row of a lost edit has the name and the values of the version that
// pulls it.
func TestLostEditsAreToldInTheNamesOfTheirAuthors(t *testing.T) {
	_, url := servedBy(t, databasetest.SQLite(t), versioned(t, Options{Buckets: everyone, LostEdits: true, Keep: func(_, field string) bool { return field == board.Title }}, "1"))
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	edit := func(c *client, version, field, value string) merge.Reply {
		m := c.set(board.Tasks, "a", field, value)
		m.Base = map[string]clock.Stamp{field: {}}
		return c.pushOf(version, m)[0]
	}
	edit(ana, "1", "caption", "mine")
	reply := edit(ben, "2", board.Title, "yours")
	require.True(t, reply.Fields[board.Title].Lost)
	require.Equal(t, ana.ID, reply.Fields[board.Title].Loser.ClientID)
	row := func(c *client, version string) map[string]any {
		for _, l := range c.pullOf(version) {
			if l.Data.Key().Table == violation.DefaultTable {
				return l.Data.Map()
			}
		}
		return nil
	}
	for _, c := range []struct {
		by             *client
		version, field string
	}{{ana, "1", "caption"}, {ben, "2", board.Title}} {
		got := row(c.by, c.version)
		require.Equal(t, []any{c.field, "mine", "yours"}, []any{got[lostField], got[violation.FieldLostValue], got[lostValue]})
		require.True(t, strings.HasPrefix(got[lostWords].(string), "tasks/a/"+c.field+": "), got[lostWords])
	}
	late := ana.set(board.Tasks, "b", "person", "Ana Lee")
	late.Base = map[string]clock.Stamp{"person": {}}
	won := ben.set(board.Tasks, "b", "last", "Li")
	won.Base = map[string]clock.Stamp{"last": {}}
	ben.pushOf("2", won)
	for _, lost := range []bool{true, false} { // which a retry does not repeat
		require.Equal(t, merge.FieldReply{Outcome: "superseded", Lost: lost, Winner: &merge.StampReply{UpdatedAt: at(won, "last").Time, ClientID: ben.ID}},
			ana.pushOf("1", late)[0].Fields["person"])
	}
}

// at returns the stamp of a write of an item.
func at(m record.Mutation, field string) clock.Stamp {
	w, _ := m.Data.Get(field)
	return w.Stamp
}

// TestUnknownVersionIsRefused: the request has no effect, and its code is not one for which a client drops items.
func TestUnknownVersionIsRefused(t *testing.T) {
	for _, o := range []Options{versioned(t, Options{}, "1"), {Open: "demo", Log: slog.New(slog.DiscardHandler)}} {
		_, url := servedBy(t, databasetest.SQLite(t), o)
		ana := joined(t, url, "demo", "")
		for _, request := range []string{"POST /v1/push?v=2&schema=3", "GET /v1/pull?cursor=&schema=3", "GET /v1/pull?after=0&schema=3", "GET /v1/events?schema=3", "GET /v1/history?table=tasks&id=a&field=x&schema=3"} {
			method, path, _ := strings.Cut(request, " ")
			status, text := ana.request(method, path, "")
			require.Equal(t, 400, status, path)
			require.Contains(t, text, `"unknown_schema"`, path)
		}
	}
	o := versioned(t, Options{}, "1", "2")
	d, err := OpenDatabase(t.Context(), databasetest.SQLite(t))
	require.NoError(t, err)
	defer d.Close()
	_, err = New(t.Context(), d, o)
	require.ErrorContains(t, err, `"2"`)
}

// TestHistoryOfAFieldHasBothNames: an old client asks for its own name, and the journal has the form that is stored.
func TestHistoryOfAFieldHasBothNames(t *testing.T) {
	s, url := servedBy(t, databasetest.SQLite(t), versioned(t, Options{}, "1"))
	ana := joined(t, url, "demo", "")
	ana.pushOf("1", ana.set(board.Tasks, "a", "caption", "Paint"))
	for _, query := range []string{"caption&schema=1", "title&schema=2", "title"} {
		status, text := ana.request("GET", "/v1/history?table=tasks&id=a&field="+query, "")
		require.Equal(t, http.StatusOK, status, text)
		require.Contains(t, text, "wrote this field")
	}
	status, _ := ana.request("GET", "/v1/history?table=tasks&id=a&field=title&schema=1", "")
	require.Equal(t, http.StatusNotFound, status)
	var journal strings.Builder
	require.NoError(t, s.database.Journal(t.Context(), &journal, "demo"))
	require.NotContains(t, journal.String(), "caption")
}

// TestServerWritesNoOldName writes and imports under names that a lens has replaced, and under names that are also new.
func TestServerWritesNoOldName(t *testing.T) {
	s, _ := servedBy(t, filepath.Join(t.TempDir(), "db"), versioned(t, Options{}, "1"))
	plain, _ := servedBy(t, filepath.Join(t.TempDir(), "db"), Options{Log: slog.New(slog.DiscardHandler)})
	for name, now := range map[string]string{
		"caption": `data.caption: the name of a field of an earlier version of the app: use title`,
		"label/x": `use tag/x`, "person": `use first and last`,
		"title": "", "due": "", "assignee": "", "tag/x": "", "first": "", "other": "", "caption2": "",
	} {
		write := func(s *Server) error {
			_, err := s.Write(t.Context(), "demo", task("1").Key(), func(e *record.Edit) error {
				e.Set(name, true)
				return nil
			})
			return err
		}
		bring := func(s *Server) (Imported, error) {
			return s.Import(t.Context(), "demo", Source{Name: "crm"}, []imports.Row{
				{Key: task("2").Key()}, {Key: task("1").Key(), Fields: map[string]record.Value{name: record.Bool(true)}},
			})
		}
		if name != board.Title { // the guard refuses the value
			require.NoError(t, write(plain))
		}
		_, err := bring(plain)
		require.NoError(t, err)
		done, err := bring(s)
		if now == "" {
			require.NoError(t, err, name)
			require.NotErrorIs(t, write(s), ErrOldName, name)
			continue
		}
		require.ErrorIs(t, err, ErrOldName, name)
		require.ErrorContains(t, err, "[1].data."+name[:5])
		require.ErrorContains(t, err, now)
		require.Zero(t, done.Run)
		var e *record.Error
		require.ErrorAs(t, write(s), &e)
		require.ErrorIs(t, e, ErrOldName)
		require.ErrorContains(t, e, now)
		require.True(t, strings.HasPrefix(e.Path, "data."), e.Path)
	}
	_, err := s.Write(t.Context(), "demo", task("1").Key(), func(e *record.Edit) error {
		for name := range e.Seen().All() {
			require.NotContains(t, []string{"caption", "label/x", "person"}, name)
		}
		return nil
	})
	require.NoError(t, err)
}
