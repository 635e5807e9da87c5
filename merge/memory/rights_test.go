package memory_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// byProject puts a task in the buckets that its field project names.
func byProject(r record.Record) []string {
	v, _ := r.Get("project")
	text, _ := v.Value.Text()
	return strings.Fields(text)
}

// newProjects returns an office whose tasks are in projects. Ana has the projects a and b.
func newProjects(t *testing.T) *office {
	o := newOffice(t, 1)
	o.Buckets = byProject
	o.Grant(ana, "a")
	o.Grant(ana, "b")
	return o
}

// puts returns a change that moves a task to projects.
func puts(projects string) func(*record.Edit) {
	return func(e *record.Edit) { e.Set("project", projects) }
}

// page pulls once for a client, and returns the lines.
func (o *office) page(client clock.ClientID, cursor *string) string {
	lines, next, err := o.Pull(client, *cursor)
	require.NoError(o, err)
	*cursor = next
	return regexp.MustCompile(`"data":.*|"clock":"[^"]*"|~[0-9a-f]{32}`).ReplaceAllString(string(lines), "…")
}

// TestTaskThatMovesLeavesOnlyItsOldProject: a client of both projects gets the task again, a client
// of the first one forgets it, and a client of the second one gets it.
func TestTaskThatMovesLeavesOnlyItsOldProject(t *testing.T) {
	o := newProjects(t)
	cal := clock.ClientID{7}
	o.Grant(ben, "a")
	o.Grant(cal, "b")
	o.edits(named("1"), 1, puts("a"))
	var ofAna, ofBen, ofCal string
	require.Equal(t, `{"seq":5,"in":["a"],"table":"tasks","id":"1",…
{"cursor":"5…","buckets":["a","b"],"level":1,…}
`, o.page(ana, &ofAna))
	o.page(ben, &ofBen)
	require.Equal(t, `{"cursor":"5…","buckets":["b"],"level":1,…}`+"\n", o.page(cal, &ofCal))

	o.edits(o.stored("1"), 2, puts("b"))
	require.Equal(t, `{"seq":6,"in":["b"],"table":"tasks","id":"1",…
{"cursor":"6…","level":1,…}
`, o.page(ana, &ofAna))
	require.Equal(t, `{"seq":6,"table":"tasks","id":"1","left":true}
{"cursor":"6…","level":1,…}
`, o.page(ben, &ofBen))
	require.Equal(t, `{"seq":6,"in":["b"],"table":"tasks","id":"1",…
{"cursor":"6…","level":1,…}
`, o.page(cal, &ofCal))
	var fresh string
	require.NotContains(t, o.page(ben, &fresh), "tasks", "a new client never had the task")
}

// TestGrantLoadsItsBucket: page by page, and a revocation ends it.
func TestGrantLoadsItsBucket(t *testing.T) {
	o := newProjects(t)
	o.PageSize = 1
	for _, id := range []string{"1", "2", "3"} {
		o.edits(named(id), 1, puts("b"))
	}
	o.edits(named("4"), 1, puts("a"))
	o.edits(o.stored("3"), 2, puts("a"))
	o.Grant(ben, "a")
	var cursor string
	for range 4 {
		o.page(ben, &cursor)
	}
	o.Grant(ben, "b")
	require.Equal(t, `{"reset":["b"],"why":"grant"}
{"seq":3,"in":["b"],"table":"tasks","id":"1",…
{"cursor":"8…~9_3_9","buckets":["a","b"],"level":1,…}
`, o.page(ben, &cursor))
	require.Contains(t, o.page(ben, &cursor), `"id":"2"`)
	require.Equal(t, `{"cursor":"9…","level":1,…}`+"\n", o.page(ben, &cursor))
	o.Revoke(ben, "b")
	require.Equal(t, `{"cursor":"9…","buckets":["a"],"level":1,…}`+"\n", o.page(ben, &cursor))
	o.Revoke(ben, "a")
	require.Equal(t, `{"cursor":"9…","buckets":[],"level":1,…}`+"\n", o.page(ben, &cursor))
}

