package record_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// seenTask returns the record that the author of an edit sees: one field in each state.
func seenTask(t testing.TB) record.Record {
	return taskOf(t, map[string]record.FieldValue{
		"title": write("Milk", 1),
		"due":   write(nil, 2),
		"note":  write(record.Deletion(), 3),
	})
}

// written returns the fields that a mutation writes, and checks that each has the stamp of
// the edit and the base that its author saw.
func written(t testing.TB, e *record.Edit, seen record.Record, at clock.Stamp) map[string]string {
	t.Helper()
	m, err := e.Mutation()
	require.NoError(t, err)
	require.Equal(t, seen.Key(), m.Data.Key())
	require.Len(t, m.Base, m.Data.Len())
	values := make(map[string]string)
	for name, w := range m.Data.All() {
		require.Equal(t, at, w.Stamp, name)
		base, ok := m.Base[name]
		require.True(t, ok, name)
		before, _ := seen.Get(name)
		require.Equal(t, before.Stamp, base, name)
		values[name] = w.Value.String()
	}
	return values
}

func TestEditWritesTheChosenFields(t *testing.T) {
	seen := seenTask(t)
	now := stampOf(9, ben)
	for name, c := range map[string]struct {
		edit func(e *record.Edit)
		want map[string]string
	}{
		"nothing":                {func(e *record.Edit) {}, map[string]string{}},
		"set":                    {func(e *record.Edit) { e.Set("title", "Tea") }, map[string]string{"title": `"Tea"`}},
		"set the same value":     {func(e *record.Edit) { e.Set("title", "Milk") }, map[string]string{"title": `"Milk"`}},
		"set null":               {func(e *record.Edit) { e.Set("title", nil) }, map[string]string{"title": "null"}},
		"set a deletion":         {func(e *record.Edit) { e.Set("title", record.Deletion()) }, map[string]string{"title": "deleted"}},
		"set a new field":        {func(e *record.Edit) { e.Set("tags/red", true) }, map[string]string{"tags/red": "true"}},
		"revive":                 {func(e *record.Edit) { e.Set("note", "") }, map[string]string{"note": `""`}},
		"delete":                 {func(e *record.Edit) { e.Delete("title") }, map[string]string{"title": "deleted"}},
		"delete again":           {func(e *record.Edit) { e.Delete("note") }, map[string]string{"note": "deleted"}},
		"delete an absent field": {func(e *record.Edit) { e.Delete("tags") }, map[string]string{"tags": "deleted"}},
		"set, then delete":       {func(e *record.Edit) { e.Set("title", 1).Delete("title") }, map[string]string{"title": "deleted"}},
		"delete, then set":       {func(e *record.Edit) { e.Delete("title").Set("title", 1) }, map[string]string{"title": "1"}},
		"set twice":              {func(e *record.Edit) { e.Set("title", 2).Set("title", 1) }, map[string]string{"title": "1"}},
		"delete the record":      {func(e *record.Edit) { e.DeleteRecord() }, map[string]string{"$deleted": "true"}},
		"restore the record":     {func(e *record.Edit) { e.RestoreRecord() }, map[string]string{"$deleted": "false"}},
		"delete, then restore":   {func(e *record.Edit) { e.DeleteRecord().RestoreRecord() }, map[string]string{"$deleted": "false"}},
		"several":                {func(e *record.Edit) { e.Set("a", 1).Set("b", 2).Delete("due") }, map[string]string{"a": "1", "b": "2", "due": "deleted"}},
		"no map":                 {func(e *record.Edit) { e.SetMap(nil) }, map[string]string{}},
		"map": {func(e *record.Edit) {
			e.SetMap(map[string]any{"title": "Tea", "due": nil, "note": "x", "tags": []int{}})
		}, map[string]string{"title": `"Tea"`, "note": `"x"`, "tags": "[]"}},
		"map of the same values": {func(e *record.Edit) {
			e.SetMap(map[string]any{"title": "Milk", "due": nil, "note": record.Deletion()})
		}, map[string]string{}},
		"map: null is not absent": {func(e *record.Edit) {
			e.SetMap(map[string]any{"title": nil, "note": nil, "new": nil})
		}, map[string]string{"title": "null", "note": "null", "new": "null"}},
		"map: deleted is not absent, nor null": {func(e *record.Edit) {
			e.SetMap(map[string]any{"title": record.Deletion(), "due": record.Deletion(), "new": record.Deletion()})
		}, map[string]string{"title": "deleted", "due": "deleted", "new": "deleted"}},
		"map cancels a set": {func(e *record.Edit) { e.Set("title", "Tea").Delete("due").SetMap(map[string]any{"title": "Milk"}) }, map[string]string{"due": "deleted"}},
		"set after a map":   {func(e *record.Edit) { e.SetMap(map[string]any{"title": "Tea"}).Set("title", "Milk") }, map[string]string{"title": `"Milk"`}},
	} {
		t.Run(name, func(t *testing.T) {
			e := seen.Edit(now)
			c.edit(e)
			require.Equal(t, c.want, written(t, e, seen, now))
		})
	}
}

