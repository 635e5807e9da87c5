package lawtest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// eraser is the server that erases.
var eraser = clock.ClientID{9}

// erasedAt returns the erased form with a stamp.
func erasedAt(at clock.Stamp) record.Record {
	var b record.Builder
	r, err := b.Record(purgeKey, func(yield func(string, record.FieldValue) bool) {
		w := record.FieldValue{Value: record.Bool(true), Stamp: at}
		_ = yield("$deleted", w) && yield("$erased", w)
	})
	if err != nil {
		panic(err)
	}
	return r
}

func eraserAt(r rank) clock.Stamp { return clock.Stamp{Time: stampAt(r).Time, Client: eraser} }

// TestErasureLiesAboveTheRecord: a new erasure has the next timestamp after the record. A repeated
// erasure has its old stamp, or a later one if the record has a stamp that is not below it, and
// leaves a later life alone.
func TestErasureLiesAboveTheRecord(t *testing.T) {
	var b record.Builder
	for _, stored := range triples(4) {
		r := recordOf(&b, stored)
		for at := range rank(7) {
			given := clock.Stamp{Client: eraser}
			if at > 0 {
				given = eraserAt(at)
			}
			erased, err := merge.Erase(r, given)
			lowest := rank(math.MaxInt8)
			for _, c := range stored {
				if c.kind != absent {
					lowest = min(lowest, c.at)
				}
			}
			switch {
			case at == 0 && stored.empty():
				require.ErrorIs(t, err, record.ErrMissing)
				continue
			case at > 0 && !stored.empty() && lowest > at:
				require.True(t, erased.Equal(r), "%v at %d", stored, at)
			default:
				require.NoError(t, err)
				require.True(t, erased.Equal(erasedAt(eraserAt(max(at, stored.newest()+1)))), "%v at %d: %v", stored, at, erased)
			}
			again, err := merge.Erase(erased, given)
			require.NoError(t, err)
			require.True(t, again.Equal(erased), "%v at %d is not idempotent", stored, at)
			renewed, err := merge.Erase(erased, clock.Stamp{Client: eraser})
			require.NoError(t, err)
			require.Equal(t, erased.Erased(), renewed.Equal(erased))
		}
	}
}

// TestErasureOfItsOwnRemains: at level 1, a dead erased record keeps its deletion alone. Repeating
// the erasure gives the same stamp.
func TestErasureOfItsOwnRemains(t *testing.T) {
	remains := merge.Purge(erasedAt(eraserAt(3)), stampAt(3).Time, 1)
	require.Equal(t, 1, remains.Len())
	for at, want := range map[clock.Stamp]rank{eraserAt(3): 3, eraserAt(2): 0, eraserAt(5): 5, stampAt(3): 4} {
		erased, err := merge.Erase(remains, at)
		require.NoError(t, err)
		if want == 0 {
			require.True(t, erased.Equal(remains))
			continue
		}
		require.True(t, erased.Equal(erasedAt(clock.Stamp{Time: stampAt(want).Time, Client: at.Client})), "%v: %v", at, erased)
	}
	restored, err := record.New(purgeKey).Edit(eraserAt(3)).RestoreRecord().Mutation()
	require.NoError(t, err)
	erased, err := merge.Erase(restored.Data, eraserAt(3))
	require.NoError(t, err)
	require.True(t, erased.Equal(erasedAt(eraserAt(4))))
}

// TestErasureNeedsAClientAndFields: the error names what is missing.
func TestErasureNeedsAClientAndFields(t *testing.T) {
	for _, c := range []struct {
		r    record.Record
		at   clock.Stamp
		path string
		want error
	}{
		{erasedAt(eraserAt(1)), clock.Stamp{Time: stampAt(3).Time}, "clientId", record.ErrClient},
		{record.New(purgeKey), clock.Stamp{}, "clientId", record.ErrClient},
		{record.New(purgeKey), clock.Stamp{Client: eraser}, "data", record.ErrMissing},
		{record.New(purgeKey), clock.Stamp{Time: math.MinInt64, Client: eraser}, "data", record.ErrMissing},
	} {
		_, err := merge.Erase(c.r, c.at)
		var e *record.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, c.path, e.Path)
		require.ErrorIs(t, err, c.want)
	}
}

