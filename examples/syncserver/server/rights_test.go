package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestPushesFollowRights checks what users with different buckets may write.
func TestPushesFollowRights(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, clients := openByNotes(t, name(t), "x", "y", "")
		ana, ben, out := clients[0], clients[1], clients[2]
		require.NoError(t, s.Revoke(t.Context(), "demo", bound(s.Server, out.ID).User, ""))
		s.change(ana, "hers", map[string]any{board.Title: "a", board.Notes: "x"})
		push := func(by *client, id string, set map[string]any) merge.Reply {
			s.wall = s.wall.Add(time.Second)
			m := s.edit(by, task(id), func(e *record.Edit) {
				for name, value := range set {
					e.Set(name, value)
				}
			})
			return by.push2(m)[0]
		}
		for what, refused := range map[string]merge.Reply{
			"may not read":       push(ben, "hers", map[string]any{board.Title: "b"}),
			"would take it over": push(ben, "hers", map[string]any{board.Notes: "y"}),
			"may not add":        push(ana, "new", map[string]any{board.Notes: "y"}),
			"may not hand over":  push(ana, "hers", map[string]any{board.Notes: "x y"}),
			"has no bucket":      push(out, "new", map[string]any{board.Notes: "x"}),
		} {
			require.Equal(t, merge.Forbidden, refused.Code, what)
			require.Empty(t, refused.Path+refused.Detail, what)
			require.Empty(t, refused.Fields, what)
		}
		require.Equal(t, "a", s.normals()[task("hers").Key()].Map()[board.Title])

		// The app decides after the buckets, and knows the roles.
		s.options.MayWrite = func(a Actor, seen, after record.Record, _ record.Mutation) error {
			require.Equal(t, bound(s.Server, ana.ID).User, a.User)
			require.Equal(t, ana.ID, a.Client)
			require.Equal(t, map[string]string{"": WriterRole, "x": WriterRole}, a.Roles)
			require.Equal(t, "a", seen.Map()[board.Title])
			require.Equal(t, "b", after.Map()[board.Title])
			return &merge.Refusal{Code: "read_only"}
		}
		require.Equal(t, merge.Code("read_only"), push(ana, "hers", map[string]any{board.Title: "b"}).Code)
		require.Equal(t, merge.Forbidden, push(ben, "hers", map[string]any{board.Title: "b"}).Code)
		s.options.MayWrite = nil

		// A full storage refuses moves into other buckets.
		require.NoError(t, s.Grant(t.Context(), "demo", bound(s.Server, ana.ID).User, map[string]string{"z": WriterRole}))
		s.options.Storage = 1
		require.Equal(t, merge.StorageFull, push(ana, "hers", map[string]any{board.Notes: "z"}).Code)
		require.Empty(t, push(ana, "hers", map[string]any{board.Notes: "x"}).Code)
		s.options.Storage = defaultStorage
		require.Empty(t, push(ana, "hers", map[string]any{board.Notes: "z"}).Code)
	})
}

// TestRightsWithoutBuckets checks that a user whose membership has ended may neither read nor write,
// although the records are not divided.
func TestRightsWithoutBuckets(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	s.change(ana, "one", map[string]any{board.Title: "a"})
	require.NoError(t, s.Revoke(t.Context(), "demo", bound(s.Server, ana.ID).User, ""))
	m := s.edit(ana, task("one"), title("b"))
	require.Equal(t, merge.Forbidden, ana.push2(m)[0].Code)
}
