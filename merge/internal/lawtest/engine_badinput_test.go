package lawtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

const (
	noon   = "2026-11-24T12:00:00Z"
	actor  = "7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"
	other  = "91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20"
	secret = "427281" // occurs in refused values, and must occur nowhere else
)

var wallTime = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// guarded is the engine of a server whose records belong to one workspace.
var guarded = merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
	if m.Data.Key().Table == "other-workspace" {
		return errors.New("workspace 427281 is not yours")
	}
	return nil
}}

func itemText(id, value, at, client string) string {
	return fmt.Sprintf(`{"table":"tasks","id":%q,"data":{"title":{"value":%s,"updatedAt":%q,"clientId":%q}}}`, id, value, at, client)
}

// pushed decodes and applies a batch that the actor pushes at noon.
func pushed(t require.TestingT, current merge.Collection, text string) (input, merge.Answer) {
	items, err := guarded.Decode([]byte(text))
	require.NoError(t, err)
	in := input{Actor: clock.MustParseClientID(actor), Wall: wallTime, Items: items, Current: current}
	return in, applied(&guarded, in)
}

// TestItemIsJudgedAloneAndLeavesNoTraceIfRefused pushes each item between two valid ones. A
// refused item must leave no trace, and its neighbours must be applied. Cases about whole
// batches have their own tests.
func TestItemIsJudgedAloneAndLeavesNoTraceIfRefused(t *testing.T) {
	at := func(stamp string) string { return itemText("bad", secret, stamp, actor) }
	ahead := func(d time.Duration) string { return at(wallTime.Add(d).Format(time.RFC3339Nano)) }
	by := func(client string) string { return itemText("bad", secret, noon, client) }
	data := func(fields string) string { return `{"table":"tasks","id":"bad","data":{` + fields + `}}` }
	field := func(rest string) string {
		return `"title":{` + rest + `"updatedAt":"` + noon + `","clientId":"` + actor + `"}`
	}
	const accepted = merge.Code("")
	for _, row := range []struct {
		name   string
		item   string
		code   merge.Code
		reason error
		path   string
	}{
		{"5 min ahead", ahead(5 * time.Minute), accepted, nil, ""},
		{"5 min and less than 1 ms ahead", ahead(5*time.Minute + 999_999), accepted, nil, ""},
		{"5 min and 1 ms ahead", ahead(5*time.Minute + time.Millisecond), merge.TooFarAhead, clock.ErrAhead, "data.title.updatedAt"},
		{"a stamp at the end of the range", at("2262-04-10T23:59:59.999999999Z"), merge.TooFarAhead, clock.ErrAhead, "data.title.updatedAt"},
		{"beyond the range", at("2262-04-11T23:47:16.854775807Z"), merge.TooFarAhead, record.ErrStamp, "data.title.updatedAt"},
		{"year 9999", at("9999-12-31T23:59:59Z"), merge.TooFarAhead, clock.ErrAhead, "data.title.updatedAt"},
		{"year 10000", at("10000-01-01T00:00:00Z"), merge.Invalid, record.ErrStamp, "data.title.updatedAt"},
		{"before 1970", at("1969-12-31T23:59:59Z"), merge.Invalid, record.ErrStamp, "data.title.updatedAt"},
		{"zero", at("1970-01-01T00:00:00Z"), merge.Invalid, record.ErrStamp, "data.title.updatedAt"},
		{"three days old", ahead(-72 * time.Hour), accepted, nil, ""},
		{"ten years old", at("2016-11-24T12:00:00Z"), accepted, nil, ""},
		{"a write with the ID of another client", by(other), merge.OtherClient, nil, "data.title.clientId"},
		{"a client ID that wins all ties", by("ffffffff-ffff-ffff-ffff-ffffffffffff"), merge.OtherClient, nil, "data.title.clientId"},
		{"4 min 59 s ahead", ahead(4*time.Minute + 59*time.Second), accepted, nil, ""},
		{"a write with the server's own ID", by("00000000-0000-4000-8000-000000000001"), merge.OtherClient, nil, "data.title.clientId"},
		{"one field twice", data(field(`"value":1,`) + "," + field(`"value":427281,`)), merge.Invalid, record.ErrDuplicate, "data.title"},
		{"another workspace", strings.Replace(at(noon), "tasks", "other-workspace", 1), merge.Forbidden, nil, ""},
		{"both a value and deleted", data(field(`"value":427281,"deleted":true,`)), merge.Invalid, record.ErrValueForm, "data.title"},
		{"neither a value nor deleted", data(field(`"x":427281,`)), merge.Invalid, record.ErrValueForm, "data.title"},
		{"deleted is false", data(field(`"deleted":false,"x":427281,`)), merge.Invalid, record.ErrValueForm, "data.title.deleted"},
		{"a reserved name", strings.Replace(at(noon), "title", "$next", 1), merge.Invalid, record.ErrName, "data.$next"},
		{"a name that forges a log line", strings.Replace(itemText("bad", secret, noon, other), "title", `a\nERROR `+strings.Repeat("x", 900), 1),
			merge.OtherClient, nil, `data."a\nERROR ` + strings.Repeat("x", 56) + `"….clientId`},
	} {
		t.Run(row.name, func(t *testing.T) {
			good1, good3 := itemText("good1", "1", noon, actor), itemText("good3", "3", noon, actor)
			_, a := pushed(t, merge.Collection{}, "["+good1+","+row.item+","+good3+"]")
			_, without := pushed(t, merge.Collection{}, "["+good1+","+good3+"]")
			require.True(t, a.Results[0].Changed && a.Results[2].Changed, "the neighbours must be applied")
			r := a.Results[1]
			if row.code == accepted {
				require.True(t, r.Accepted() && r.Changed)
				return
			}
			require.Equal(t, row.code, r.Refusal.Code)
			require.Equal(t, row.path, r.Refusal.Path)
			require.Equal(t, row.code == merge.TooFarAhead, r.Refusal.Retryable)
			if row.reason != nil {
				require.ErrorIs(t, r.Refusal, row.reason)
				require.Contains(t, r.Refusal.Error(), r.Refusal.Path)
			}
			if row.code == merge.Invalid {
				require.Contains(t, r.Refusal.Error(), row.reason.Error())
			}
			require.Contains(t, row.item, secret)
			if row.code != merge.Forbidden { // the guard chose the text of this refusal
				require.NotContains(t, r.Refusal.Error(), secret)
			}
			require.NotContains(t, string(a.AppendJSON(nil)), secret)
			require.NotContains(t, r.Refusal.Error(), "\n")
			require.Equal(t, without.Updates, a.Updates, "a refused item must leave no trace")
			require.Equal(t, without.Watermarks, a.Watermarks)
			require.Equal(t, without.Greatest, a.Greatest)
			require.Equal(t, updated(without).Digest(), updated(a).Digest())
		})
	}
}

