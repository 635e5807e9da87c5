package merge_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// renames returns a Lens with a new name, two names that change places, two names that meet, and a split.
func renames(t require.TestingT) lens.Lens {
	l, err := lens.New(lens.Table{
		Name: "tasks",
		Fields: []lens.Field{
			{Old: "title", New: "name"}, {Old: "done", New: "status"}, {Old: "status", New: "done"},
			{Old: "colour", New: "color"}, {Old: "hue", New: "color", OneWay: true},
		},
		Splits: []lens.Split{{Old: "person", New: []string{"first", "last"},
			Up: func(v record.Value) ([]record.Value, error) {
				text, _ := v.Text()
				first, last, _ := strings.Cut(text, " ")
				return []record.Value{record.MustOf(first), record.MustOf(last)}, nil
			},
			Down: func(v []record.Value) (record.Value, error) { return v[0], nil },
		}},
	})
	require.NoError(t, err)
	return l
}

// old is an old client that pushes, and others are clients of the new version.
var (
	old    = clock.ClientID{5}
	others = []clock.ClientID{{1}, {9}}
)

// noon plus n seconds is the time n.
func noon(n int) clock.Timestamp {
	return clock.MustParseTimestamp("2026-03-02T12:00:00Z") + clock.Timestamp(n)*1_000_000_000
}

// renamedReplies pushes items to a store, and returns the replies in the old form.
func renamedReplies(t *testing.T, stored record.Record, pushed ...record.Item) []merge.Reply {
	l := renames(t)
	guard := func(_ clock.ClientID, m record.Mutation) error {
		if w, ok := m.Data.Get("name"); ok && w.Value == record.MustOf("forbidden") {
			return &merge.Refusal{Code: "short", Path: "data.name"}
		} else if ok && w.Value == record.MustOf("owner") {
			return &merge.Refusal{Code: "no_owner", Path: "data.owner"}
		}
		return nil
	}
	push := (&merge.Engine{Guard: guard}).Prepare(merge.Request{Actor: old, Wall: noon(60).Time(), Items: l.Items(pushed)})
	records := make([]record.Record, len(push.Keys()))
	for i := range records {
		records[i] = stored
	}
	answer, err := push.Apply(merge.Stored{Records: records, Watermarks: []clock.Stamp{{Time: noon(0), Client: old}}})
	require.NoError(t, err)
	before := answer.Digest()
	replies := slices.Collect(push.Renamed(answer, pushed, l.NewNames).Replies())
	require.Equal(t, before, answer.Digest(), "Renamed changed the answer")
	return replies
}

// taskOf returns a record with one value for each field, written by a client at a second.
func taskOf(t require.TestingT, client clock.ClientID, seconds map[string]int) record.Record {
	var b record.Builder
	r, err := b.Record(record.Key{Table: "tasks", ID: "1"}, func(yield func(string, record.FieldValue) bool) {
		for _, name := range slices.Sorted(maps.Keys(seconds)) {
			at := clock.Stamp{Time: noon(seconds[name]), Client: client}
			if !yield(name, record.FieldValue{Value: record.MustOf("stored"), Stamp: at}) {
				return
			}
		}
	})
	require.NoError(t, err)
	return r
}

// edited returns an item of the old client: fields written at a second, with the base at another one.
func edited(t require.TestingT, second int, base clock.Stamp, set map[string]any) record.Item {
	e := record.New(record.Key{Table: "tasks", ID: "1"}).Edit(clock.Stamp{Time: noon(second), Client: old})
	m, err := e.SetMap(set).Mutation()
	require.NoError(t, err)
	for name := range m.Base {
		m.Base[name] = base
	}
	return record.Item{Mutation: m}
}