// A record and its map have the same content: writing back the map writes nothing.
func TestSetMapOfAnUnchangedMapWritesNothing(t *testing.T) {
	seen := taskOf(t, map[string]record.FieldValue{
		"n": write(int64(1)<<53+1, 1), "f": write(1e21, 1), "s": write("\u2028<", 1), "null": write(nil, 1), "gone": write(record.Deletion(), 1),
		"meta": write(map[string]any{"ids": []int64{math.MaxInt64, math.MinInt64}, "f": 0.1}, 1), record.DeletedField: write(true, 1),
	})
	require.Empty(t, written(t, seen.Edit(stampOf(9, ben)).SetMap(seen.Map()), seen, stampOf(9, ben)))
}

func TestEditOfAnAbsentRecordIsNewWithANullBase(t *testing.T) {
	seen := record.New(milkKey)
	m, err := seen.Edit(stampOf(1, ana)).Set("title", "Milk").Mutation()
	require.NoError(t, err)
	require.Equal(t, map[string]clock.Stamp{"title": {}}, m.Base, "the base must be null if the author saw no write")
	require.Equal(t, `{"table":"tasks","id":"milk","data":{"title":{"value":"Milk","updatedAt":"2026-11-22T16:00:00.001000000Z",`+
		`"clientId":"0a3c1d52-88f4-4c36-9f0e-5d2b7b1e6a01"}},"base":{"title":null},"new":true}`, string(m.AppendJSON(nil)))
}

func TestEditOfAShownRecordIsNotNew(t *testing.T) {
	seen := seenTask(t)
	m, err := seen.Edit(stampOf(9, ben)).Set("title", "Milk").Mutation()
	require.NoError(t, err)
	require.False(t, m.New)
	m, err = record.New(milkKey).Edit(stampOf(9, ben)).Mutation()
	require.NoError(t, err)
	require.False(t, m.New, "an edit without writes creates nothing")
}

func TestEmptyEditWritesNothing(t *testing.T) {
	m, err := seenTask(t).Edit(stampOf(9, ben)).Mutation()
	require.NoError(t, err)
	require.Zero(t, m.Data.Len())
	require.Nil(t, m.Base)
	require.Equal(t, `{"table":"tasks","id":"milk","data":{}}`, string(m.AppendJSON(nil)))
}