// TestRetriedBatchIsAcceptedAndChangesNothing: a batch that is applied twice, as by two
// workers, changes nothing the second time.
func TestRetriedBatchIsAcceptedAndChangesNothing(t *testing.T) {
	batch := "[" + itemText("1", "1", noon, actor) + "," + itemText("2", "2", noon, actor) + "]"
	in, a := pushed(t, merge.Collection{}, batch)
	_, b := pushed(t, stateAfter(in, a), batch)
	for i, r := range b.Results {
		require.True(t, a.Results[i].Changed)
		require.True(t, r.Accepted() && !r.Changed)
		require.Equal(t, merge.Equal, r.Fields[0].Outcome)
	}
	require.Empty(t, b.Updates)
	require.Equal(t, `[{"index":0,"table":"tasks","id":"1","verdict":"accepted","changed":false,"fields":{"title":{"outcome":"equal"}}},`+
		`{"index":1,"table":"tasks","id":"2","verdict":"accepted","changed":false,"fields":{"title":{"outcome":"equal"}}}]`, string(b.AppendJSON(nil)))
}

// TestTwoItemsOfOneRecordMergeInAnyOrder: a batch holds two items that write one field. The
// later write wins, whichever item comes first.
func TestTwoItemsOfOneRecordMergeInAnyOrder(t *testing.T) {
	early, late := itemText("1", "1", "2026-11-24T11:00:00Z", actor), itemText("1", "2", noon, actor)
	for _, batch := range []string{"[" + early + "," + late + "]", "[" + late + "," + early + "]"} {
		_, a := pushed(t, merge.Collection{}, batch)
		require.Len(t, a.Updates, 1)
		w, _ := a.Updates[0].After.Get("title")
		require.Equal(t, "2", w.Value.JSON())
		for _, r := range a.Results {
			require.Equal(t, merge.Applied, r.Fields[0].Outcome)
		}
	}
}