// TestRepliesHaveTheNamesOfTheItem: also of names that change places.
func TestRepliesHaveTheNamesOfTheItem(t *testing.T) {
	stored := taskOf(t, others[1], map[string]int{"name": 9, "done": 9, "status": 1, "color": 1})
	item := edited(t, 5, clock.Stamp{}, map[string]any{"title": "x", "done": true, "status": "y", "hue": 1, "due": "z", "tags/a": true})
	fields := renamedReplies(t, stored, item)[0].Fields
	var outcomes []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		outcomes = append(outcomes, name+" "+fields[name].Outcome)
	}
	// The old name done is the new name status, which is stored at second 1, and the other way round.
	require.Equal(t, []string{"done applied", "due applied", "hue applied", "status superseded", "tags/a applied", "title superseded"}, outcomes)
}

// TestFieldsThatMeetInOneItemHaveNoOutcome: the answer knows of one write only.
func TestFieldsThatMeetInOneItemHaveNoOutcome(t *testing.T) {
	item := edited(t, 5, clock.Stamp{}, map[string]any{"colour": 1, "hue": 2, "title": "x"})
	reply := renamedReplies(t, record.New(record.Key{Table: "tasks", ID: "1"}), item)[0]
	require.Equal(t, "accepted", reply.Verdict)
	require.Equal(t, []string{"title"}, slices.Collect(maps.Keys(reply.Fields)))
}

// TestReplyAboutSplitFieldIsTrueForOnePart: it never takes the outcome from one part and the loss from another.
func TestReplyAboutSplitFieldIsTrueForOnePart(t *testing.T) {
	stampOf := func(second int, client clock.ClientID) *merge.StampReply {
		return &merge.StampReply{UpdatedAt: noon(second), ClientID: client}
	}
	at := func(second int) clock.Stamp { return clock.Stamp{Time: noon(second), Client: others[1]} }
	for _, c := range []struct {
		name        string
		first, last int // when the parts were stored
		base        clock.Stamp
		want        merge.FieldReply
	}{
		{"both are first writes", 0, 0, clock.Stamp{}, merge.FieldReply{Outcome: "applied"}},
		{"the old client saw both", 2, 3, at(3), merge.FieldReply{Outcome: "applied"}},
		{"it saw the first part", 2, 3, at(2), merge.FieldReply{Outcome: "applied", Lost: true, Loser: stampOf(3, others[1])}},
		{"it saw neither", 3, 2, clock.Stamp{}, merge.FieldReply{Outcome: "applied", Lost: true, Loser: stampOf(3, others[1])}},
		{"the last part is later", 2, 7, at(2), merge.FieldReply{Outcome: "superseded", Lost: true, Winner: stampOf(7, others[1])}},
		{"the last part is later than the first", 7, 8, at(2), merge.FieldReply{Outcome: "superseded", Lost: true, Winner: stampOf(8, others[1])}},
		{"both are later", 8, 7, at(2), merge.FieldReply{Outcome: "superseded", Lost: true, Winner: stampOf(8, others[1])}},
	} {
		seconds := map[string]int{}
		for part, second := range map[string]int{"first": c.first, "last": c.last} {
			if second > 0 {
				seconds[part] = second
			}
		}
		item := edited(t, 5, c.base, map[string]any{"person": "Ana Lee"})
		fields := renamedReplies(t, taskOf(t, others[1], seconds), item)[0].Fields
		require.Equal(t, map[string]merge.FieldReply{"person": c.want}, fields, c.name)
	}
	// A part is superseded by the value that it already had, so nothing is lost in it; the other part replaced an edit that the
	// old client had not seen.
	sameLast := taskOf(t, others[1], map[string]int{"first": 2})
	var b record.Builder
	sameLast, _, err := b.Join(sameLast, only(t, "last", record.FieldValue{Value: record.MustOf("Lee"), Stamp: at(7)}))
	require.NoError(t, err)
	fields := renamedReplies(t, sameLast, edited(t, 5, clock.Stamp{}, map[string]any{"person": "Ana Lee"}))[0].Fields
	require.Equal(t, merge.FieldReply{Outcome: "superseded", Winner: stampOf(7, others[1])}, fields["person"])
}

func only(t require.TestingT, name string, w record.FieldValue) record.Record {
	var b record.Builder
	r, err := b.Record(record.Key{Table: "tasks", ID: "1"}, func(yield func(string, record.FieldValue) bool) { yield(name, w) })
	require.NoError(t, err)
	return r
}