// TestDepartureIsPurgedBelowTheFence: until then, a client that was away can still pull it.
func TestDepartureIsPurgedBelowTheFence(t *testing.T) {
	o := newProjects(t)
	o.Grant(ben, "a")
	o.edits(named("1"), 1, puts("a"))
	var cursor string
	o.page(ben, &cursor)
	o.edits(o.stored("1"), 2, puts("b"))
	require.Equal(t, 2, o.Rows(), "a departure from a, and the task in b")
	o.Purge(time.Hour) // raises no fence
	require.Equal(t, 2, o.Rows())
	require.Contains(t, o.page(ben, &cursor), `"left":true`)
	o.Purge(0)
	require.Equal(t, 1, o.Rows())
	require.Contains(t, o.page(ana, new(string)), `"in":["b"]`)
}

// TestSecondGrantChangesNothing: only a new grant makes the client load the bucket.
func TestSecondGrantChangesNothing(t *testing.T) {
	o := newProjects(t)
	var cursor string
	o.page(ana, &cursor)
	o.Grant(ana, "a")
	require.NotContains(t, o.page(ana, &cursor), "reset")
	o.Revoke(ana, "a")
	o.Grant(ana, "a")
	require.Contains(t, o.page(ana, &cursor), `{"reset":["a"],"why":"grant"}`)
}

// TestDeletedTaskLeavesWhenItIsDead: until then it can be restored.
func TestDeletedTaskLeavesWhenItIsDead(t *testing.T) {
	for _, level := range []int{1, 2} {
		o := newProjects(t)
		o.Level = level
		var cursor string
		o.edits(named("1"), 1, puts("a"))
		o.edits(o.stored("1"), 2, deletes)
		require.Contains(t, o.page(ana, &cursor), `"in":["a"]`)
		o.edits(named("2"), 1, puts("a"))
		o.edits(o.stored("2"), 3, deletes)
		o.Purge(0)
		require.Contains(t, o.page(ana, &cursor), `"reset":["a","b"],"why":"fence"`)
		require.NotContains(t, o.page(ana, &cursor), "tasks")
		o.edits(named("1"), 4, puts("a"))
		require.Contains(t, o.page(ana, &cursor), `"in":["a"]`, "a new life")
		o.erases("1", clock.Stamp{Client: house})
		require.Contains(t, o.page(ana, &cursor), `"left":true`)
		require.NotContains(t, o.page(ana, new(string)), "tasks")
	}
}

// TestClientWritesOnlyInItsBuckets: a write that adds no bucket, or one that the client has, is
// accepted, and sending it again is safe after a hand-over.
func TestClientWritesOnlyInItsBuckets(t *testing.T) {
	o := newProjects(t)
	require.Equal(t, merge.Forbidden, o.edits(named("1"), 1, puts("c")).Refusal.Code)
	require.True(t, o.edits(named("1"), 1, puts("a")).Accepted())
	seen := o.stored("1")
	require.True(t, o.edits(seen, 2, puts("b")).Accepted())
	o.Revoke(ana, "b")
	require.True(t, o.edits(seen, 2, puts("b")).Accepted(), "the answer was lost")
	require.Equal(t, merge.Forbidden, o.edits(seen, 3, sets("title")).Refusal.Code)

	o.MayWrite = func(_ clock.ClientID, seen, _ record.Record, _ record.Mutation) error {
		if _, locked := seen.Get("locked"); locked {
			return errors.New("the task is locked")
		}
		return nil
	}
	require.Equal(t, merge.Forbidden, o.edits(named("2"), 1, puts("b")).Refusal.Code)
	require.True(t, o.edits(named("2"), 1, puts("a")).Accepted())
	seen = o.stored("2")
	for range 2 {
		require.True(t, o.edits(seen, 2, sets("locked")).Accepted())
	}
	require.Equal(t, merge.Forbidden, o.edits(o.stored("2"), 3, sets("title")).Refusal.Code)
	o.Buckets = nil
	require.Equal(t, merge.Forbidden, o.edits(o.stored("2"), 3, sets("title")).Refusal.Code)
	require.True(t, o.edits(named("3"), 3, sets("title")).Accepted(), "no grant is needed")
}

// TestRestoredServerHasItsGrants: the client loads everything again.
func TestRestoredServerHasItsGrants(t *testing.T) {
	o := newProjects(t)
	var cursor string
	o.edits(named("1"), 1, puts("a"))
	o.page(ana, &cursor)
	o.Server = o.Restored()
	o.Revoke(ana, "b")
	lines := o.page(ana, &cursor)
	require.Contains(t, lines, `{"reset":["a"],"why":"epoch"}`)
	require.Contains(t, lines, `"in":["a"]`)
	require.Contains(t, lines, `"buckets":["a"]`)
}