func TestEditRefusesInvalidInput(t *testing.T) {
	now := stampOf(9, ben)
	for name, c := range map[string]struct {
		at   clock.Stamp
		edit func(e *record.Edit)
		path string
		want error
	}{
		"no stamp":              {clock.Stamp{}, func(e *record.Edit) { e.Set("a", 1) }, "", record.ErrStamp},
		"no stamp and no field": {clock.Stamp{}, func(e *record.Edit) {}, "", record.ErrStamp},
		"no client":             {clock.Stamp{Time: now.Time}, func(e *record.Edit) { e.Set("a", 1) }, "", record.ErrStamp},
		"no time":               {clock.Stamp{Client: ben}, func(e *record.Edit) { e.Set("a", 1) }, "", record.ErrStamp},
		"reserved":              {now, func(e *record.Edit) { e.Set("$deleted", true) }, "$deleted", record.ErrName},
		"reserved, but unknown": {now, func(e *record.Edit) { e.Set("$x", 1) }, "$x", record.ErrName},
		"reserved, deleted":     {now, func(e *record.Edit) { e.Delete("$deleted") }, "$deleted", record.ErrName},
		"reserved, in a map":    {now, func(e *record.Edit) { e.SetMap(map[string]any{"$x": 1}) }, "$x", record.ErrName},
		"empty name":            {now, func(e *record.Edit) { e.Set("", 1) }, `""`, record.ErrName},
		"invalid name, deleted": {now, func(e *record.Edit) { e.Delete("__proto__") }, "__proto__", record.ErrName},
		"name of invalid UTF-8": {now, func(e *record.Edit) { e.SetMap(map[string]any{"\xff": 1}) }, `"\xff"`, record.ErrUTF8},
		"value":                 {now, func(e *record.Edit) { e.Set("a", make(chan int)) }, "a", record.ErrUnsupported},
		"value in a map":        {now, func(e *record.Edit) { e.SetMap(map[string]any{"a b": math.NaN()}) }, `"a b"`, record.ErrNumber},
		"first of several": {now, func(e *record.Edit) {
			e.Set("b", "\xff").Set("", 1).Set("a", math.NaN()).Set("c", 1).Delete("$x")
		}, "b", record.ErrUTF8},
		"first of a map": {now, func(e *record.Edit) {
			e.SetMap(map[string]any{"d": "\xff", "": 1, "a": math.NaN(), "\xff": 2})
		}, `""`, record.ErrName},
		"old stamp":                         {stampOf(0, ben), func(e *record.Edit) { e.Set("title", 1) }, "title", record.ErrStamp},
		"same time, smaller client":         {stampOf(3, ana), func(e *record.Edit) { e.Set("note", 1) }, "note", record.ErrStamp},
		"old stamp for one of three fields": {stampOf(3, ana), func(e *record.Edit) { e.Set("due", 1).Delete("note").Set("title", 1) }, "note", record.ErrStamp},
		"old stamp in a map":                {stampOf(2, ana), func(e *record.Edit) { e.SetMap(map[string]any{"due": 1}) }, "due", record.ErrStamp},
		"old stamp for a tombstone":         {stampOf(2, ana), func(e *record.Edit) { e.Delete("note") }, "note", record.ErrStamp},
		"refused, then a valid call":        {stampOf(2, ana), func(e *record.Edit) { e.Delete("note").Set("a", 1) }, "note", record.ErrStamp},
	} {
		t.Run(name, func(t *testing.T) {
			e := seenTask(t).Edit(c.at)
			c.edit(e)
			for range 2 {
				m, err := e.Mutation()
				require.ErrorIs(t, err, c.want)
				require.Equal(t, c.path, errorPath(t, err))
				require.Zero(t, m)
			}
		})
	}
}

// Only the written fields must be older than the edit. Others may be newer, for example if
// their author's clock is ahead.
func TestEditMayBeOlderThanOtherFields(t *testing.T) {
	seen := seenTask(t)
	now := stampOf(2, ben) // later than the write of due only by its client ID
	e := seen.Edit(now).Set("title", "Tea").Set("due", 1).Set("new", 1).SetMap(map[string]any{"note": record.Deletion()})
	require.Equal(t, map[string]string{"title": `"Tea"`, "due": "1", "new": "1"}, written(t, e, seen, now))
}

func TestEditChecksTheKey(t *testing.T) {
	for _, key := range []record.Key{{}, {Table: "tasks"}, {Table: "tasks", ID: "\xff"}} {
		_, err := record.New(key).Edit(stampOf(1, ana)).Set("a", 1).Mutation()
		require.Error(t, err)
		_, err = record.New(key).Edit(stampOf(1, ana)).Mutation()
		require.Error(t, err, "the key of an edit without fields must be checked too")
	}
}

// A mutation does not change if its edit continues.
func TestMutationDoesNotChangeWhenItsEditContinues(t *testing.T) {
	seen := seenTask(t)
	e := seen.Edit(stampOf(9, ben)).Set("title", "Tea")
	first, err := e.Mutation()
	require.NoError(t, err)
	text := string(first.AppendJSON(nil))
	second, err := e.Set("title", "Rum").Set("due", 1).Mutation()
	require.NoError(t, err)
	require.Equal(t, text, string(first.AppendJSON(nil)))
	require.Equal(t, 2, second.Data.Len())
	second.Base["title"] = clock.Stamp{}
	require.Equal(t, stampOf(1, ana), first.Base["title"])
}

