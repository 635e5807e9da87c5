package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

// house is the client ID of the server that erases.
var house = clock.ClientID{9}

// erases erases a record, and returns the stamp of the erasure.
func (o *office) erases(id string, at clock.Stamp) clock.Stamp {
	at, err := o.Erase(named(id).Key(), at)
	require.NoError(o, err)
	return at
}

// stored returns a record as it is stored.
func (o *office) stored(id string) record.Record {
	r, _ := o.Records().Get(named(id).Key())
	return r
}

// TestErasedRecordIsPulledWithoutValues: the erasure takes a sequence, so the next pull brings it.
func TestErasedRecordIsPulledWithoutValues(t *testing.T) {
	o := newOffice(t, 2)
	o.edits(named("1"), 1, sets("title"))
	_, cursor := o.pulls("")
	stamp := o.erases("1", clock.Stamp{Client: house})
	require.Equal(t, clock.Stamp{Time: at(1).Time + 1, Client: house}, stamp)
	lines, next := o.pulls(cursor)
	require.Equal(t, `{"seq":2,"table":"tasks","id":"1","data":{`+
		`"$deleted":{"value":true,"updatedAt":"2026-03-02T12:00:01.000000001Z","clientId":"09000000-0000-0000-0000-000000000000"},`+
		`"$erased":{"value":true,"updatedAt":"2026-03-02T12:00:01.000000001Z","clientId":"09000000-0000-0000-0000-000000000000"}}}`+"\n", lines)
	require.Equal(t, stamp, o.erases("1", clock.Stamp{Client: house}), "erased twice")
	_, again := o.pulls(next)
	require.Equal(t, next, again, "the second erasure changes nothing")
}

// TestErasedRecordDoesNotComeBack: until the erased record is dead, every item on it is gone. After
// that, a new item above the fence begins a new life.
func TestErasedRecordDoesNotComeBack(t *testing.T) {
	for _, level := range []int{1, 2} {
		o := newOffice(t, level)
		o.edits(named("1"), 1, sets("title"))
		o.erases("1", clock.Stamp{Client: house})
		for seconds, seen := range []record.Record{1: named("1"), 2: named("1"), 3: o.stored("1")} {
			if seconds > 0 {
				require.Equal(t, merge.Gone, o.edits(seen, seconds, sets("title")).Refusal.Code)
			}
		}
		require.Equal(t, 2, o.stored("1").Len())
		o.Purge(0)
		require.Equal(t, 2-level, o.stored("1").Len())
		require.Equal(t, merge.Gone, o.edits(named("1"), 1, sets("title")).Refusal.Code)
		require.True(t, o.edits(named("1"), 4, sets("note")).Accepted())
		require.Equal(t, 1, o.stored("1").Len())
		require.False(t, o.stored("1").Erased())
	}
}

// TestErasureIsRepeatedAfterARestore: an erasure is repeated with the same stamp, even if the
// backup lacks the record, because the author of the record sends it again.
func TestErasureIsRepeatedAfterARestore(t *testing.T) {
	o := newOffice(t, 1)
	o.edits(named("1"), 1, sets("title"))
	backup := o.stored("1")
	first := o.erases("1", clock.Stamp{Client: house})
	for _, had := range []bool{false, true} {
		o.Server = &memory.Server{Now: o.Now}
		if had {
			o.Put(backup)
		}
		require.Equal(t, first, o.erases("1", first))
		require.True(t, o.stored("1").Erased())
		require.Equal(t, merge.Gone, o.edits(named("1"), 1, sets("title")).Refusal.Code)
	}
	o.Purge(0)
	require.True(t, o.edits(named("1"), 4, sets("note")).Accepted())
	require.Equal(t, first, o.erases("1", first), "a later life stays")
	require.False(t, o.stored("1").Deleted())
}

func TestErasureOfNothing(t *testing.T) {
	o := newOffice(t, 1)
	require.Zero(t, o.erases("1", clock.Stamp{Client: house}))
	require.Zero(t, o.Records().Len())
	o.edits(named("1"), 1, sets("title"))
	_, err := o.Erase(named("1").Key(), clock.Stamp{})
	require.ErrorIs(t, err, record.ErrClient)
	require.Equal(t, 1, o.stored("1").Len())
}
