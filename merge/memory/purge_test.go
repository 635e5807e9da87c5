package memory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

const day = 24 * time.Hour

// office is a server with its wall clock, and what its tests do with it.
type office struct {
	*testing.T
	*memory.Server
	now time.Time
}

func newOffice(t *testing.T, level int) *office {
	o := &office{T: t, now: noon.Time()}
	o.Server = &memory.Server{Level: level, Now: func() time.Time { return o.now }}
	return o
}

// at returns the stamp of Ana that is a number of seconds after noon.
func at(seconds int) clock.Stamp {
	return clock.Stamp{Time: noon + clock.Timestamp(seconds)*clock.Timestamp(time.Second), Client: ana}
}

// edits pushes an edit of a record as its author saw it.
func (o *office) edits(seen record.Record, seconds int, change func(*record.Edit)) merge.Result {
	e := seen.Edit(at(seconds))
	change(e)
	m, err := e.Mutation()
	require.NoError(o, err)
	a, err := o.Apply(merge.Request{Actor: ana, Wall: o.now, Items: []record.Item{{Mutation: m}}})
	require.NoError(o, err)
	return a.Results[0]
}

// pulls pulls until nothing is left, and returns all lines and the last cursor.
func (o *office) pulls(cursor string) (all, next string) {
	for range 100 {
		lines, next, err := o.Pull(ben, cursor)
		require.NoError(o, err)
		all += string(lines)
		if next == cursor {
			return all, next
		}
		cursor = next
	}
	o.Fatal("the pull does not end")
	return
}

func named(id string) record.Record { return record.New(record.Key{Table: "tasks", ID: id}) }

func sets(name string) func(*record.Edit) {
	return func(e *record.Edit) { e.Set(name, "x") }
}

func deletes(e *record.Edit) { e.DeleteRecord() }

// TestPurgeKeepsOnlyWhatTheLevelKeeps: after the retention, level 1 keeps the deletion of a
// record, and level 2 nothing. Before the retention has passed, both keep everything.
func TestPurgeKeepsOnlyWhatTheLevelKeeps(t *testing.T) {
	for level, want := range []int{1, 1, 0} {
		o := newOffice(t, level)
		o.edits(named("1"), 1, sets("title"))
		o.edits(named("1"), 2, deletes)
		o.Purge(90 * day)
		o.now = o.now.Add(90*day - 1)
		o.Purge(90 * day)
		r, _ := o.Records().Get(named("1").Key())
		require.Equal(t, 2, r.Len())
		o.now = o.now.Add(1)
		seq, stamp := o.Purge(90 * day)
		require.Equal(t, 2, seq)
		require.Equal(t, at(2).Time, stamp)
		r, _ = o.Records().Get(named("1").Key())
		require.Equal(t, want, r.Len(), "level %d", level)
	}
}

// TestPurgedRecordDoesNotComeBack: a late retry of an edit is gone. A new record with the same ID
// replaces the purged one.
func TestPurgedRecordDoesNotComeBack(t *testing.T) {
	for _, level := range []int{1, 2} {
		o := newOffice(t, level)
		o.edits(named("1"), 1, sets("title"))
		o.edits(named("1"), 2, deletes)
		o.Purge(0)
		require.Equal(t, merge.Gone, o.edits(named("1"), 1, sets("title")).Refusal.Code)
		require.True(t, o.edits(named("1"), 3, sets("note")).Accepted())
		r, _ := o.Records().Get(named("1").Key())
		require.Equal(t, 1, r.Len(), "level %d: %v", level, r)
	}
}

// TestClientBelowTheFenceBeginsAgainOnce: the client is reset, gets everything page by page,
// and is not reset again by the pages of that load.
func TestClientBelowTheFenceBeginsAgainOnce(t *testing.T) {
	o := newOffice(t, 2)
	o.PageSize = 1
	for _, id := range []string{"1", "2", "3"} {
		o.edits(named(id), 1, sets("title"))
	}
	_, old, err := o.Pull(ben, "")
	require.NoError(t, err)
	o.edits(named("4"), 2, sets("title"))
	o.edits(named("4"), 3, deletes)
	o.Purge(0)
	lines, next := o.pulls(old)
	require.Equal(t, 1, strings.Count(lines, `{"reset":[""],"why":"fence"}`))
	require.Equal(t, 3, strings.Count(lines, `"data"`))
	require.Equal(t, "5", next)
	lines, _ = o.pulls(next)
	require.Equal(t, `{"cursor":"5","fence":"2026-03-02T12:00:03.000000000Z","level":2,"clock":"2026-03-02T12:00:03.000000000Z"}`+"\n", lines)
}

// TestLateDeletionIsStillPulled: a record whose deletion arrives below the fence is dead at
// once, but the deletion stays until no client can miss it.
func TestLateDeletionIsStillPulled(t *testing.T) {
	o := newOffice(t, 2)
	o.edits(named("1"), 1, sets("title"))
	o.edits(named("2"), 5, sets("title"))
	o.Purge(0)
	_, cursor := o.pulls("")
	require.True(t, o.edits(named("1"), 2, deletes).Accepted())
	o.Purge(time.Hour) // sweeps, but raises nothing
	lines, _ := o.pulls(cursor)
	require.Contains(t, lines, `"$deleted"`)
	o.Purge(0)
	require.Equal(t, 1, o.Records().Len())
}

// TestPurgeWaitsForTheClock: while the wall clock is behind the last sample, nothing is sampled
// or raised, and a negative retention raises nothing.
func TestPurgeWaitsForTheClock(t *testing.T) {
	o := newOffice(t, 1)
	o.edits(named("1"), 1, deletes)
	_, stamp := o.Purge(-1)
	require.Zero(t, stamp)
	o.edits(named("2"), 2, sets("title"))
	o.now = o.now.Add(-day)
	_, stamp = o.Purge(0)
	require.Zero(t, stamp)
	o.now = o.now.Add(2 * day)
	_, stamp = o.Purge(day)
	require.Equal(t, at(1).Time, stamp)
}