// TestMemoryIsLinearInItemsOfOneRecord pushes many items of one record: all for one field, or
// each for a field of its own. A batch of twice the size must cost about twice the memory, not
// four times.
func TestMemoryIsLinearInItemsOfOneRecord(t *testing.T) {
	for name, field := range map[string]string{"one field": "f", "many fields": "f%d"} {
		t.Run(name, func(t *testing.T) {
			in := func(n int) input {
				in := input{Actor: clock.MustParseClientID(actor), Wall: wallTime}
				var b record.Builder
				for i := range n {
					name := field
					if strings.Contains(field, "%") {
						name = fmt.Sprintf(field, i)
					}
					w := record.FieldValue{Value: record.Int(int64(i)), Stamp: clock.Stamp{Time: clock.TimestampOf(wallTime) + clock.Timestamp(i), Client: in.Actor}}
					data, err := b.Record(record.Key{Table: "t", ID: "1"}, func(yield func(string, record.FieldValue) bool) { yield(name, w) })
					require.NoError(t, err)
					in.Items = append(in.Items, record.Item{Mutation: record.Mutation{Data: data}})
				}
				return in
			}
			cost := func(n int) float64 {
				in := in(n)
				return allocated(func() {
					a := applied(&guarded, in)
					require.Len(t, a.Updates, 1)
					_, w := a.Updates[0].After.At(a.Updates[0].After.Len() - 1)
					require.False(t, w.IsZero())
				})
			}
			n := 50_000
			if testing.Short() {
				n = 5_000
			}
			require.Less(t, cost(2*n)/cost(n), 2.6)
		})
	}
}

// allocated returns the number of bytes that a call allocates.
func allocated(call func()) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// TestLongValuesAreComparedToTheirEnd: under one stamp, the greater of two values wins even if
// they differ only after a long common prefix.
func TestLongValuesAreComparedToTheirEnd(t *testing.T) {
	long := strings.Repeat("x", 1<<20-8)
	var items []string
	for i := range 8 {
		items = append(items, itemText("1", fmt.Sprintf(`"%s%d"`, long, i), noon, actor))
	}
	_, a := pushed(t, merge.Collection{}, "["+strings.Join(items, ",")+"]")
	w, _ := a.Updates[0].After.Get("title")
	require.Equal(t, `7"`, w.Value.JSON()[len(long)+1:])
	for i, r := range a.Results[1:] {
		require.Equal(t, merge.Collision, r.Fields[0].Outcome, i)
	}
}

// TestKeysWithTheSameCharactersDiffer: table "ab" with ID "c" and table "a" with ID "bc" are
// different records.
func TestKeysWithTheSameCharactersDiffer(t *testing.T) {
	one := strings.Replace(itemText("c", "1", noon, actor), "tasks", "ab", 1)
	two := strings.Replace(itemText("bc", "1", noon, actor), "tasks", "a", 1)
	_, a := pushed(t, merge.Collection{}, "["+one+","+two+"]")
	require.Len(t, a.Updates, 2)
	require.NotEqual(t, merge.DigestOf(a.Updates[0].After), merge.DigestOf(a.Updates[1].After))
}

// TestOnlyTheFirstRefusalsHaveADetail: in a batch of 10,000 refused items, each result has a
// code, but only the first 100 have a detail in words, so the answer stays small.
func TestOnlyTheFirstRefusalsHaveADetail(t *testing.T) {
	const n = 10_000
	var items []string
	for i := range n {
		items = append(items, itemText(fmt.Sprint(i), secret, "2026-11-24T13:00:00Z", actor))
	}
	_, a := pushed(t, merge.Collection{}, "["+strings.Join(items, ",")+"]")
	text := a.AppendJSON(nil)
	var results []struct {
		Index                 int
		Verdict, Code, Detail string
		ServerTime            string
		Retryable             bool
	}
	require.NoError(t, json.Unmarshal(text, &results))
	require.Len(t, results, n)
	for i, r := range results {
		require.Equal(t, i, r.Index)
		require.Equal(t, []string{"refused", "too_far_ahead", "2026-11-24T12:00:00.000000000Z"}, []string{r.Verdict, r.Code, r.ServerTime})
		require.True(t, r.Retryable)
		require.Equal(t, i < 100, r.Detail != "")
	}
	require.Less(t, len(text), 250*n)
}