// TestPathsHaveTheNamesOfTheItem: of refusals by the engine and by the guard.
func TestPathsHaveTheNamesOfTheItem(t *testing.T) {
	foreign := edited(t, 5, clock.Stamp{}, map[string]any{"x": 1})
	foreign.Mutation.Data = only(t, "status", record.FieldValue{Stamp: clock.Stamp{Time: noon(1), Client: others[0]}})
	mixed := edited(t, 5, clock.Stamp{}, map[string]any{"done": true})
	var b record.Builder
	var err error
	mixed.Mutation.Data, _, err = b.Join(mixed.Mutation.Data, only(t, "statuses", record.FieldValue{Stamp: clock.Stamp{Time: noon(1), Client: others[0]}}))
	require.NoError(t, err)
	badBase := edited(t, 5, clock.Stamp{Time: -1, Client: old}, map[string]any{"title": 1})
	unread := record.Item{Mutation: record.Mutation{Data: record.New(record.Key{Table: "tasks", ID: "1"})},
		Err: &record.Error{Path: "[0].data.done.updatedAt", Offset: -1, Err: record.ErrStamp}}
	for _, c := range []struct {
		item record.Item
		code merge.Code
		path string
	}{
		{edited(t, 3600, clock.Stamp{}, map[string]any{"done": true}), merge.TooFarAhead, "data.done.updatedAt"},
		{edited(t, 3600, clock.Stamp{}, map[string]any{"person": "Ana Lee"}), merge.TooFarAhead, "data.person.updatedAt"},
		{edited(t, 3600, clock.Stamp{}, map[string]any{"due": true}), merge.TooFarAhead, "data.due.updatedAt"},
		{foreign, merge.OtherClient, "data.status.clientId"},
		{mixed, merge.OtherClient, "data.statuses.clientId"},
		{badBase, merge.Invalid, "base"},
		{unread, merge.Invalid, "data.done.updatedAt"},
		{edited(t, 5, clock.Stamp{}, map[string]any{"name": "x"}), merge.NewerName, "data.name"},
		{edited(t, 5, clock.Stamp{}, map[string]any{"title": "forbidden"}), "short", "data.title"},
		{edited(t, 5, clock.Stamp{}, map[string]any{"title": "owner"}), "no_owner", "data"},
		{edited(t, 5, clock.Stamp{}, map[string]any{"title": []any{"sealed", 1, "key", "code"}}), merge.Invalid, "data.title"},
	} {
		reply := renamedReplies(t, record.New(record.Key{Table: "tasks", ID: "1"}), c.item)[0]
		require.Equal(t, []any{c.code, c.path, false}, []any{reply.Code, reply.Path, reply.Changed})
		require.Empty(t, reply.Fields)
	}
}

// TestSplitFieldIsGoneIfAllPartsAre: under a fence.
func TestSplitFieldIsGoneIfAllPartsAre(t *testing.T) {
	l := renames(t)
	push := func(stored record.Record) merge.Reply {
		pushed := []record.Item{edited(t, 5, clock.Stamp{Time: noon(1), Client: old}, map[string]any{"person": "Ana Lee", "x": 1})}
		p := new(merge.Engine).Prepare(merge.Request{Actor: old, Wall: noon(60).Time(), Items: l.Items(pushed)})
		answer, err := p.Apply(merge.Stored{Records: []record.Record{stored}, Fence: noon(9), Level: 1})
		require.NoError(t, err)
		return slices.Collect(p.Renamed(answer, pushed, l.NewNames).Replies())[0]
	}
	require.Equal(t, "gone", push(taskOf(t, others[0], map[string]int{"x": 1})).Fields["person"].Outcome)
	reply := push(taskOf(t, others[0], map[string]int{"x": 1, "last": 1}))
	require.Equal(t, "applied", reply.Fields["person"].Outcome)
	require.Equal(t, []merge.Code{merge.Gone}, reply.Notes)
}