// TestErasureOfTheLastTimestamp: the last timestamp has no successor, but the record is erased anyway.
func TestErasureOfTheLastTimestamp(t *testing.T) {
	last := clock.Stamp{Time: math.MaxInt64, Client: purgeClient}
	m, err := record.New(purgeKey).Edit(last).Set("f", 1).Mutation()
	require.NoError(t, err)
	erased, err := merge.Erase(m.Data, clock.Stamp{Client: eraser})
	require.NoError(t, err)
	require.True(t, erased.Equal(erasedAt(clock.Stamp{Time: math.MaxInt64, Client: eraser})))
}

// TestErasedFormIsWholeAndDeleted: an erased form to which another write was joined is erased
// again.
func TestErasedFormIsWholeAndDeleted(t *testing.T) {
	var b record.Builder
	late, err := merge.Records(erasedAt(eraserAt(3)), recordOf(&b, triple{{set, 2}}))
	require.NoError(t, err)
	require.True(t, late.Erased())
	erased, err := merge.Erase(late, clock.Stamp{Client: eraser})
	require.NoError(t, err)
	require.True(t, erased.Equal(erasedAt(eraserAt(4))))
	deleted, err := merge.Records(erasedAt(eraserAt(3)), recordOf(&b, triple{life: {removed, 5}}))
	require.NoError(t, err)
	erased, err = merge.Erase(deleted, clock.Stamp{Client: eraser})
	require.NoError(t, err)
	require.True(t, erased.Equal(erasedAt(eraserAt(6))), "both fields have one stamp")
	restored, err := merge.Records(erasedAt(eraserAt(3)), recordOf(&b, triple{life: {set, 5}}))
	require.NoError(t, err)
	require.False(t, restored.Erased())
}

// TestItemsOnAnErasedRecordAreGone: every item is gone until the erased record is dead, with or
// without a fence. Their data is not journaled, and the line replays.
func TestItemsOnAnErasedRecordAreGone(t *testing.T) {
	for _, fence := range []rank{0, 2, 4} {
		for level := 1; level <= 2; level++ {
			for _, whole := range []bool{false, true} {
				for _, item := range purgeEdits(7) {
					e := newPurgeEngine()
					push, stored := e.prepare(purgeWorld{triple{}, fence, int8(level), whole}, []purgeItem{item, item})
					stored.Records = []record.Record{erasedAt(eraserAt(5))}
					answer, err := push.Apply(stored)
					require.NoError(t, err)
					require.Empty(t, answer.Updates)
					require.Empty(t, answer.Watermarks)
					for _, r := range answer.Results {
						require.Equal(t, merge.Gone, r.Refusal.Code)
					}
					line := push.AppendJournal(nil, stored, answer)
					require.Contains(t, string(line), `"items":[{"table":"tasks","id":"1","data":{},"refused":{"code":"gone"}},{"table"`)
					parsed, err := merge.ParseJournalLine(line)
					require.NoError(t, err)
					require.Empty(t, parsed.Erased)
					again, err := parsed.Replay()
					require.NoError(t, err)
					require.Equal(t, answer.Digest(), again.Digest())
				}
			}
		}
	}
}

// TestErasedFieldIsNotForClients: no client may write the reserved field.
func TestErasedFieldIsNotForClients(t *testing.T) {
	var e merge.Engine
	item := record.Item{Mutation: record.Mutation{Data: erasedAt(stampAt(5))}}
	push := e.Prepare(merge.Request{Actor: purgeClient, Wall: purgeEpoch.Time().Add(time.Second), Items: []record.Item{item}})
	require.Empty(t, push.Keys())
	answer, err := push.Apply(merge.Stored{})
	require.NoError(t, err)
	refusal := answer.Results[0].Refusal
	require.Equal(t, merge.Invalid, refusal.Code)
	require.ErrorIs(t, refusal, record.ErrReserved)
	require.Equal(t, "data.$erased", refusal.Path)
	items, err := e.Decode([]byte(strings.ReplaceAll(string(item.Mutation.AppendJSON(nil)), "true", "1")))
	require.NoError(t, err)
	require.ErrorIs(t, items[0].Err, record.ErrType) // of $deleted
	_, err = record.New(purgeKey).Edit(stampAt(1)).Set(record.ErasedField, true).Mutation()
	require.ErrorIs(t, err, record.ErrReserved)
}
