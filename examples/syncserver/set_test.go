package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestSetEditsARecordBesideAServer runs the command while a server runs, and reads what it has stored.
func TestSetEditsARecordBesideAServer(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		p := start(t, database)
		c := newPusher(t, [2]string{p.Address, p.Address})
		at := clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: c.ID}
		m, err := record.New(record.Key{Table: board.Tasks, ID: "1"}).Edit(at).Set(board.Title, "by a client").Set(board.Notes, "x").Mutation()
		require.NoError(t, err)
		require.True(t, c.push(m))
		run := func(args ...string) (string, error) {
			out, err := program.Command(append([]string{"set", "-db", database, "demo"}, args...)...).CombinedOutput()
			return string(out), err
		}
		must := func(args ...string) string {
			out, err := run(args...)
			require.NoError(t, err, out)
			return out
		}
		out := must(board.Tasks, "1", `title="secret"`, "points=3", "notes=")
		require.Contains(t, out, "tasks/1/title: a write by ")
		require.Contains(t, out, " replaced one by "+c.ID.String()[:8]+"…")
		require.Contains(t, out, "which it had seen\n")
		require.Contains(t, out, "stored with the sequence 2\n")
		require.NotContains(t, out, "secret")

		out, err = run(board.Tasks, "2", `title="secret"`)
		require.Error(t, err)
		require.Contains(t, out, "tasks/2 is not stored: check the table and the ID, or use -create")
		from := time.Now().UTC().Truncate(time.Hour).Add(24 * time.Hour)
		meeting := func(id string) string {
			slot := record.MustOf(rooms.Slot{Room: "Lind", Start: from, End: from.Add(time.Hour)})
			return must("-create", board.Meetings, id, fmt.Sprintf("%s=%s", rooms.FieldSlot, slot.JSON()))
		}
		require.Contains(t, meeting("a"), "stored with the sequence 3\n")
		require.Contains(t, meeting("b"), "the violation scheduling_conflict of meetings/b is open\nstored with the sequence 5\n")
		require.Contains(t, must(board.Meetings, "a", "$deleted=true"), "is resolved\n")
		out, err = run(board.Tasks, "1", `title=7`)
		require.Error(t, err)
		require.Contains(t, out, `"tasks/1": merge: invalid at data.title: must be a text`)

		d, err := server.OpenDatabase(t.Context(), database)
		require.NoError(t, err)
		defer d.Close()
		s, err := server.New(t.Context(), d, server.Options{Buckets: board.Buckets, BucketsVersion: board.BucketsVersion, LostEdits: true})
		require.NoError(t, err)
		_, err = s.Write(t.Context(), "demo", m.Data.Key(), func(e *record.Edit) error {
			require.Equal(t, map[string]any{board.Title: "secret", "points": int64(3)}, e.Seen().Map())
			notes, _ := e.Seen().Get(board.Notes)
			require.True(t, notes.Deleted())
			return nil
		})
		require.NoError(t, err)
		require.NoError(t, p.Stop())
		require.NotContains(t, p.Log(), "secret")
	})
}

// TestInvalidChangesAreExplained checks that no value is in an error.
func TestInvalidChangesAreExplained(t *testing.T) {
	for word, want := range map[string]string{
		"done":         "not FIELD=JSON",
		"=secret":      "not FIELD=JSON",
		"title=secret": `the value of "title" is not JSON, such as`,
		"a=1":          `the field "a" occurs twice`,
		"$deleted=":    "takes true, which deletes the record",
		"$deleted=1":   "takes true, which deletes the record",
	} {
		_, err := parseChanges([]string{"a=1", word})
		require.ErrorIs(t, err, errUsage)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}
