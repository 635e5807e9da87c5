package fieldlog_test

import (
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

const ana = "a1000000-0000-4000-8000-000000000001"

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// pushed returns a push of items by one client, an hour after nine.
func pushed(t *testing.T, line int, stored merge.Stored, items string) fieldlog.Push {
	t.Helper()
	var e merge.Engine
	all, err := e.Decode([]byte(items))
	require.NoError(t, err)
	p := e.Prepare(merge.Request{Actor: clock.MustParseClientID(ana), Wall: nine.Add(time.Hour), Items: all})
	state := merge.Collect(stored.Records...)
	stored.Records = state.Lookup(p.Keys())
	a, err := p.Apply(stored)
	require.NoError(t, err)
	read, err := merge.ParseJournalLine(p.AppendJournal(nil, stored, a))
	require.NoError(t, err)
	replayed, err := read.Replay()
	require.NoError(t, err)
	return fieldlog.Push{Line: line, JournalLine: read, Answer: replayed}
}

// write returns a write by the client at a time after nine, in JSON.
func write(value string, after time.Duration) string {
	return `{` + value + `,"updatedAt":"` + clock.TimestampOf(nine.Add(after)).String() + `","clientId":"` + ana + `"}`
}

func stored(t *testing.T, data string) []record.Record {
	t.Helper()
	m, err := (&record.Decoder{Trusted: true}).Mutation([]byte(`{"table":"t","id":"1","data":` + data + `}`))
	require.NoError(t, err)
	return []record.Record{m.Data}
}

// TestOnlyDeletedDataBelowTheFenceIsPurged: other writes vanish for other reasons.
func TestOnlyDeletedDataBelowTheFenceIsPurged(t *testing.T) {
	deletion, plain := write(`"deleted":true`, time.Minute), write(`"value":1`, time.Minute)
	later := `[{"table":"t","id":"1","data":{"g":` + write(`"value":2`, time.Hour) + `},"new":true}]`
	for name, c := range map[string]struct {
		data  string
		fence time.Duration
		want  []bool
	}{
		"a deletion below the fence":             {`{"f":` + deletion + `}`, time.Minute, []bool{true}},
		"a deletion above the fence":             {`{"f":` + deletion + `}`, time.Second, []bool{false}},
		"a value":                                {`{"f":` + plain + `}`, time.Minute, []bool{false}},
		"a value and the deletion of its record": {`{"f":` + plain + `,"$deleted":` + write(`"value":true`, time.Minute) + `}`, time.Minute, []bool{true, true}},
	} {
		col := fieldlog.NewCollector("t/1/f")
		col.Add(pushed(t, 1, merge.Stored{Records: stored(t, c.data)}, later))
		col.Add(pushed(t, 2, merge.Stored{Fence: clock.TimestampOf(nine.Add(c.fence)), Level: 2}, later))
		var got []bool
		for _, e := range col.Logs()[0].Events {
			if e.Incoming.IsZero() {
				require.True(t, e.Found, name)
				require.Equal(t, 1, e.Since, name)
				require.Equal(t, nine.Add(time.Hour), e.Wall, name)
				got = append(got, e.Purged)
			}
		}
		require.Equal(t, c.want, got, name)
	}
}

func TestUnreadItemsAreKeptWithTheirRecord(t *testing.T) {
	col := fieldlog.NewCollector("t/1/f")
	col.Add(pushed(t, 1, merge.Stored{}, `[{"table":"t","id":"1","data":{"f":`+write(`"value":1`, 0)+`}}]`))
	col.Add(pushed(t, 2, merge.Stored{}, `[{"table":"t","id":"1","data":{"g":{"value":1}}},{"table":"t","id":"1","data":[]},5,{"table":"t","id":"2","data":[]}]`))
	col.Add(pushed(t, 3, merge.Stored{}, `[{"table":"t","id":"1","data":{"f":{"value":1}}}]`))
	require.Equal(t, []int{2}, col.Unread())
	l := col.Logs()[0]
	require.Len(t, l.Unread, 2, "the items that name the record")
	require.Equal(t, 2, l.Unread[0].Line)
	require.Equal(t, merge.Invalid, l.Unread[0].Refusal.Code)
	require.Len(t, l.Events, 2)
	require.Equal(t, 3, l.Events[1].Line, "the path of the refusal names the field")
	require.True(t, l.Events[1].Incoming.IsZero())
}

func TestPathMayLeadIntoSeveralRecords(t *testing.T) {
	col := fieldlog.NewCollector("t/1/a/b")
	col.Add(pushed(t, 1, merge.Stored{}, `[{"table":"t","id":"1/a","data":{"b":`+write(`"value":1`, 0)+`}},{"table":"t","id":"1","data":{"a/b":`+write(`"value":1`, 0)+`}}]`))
	var got []string
	for _, l := range col.Logs() {
		got = append(got, l.Key.ID+" "+l.Field)
		require.Len(t, l.Events, 1)
		require.True(t, l.Events[0].Stays)
		require.Equal(t, l.Events[0].Incoming, l.Stands())
		require.True(t, l.Mark().IsZero())
	}
	require.Equal(t, []string{"1 a/b", "1/a b"}, got)
}

// TestDistanceHasOneForm: the sentence of a decision gets the distance in the form of Margin, and a
// value that looks like a distance stays.
func TestDistanceHasOneForm(t *testing.T) {
	at := func(after time.Duration, value string) record.FieldValue {
		stamp := clock.Stamp{Time: clock.TimestampOf(nine.Add(after)), Client: clock.MustParseClientID(ana)}
		return record.FieldValue{Value: record.MustOf(value), Stamp: stamp}
	}
	early, late := at(0, "x, 7 h earlier"), at(7*time.Hour+30*time.Minute, "y, 7 h later")
	d := merge.Decision{Key: record.Key{Table: "t", ID: "1"}, Field: "f"}
	for _, c := range []struct {
		change       merge.Change
		plain, shown string
	}{
		{merge.Change{Before: early, Incoming: late, Outcome: merge.Applied}, "replaced one by a1000000…, 7 h 30 min earlier", `replaced one of "x, 7 h earlier" by a1000000…, 7 h 30 min earlier`},
		{merge.Change{Before: late, Incoming: early, Outcome: merge.Superseded}, "gave way to one by a1000000…, 7 h 30 min later", `gave way to one of "y, 7 h later" by a1000000…, 7 h 30 min later`},
	} {
		d.Change = c.change
		require.Contains(t, fieldlog.Restated(d, d.String())+"\n", c.plain+"\n")
		require.Contains(t, fieldlog.Restated(d, d.WithValues())+"\n", c.shown+"\n")
	}
	next := early
	next.Stamp.Time++
	for _, same := range []merge.Change{
		{Before: early, Incoming: early, Outcome: merge.Equal},
		{Before: early, Incoming: next, Outcome: merge.Applied},
	} {
		d.Change = same
		require.Equal(t, d.WithValues(), fieldlog.Restated(d, d.WithValues()), "there is no distance")
	}
}