// A reserved name is refused even if it would change nothing.
func TestSetMapRefusesReservedNames(t *testing.T) {
	seen := taskOf(t, map[string]record.FieldValue{record.DeletedField: write(true, 1)})
	_, err := seen.Edit(stampOf(9, ben)).SetMap(map[string]any{record.DeletedField: true}).Mutation()
	require.ErrorIs(t, err, record.ErrName)
}

// The writes of an edit win over the record that its author saw.
func TestEditWinsOverTheSeenRecord(t *testing.T) {
	seen := seenTask(t)
	m, err := seen.Edit(stampOf(3, ben)).Set("title", "Tea").Delete("due").Set("note", "n").Mutation()
	require.NoError(t, err)
	var b record.Builder
	got, changed, err := b.Join(seen, m.Data)
	require.NoError(t, err)
	require.True(t, changed)
	require.True(t, got.Equal(m.Data), "the edit must write all three fields")
}

// The error text does not contain the refused value.
func TestEditErrorsDoNotRevealTheValue(t *testing.T) {
	_, err := seenTask(t).Edit(stampOf(9, ben)).Set("pin", json.RawMessage(`{"a":73641,"a":73641}`)).Mutation()
	require.ErrorIs(t, err, record.ErrDuplicate)
	require.NotContains(t, err.Error(), "73641")
	require.EqualError(t, func() error {
		_, err := seenTask(t).Edit(stampOf(1, ana)).Set("title", "x").Mutation()
		return err
	}(), "record: title: invalid stamp: not greater than the stamp of the write that the author saw")
}

// TestRestampReplacesTheStampsOfWritesAndBases checks that nothing but the stamps of the
// writes changes, even if a write deletes a field or the record, and that the bases change
// with them.
func TestRestampReplacesTheStampsOfWritesAndBases(t *testing.T) {
	seen := seenTask(t)
	first, err := seen.Edit(stampOf(90, ben)).Set("title", "Bread").Delete("due").DeleteRecord().Mutation()
	require.NoError(t, err)
	shown, _, err := new(record.Builder).Join(seen, first.Data)
	require.NoError(t, err)
	second, err := shown.Edit(stampOf(91, ben)).Set("title", "Rye bread").Set("note", "dark").Mutation()
	require.NoError(t, err)

	at := 6
	again, err := record.Restamp([]record.Mutation{first, second}, func() clock.Stamp { at++; return stampOf(at, ben) })
	require.NoError(t, err)
	want, err := seen.Edit(stampOf(7, ben)).Set("title", "Bread").Delete("due").DeleteRecord().Mutation()
	require.NoError(t, err)
	require.True(t, want.Data.Equal(again[0].Data))
	require.Equal(t, first.Base, again[0].Base)
	note, _ := seen.Get("note")
	require.Equal(t, map[string]clock.Stamp{"title": stampOf(7, ben), "note": note.Stamp}, again[1].Base)
	require.Equal(t, stampOf(90, ben), second.Base["title"], "the input must not change")

	_, err = record.Restamp([]record.Mutation{first}, func() clock.Stamp { return clock.Stamp{} })
	require.ErrorIs(t, err, record.ErrStamp)
}

// TestAfterIsTheRecordThatTheEditLeaves: it is what a join of the record and the mutation gives. Errors stay errors.
func TestAfterIsTheRecordThatTheEditLeaves(t *testing.T) {
	seen := seenTask(t)
	e := seen.Edit(write(nil, 9).Stamp).Set("due", "2026-03-02").Set("new", 1).Delete("title")
	after, err := e.After()
	require.NoError(t, err)
	m, err := e.Mutation()
	require.NoError(t, err)
	var b record.Builder
	want, _, err := b.Join(seen, m.Data)
	require.NoError(t, err)
	require.True(t, want.Equal(after))
	require.True(t, seen.Equal(e.Seen()))
	_, err = e.Set("$", 1).After()
	require.ErrorIs(t, err, record.ErrReserved)
}