// TestExceededLimitRefusesItemOrBatch: an item that exceeds a limit of the engine is refused
// alone. A batch that exceeds a limit is refused as a whole.
func TestExceededLimitRefusesItemOrBatch(t *testing.T) {
	item := itemText("1", "[[1]]", noon, actor)
	for _, c := range []struct {
		limits record.Limits
		path   string
	}{
		{record.Limits{Depth: 1}, "data.title.value"},
		{record.Limits{Value: 4}, "data.title.value"},
		{record.Limits{Name: 4}, "table"},
	} {
		e := merge.Engine{Limits: c.limits}
		items, err := e.Decode([]byte("[" + item + "]"))
		require.NoError(t, err)
		a := applied(&e, input{Actor: clock.MustParseClientID(actor), Wall: wallTime, Items: items})
		require.Equal(t, merge.LimitExceeded, a.Results[0].Refusal.Code)
		require.Equal(t, c.path, a.Results[0].Refusal.Path)
		require.False(t, a.Results[0].Refusal.Retryable)
		require.ErrorIs(t, a.Results[0].Refusal, record.ErrLimit)
	}
	fields := `{"table":"t","id":"1","data":{"a":{"value":1,"updatedAt":"` + noon + `","clientId":"` + actor + `"},"b":{"deleted":true,"updatedAt":"` + noon + `","clientId":"` + actor + `"}}}`
	items, err := (&merge.Engine{Limits: record.Limits{Fields: 1}}).Decode([]byte(fields))
	require.NoError(t, err)
	require.ErrorIs(t, items[0].Err, record.ErrLimit)
	for _, limits := range []record.Limits{{Bytes: len(item)}, {Items: 1}} {
		_, err := (&merge.Engine{Limits: limits}).Decode([]byte(item + "\n" + item))
		var e *record.LimitError
		require.ErrorAs(t, err, &e)
	}
}

// TestExactLimitRefusesInexactNumbers: with Limits.Exact, an engine refuses an item whose
// number would be rounded. The refusal has the path of the number and says what to do. Without
// Limits.Exact, the engine rounds the number.
func TestExactLimitRefusesInexactNumbers(t *testing.T) {
	batch := []byte("[" + itemText("1", "18446744073709551615", noon, actor) + "," + itemText("2", "0.1", noon, actor) + "]")
	for _, exact := range []bool{false, true} {
		e := merge.Engine{Limits: record.Limits{Exact: exact}}
		items, err := e.Decode(batch)
		require.NoError(t, err)
		a := applied(&e, input{Actor: clock.MustParseClientID(actor), Wall: wallTime, Items: items})
		require.Nil(t, a.Results[1].Refusal)
		if !exact {
			require.Nil(t, a.Results[0].Refusal)
			continue
		}
		require.Equal(t, merge.Invalid, a.Results[0].Refusal.Code)
		require.Equal(t, "data.title.value", a.Results[0].Refusal.Path)
		require.False(t, a.Results[0].Refusal.Retryable)
		require.ErrorIs(t, a.Results[0].Refusal, record.ErrInexact)
		require.ErrorContains(t, a.Results[0].Refusal, "send it as a string")
	}
}

// TestAnswerIsValidJSONForAnyNames: IDs and field names with special characters appear
// unchanged in the JSON of the answer.
func TestAnswerIsValidJSONForAnyNames(t *testing.T) {
	for _, name := range []string{"a\nb", `"`, `\`, "\x01", "é", "\u2028", "<b>", "\U0001F600", "\x7f"} {
		text, err := json.Marshal(name)
		require.NoError(t, err)
		body := `{"table":"tasks","id":` + string(text) + `,"data":{` + string(text) + `:{"value":1,"updatedAt":"` + noon + `","clientId":"` + actor + `"}}}`
		_, a := pushed(t, merge.Collection{}, body)
		var results []struct {
			ID     string
			Fields map[string]struct{ Outcome string }
		}
		require.NoError(t, json.Unmarshal(a.AppendJSON(nil), &results))
		require.Equal(t, name, results[0].ID)
		require.Equal(t, "applied", results[0].Fields[name].Outcome)
		require.NotContains(t, string(a.AppendJSON(nil)), `\u003c`, "the JSON must not escape HTML")
		marshaled, err := json.Marshal(a)
		require.NoError(t, err)
		require.JSONEq(t, string(a.AppendJSON(nil)), string(marshaled))
	}
}
