package lens_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

var task = record.Key{Table: "tasks", ID: "1"}

// versions returns a Lens with each kind of change: title is called name, done and status change places, state has other
// values, tags is a set with another name, and person is split.
func versions(t require.TestingT) lens.Lens {
	states := map[string]string{"open": "todo", "closed": "done"}
	translate := func(by map[string]string) func(record.Value) (record.Value, error) {
		return func(v record.Value) (record.Value, error) {
			text, _ := v.Text()
			if other, ok := by[text]; ok {
				return record.MustOf(other), nil
			}
			return v, nil
		}
	}
	back := map[string]string{}
	for old, now := range states {
		back[now] = old
	}
	l, err := lens.New(lens.Table{
		Name: "tasks",
		Fields: []lens.Field{
			{Old: "title", New: "name"},
			{Old: "done", New: "status"}, {Old: "status", New: "done"},
			{Old: "state", New: "state", Up: translate(states), Down: translate(back)},
			{Old: "tags", New: "labels"},
		},
		Splits: []lens.Split{{Old: "person", New: []string{"first", "last"}, Up: split, Down: joined}},
	})
	require.NoError(t, err)
	return l
}

// split cuts a name at its last space. A name without a space has no last name.
func split(v record.Value) ([]record.Value, error) {
	text, ok := v.Text()
	switch i := strings.LastIndexByte(text, ' '); {
	case v == record.Value{}:
		return []record.Value{{}, {}}, nil
	case !ok:
		return nil, record.ErrType
	case i < 0:
		return []record.Value{v, {}}, nil
	default:
		return []record.Value{record.MustOf(text[:i]), record.MustOf(text[i+1:])}, nil
	}
}

func joined(v []record.Value) (record.Value, error) {
	first, _ := v[0].Text()
	if last, ok := v[1].Text(); ok {
		return record.MustOf(first + " " + last), nil
	}
	return v[0], nil
}

// oldRecords generates records of the old version, with stamps that differ in each field.
func oldRecords(clients ...clock.ClientID) *rapid.Generator[record.Record] {
	values := map[string][]any{
		"title": {"Paint", nil, 7}, "done": {true, false}, "status": {"x", nil}, "state": {"open", "closed", "other"},
		"tags": {"a text"}, "tags/a": {true}, "tags/a/b": {true}, "person": {"Ana Lee", "Ana", "Ana ", "", nil}, "person/x": {1}, "due": {"2026-03-02"},
	}
	names := []string{"title", "done", "status", "state", "tags", "tags/a", "tags/a/b", "person", "person/x", "due", record.DeletedField}
	return rapid.Custom(func(t *rapid.T) record.Record {
		var b record.Builder
		r, err := b.Record(task, func(yield func(string, record.FieldValue) bool) {
			for _, name := range names {
				if !rapid.Bool().Draw(t, name) {
					continue
				}
				w := record.FieldValue{Stamp: clock.Stamp{
					Time:   clock.Timestamp(rapid.IntRange(1, 3).Draw(t, "time")),
					Client: rapid.SampledFrom(clients).Draw(t, "client"),
				}}
				switch {
				case name == record.DeletedField:
					w.Value = record.MustOf(rapid.Bool().Draw(t, "deleted"))
				case rapid.Bool().Draw(t, "tombstone"):
					w.Value = record.Deletion()
				default:
					w.Value = record.MustOf(rapid.SampledFrom(values[name]).Draw(t, "value"))
				}
				if !yield(name, w) {
					return
				}
			}
		})
		require.NoError(t, err)
		return r
	})
}

// requireCommutes checks that two records may be translated before they are joined, or after.
func requireCommutes(t *rapid.T, l lens.Lens, r [2]record.Record) {
	join := func(a, b record.Record) record.Record {
		var builder record.Builder
		both, _, err := builder.Join(a, b)
		require.NoError(t, err)
		return both
	}
	up := func(r record.Record) record.Record {
		r, err := l.UpRecord(r)
		require.NoError(t, err)
		return r
	}
	require.Equal(t, up(join(r[0], r[1])), join(up(r[0]), up(r[1])))
}

// TestUpCommutesWithTheJoin: records of two clients may be translated before they are joined, or after.
func TestUpCommutesWithTheJoin(t *testing.T) {
	l := versions(t)
	rapid.Check(t, func(t *rapid.T) {
		a := oldRecords(clock.ClientID{1}, clock.ClientID{3}).Draw(t, "a")
		b := oldRecords(clock.ClientID{2}).Draw(t, "b")
		requireCommutes(t, l, [2]record.Record{a, b})
	})
}

// TestDownAfterUpChangesNothing: an old client pulls what it pushed.
func TestDownAfterUpChangesNothing(t *testing.T) {
	l := versions(t)
	rapid.Check(t, func(t *rapid.T) {
		r := oldRecords(clock.ClientID{1}).Draw(t, "r")
		up, err := l.UpRecord(r)
		require.NoError(t, err)
		down, err := l.Down(up)
		require.NoError(t, err)
		require.Equal(t, r, down)
		for name := range r.All() {
			raised, err := l.UpRecord(only(t, r, name))
			require.NoError(t, err)
			for part := range raised.All() {
				old, ok := l.OldName("tasks", part)
				require.True(t, ok)
				require.Equal(t, name, old)
			}
		}
	})
}

// only returns a record with one field of another.
func only(t require.TestingT, r record.Record, name string) record.Record {
	var b record.Builder
	w, _ := r.Get(name)
	one, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) { yield(name, w) })
	require.NoError(t, err)
	return one
}

// TestUpKeepsBaseAndNew: each part of a split field has the base of the field.
func TestUpKeepsBaseAndNew(t *testing.T) {
	seen := clock.Stamp{Time: 1, Client: clock.ClientID{1}}
	m, err := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}}).Set("person", "Ana Lee").Set("title", "Paint").Mutation()
	require.NoError(t, err)
	m.Base["person"], m.Seen = seen, record.Seen{Epoch: "1", Seq: 7}
	up, err := versions(t).Up(m)
	require.NoError(t, err)
	require.Equal(t, map[string]clock.Stamp{"first": seen, "last": seen, "name": {}}, up.Base)
	require.True(t, up.New)
	require.Equal(t, m.Seen, up.Seen)
}

// TestNamesOfTheNewVersionAreRefused: an old client cannot know them, so it means something else.
func TestNamesOfTheNewVersionAreRefused(t *testing.T) {
	for _, name := range []string{"name", "labels", "labels/x", "first", "first/x", "name/x"} {
		m, err := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}}).Set(name, true).Mutation()
		require.NoError(t, err)
		_, err = versions(t).Up(m)
		require.ErrorIs(t, err, record.ErrNewerName, name)
		var where *record.Error
		require.True(t, errors.As(err, &where))
		require.Equal(t, "data."+record.PathName(name), where.Path)
		require.Equal(t, -1, where.Offset, "a mutation has no text")
	}
}

// TestDownHidesWhatTheOldNameMeantBefore: a new client may use an old name for something else.
func TestDownHidesWhatTheOldNameMeantBefore(t *testing.T) {
	m, err := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}}).Set("title", "x").Set("name", "Paint").Set("colour", "red").Mutation()
	require.NoError(t, err)
	down, err := versions(t).Down(m.Data)
	require.NoError(t, err)
	title, _ := down.Get("title")
	require.Equal(t, record.MustOf("Paint"), title.Value)
	_, ok := down.Get("colour")
	require.True(t, ok)
	require.Equal(t, 2, down.Len())
}

// TestSplitFieldHasTheGreatestStamp: new clients write the parts of a field on their own.
func TestSplitFieldHasTheGreatestStamp(t *testing.T) {
	at := func(n int) clock.Stamp { return clock.Stamp{Time: clock.Timestamp(n), Client: clock.ClientID{1}} }
	down := func(parts map[string]record.FieldValue) record.FieldValue {
		var b record.Builder
		r, err := b.Record(task, func(yield func(string, record.FieldValue) bool) {
			for name, w := range parts {
				if !yield(name, w) {
					return
				}
			}
		})
		require.NoError(t, err)
		old, err := versions(t).Down(r)
		require.NoError(t, err)
		w, ok := old.Get("person")
		require.True(t, ok)
		return w
	}
	first := record.FieldValue{Value: record.MustOf("Ana"), Stamp: at(1)}
	last := record.FieldValue{Value: record.MustOf("Lee"), Stamp: at(2)}
	gone := record.FieldValue{Value: record.Deletion(), Stamp: at(3)}
	require.Equal(t, record.FieldValue{Value: record.MustOf("Ana Lee"), Stamp: at(2)}, down(map[string]record.FieldValue{"first": first, "last": last}))
	require.Equal(t, record.FieldValue{Value: record.MustOf("Ana"), Stamp: at(1)}, down(map[string]record.FieldValue{"first": first}))
	require.Equal(t, record.FieldValue{Value: record.MustOf("Ana"), Stamp: at(3)}, down(map[string]record.FieldValue{"first": first, "last": gone}))
	require.Equal(t, gone, down(map[string]record.FieldValue{"last": gone}))
}

// TestDownLeavesOutElementsThatOldClientsCannotWrite: an old client would be refused if it wrote them.
func TestDownLeavesOutElementsThatOldClientsCannotWrite(t *testing.T) {
	l := versions(t)
	for _, name := range []string{"first/x", "title/x", "person"} {
		_, ok := l.OldName("tasks", name)
		require.False(t, ok, name)
	}
	old, ok := l.OldName("tasks", "person/x")
	require.True(t, ok)
	require.Equal(t, "person/x", old)
	old, ok = l.OldName("notes", "first/x")
	require.True(t, ok, "the Lens does not list the table")
	require.Equal(t, "first/x", old)
	require.Equal(t, []string{"person/x"}, l.NewNames("tasks", "person/x"))
	require.Equal(t, []string{"first", "last"}, l.NewNames("tasks", "person"))
	require.Equal(t, []string{"labels/x"}, l.NewNames("tasks", "tags/x"))
	require.Equal(t, []string{"person"}, l.NewNames("notes", "person"))
	require.Empty(t, l.NewNames("tasks", "first"))
}

// TestKeepsValuesWithoutAFunction: another name alone does not change a value.
func TestKeepsValuesWithoutAFunction(t *testing.T) {
	l, err := lens.New(lens.Table{
		Name:   "tasks",
		Fields: []lens.Field{{Old: "tag", New: "label"}, {Old: "state", New: "state", Up: same, Down: same}, {Old: "size", New: "points", Up: same, Down: same}},
		Splits: []lens.Split{{Old: "person", New: []string{"first", "last"}, Up: split, Down: joined}},
	})
	require.NoError(t, err)
	for name, keeps := range map[string]bool{
		"tag": true, "tag/x": true, "other": true, "$deleted": true, "label": true, // no old client may write it
		"state": false, "size": false, "person": false, "person/x": true, "size/x": true,
	} {
		require.Equal(t, keeps, l.KeepsValues("tasks", name), name)
		require.True(t, l.KeepsValues("another table", name))
	}
}

// TestLensThatIsNotOneToOneIsRefused: the error names the table and the field.
func TestLensThatIsNotOneToOneIsRefused(t *testing.T) {
	for _, table := range []lens.Table{
		{Name: "tasks", Fields: []lens.Field{{Old: "a", New: "b"}, {Old: "c", New: "b"}}},
		{Name: "tasks", Fields: []lens.Field{{Old: "a", New: "b"}, {Old: "a", New: "c"}}},
		{Name: "tasks", Fields: []lens.Field{{Old: "a", New: ""}}},
		{Name: "tasks", Fields: []lens.Field{{Old: "a/b", New: "c"}}},
		{Name: "tasks", Fields: []lens.Field{{Old: "$deleted", New: "c"}}},
		{Name: "tasks", Splits: []lens.Split{{Old: "a", New: []string{"b", "b"}, Up: split, Down: joined}}},
		{Name: "tasks", Splits: []lens.Split{{Old: "a", New: []string{"b", "c"}}}},
		{Name: "tasks", Splits: []lens.Split{{Old: "a", Up: split, Down: joined}}},
		{Name: "tasks", Fields: []lens.Field{{Old: "a", New: "b", OneWay: true}}},
		{Name: "tasks", Fields: []lens.Field{{Old: "a", New: "b"}, {Old: "c", New: "b", OneWay: true, Down: same}}},
		{Name: "tasks", Fields: []lens.Field{{Old: "c", New: "b", OneWay: true}}, Splits: []lens.Split{{Old: "a", New: []string{"b", "d"}, Up: split, Down: joined}}},
	} {
		_, err := lens.New(table)
		require.ErrorIs(t, err, lens.ErrLens)
		require.ErrorContains(t, err, "tasks")
	}
	_, err := lens.New(lens.Table{Name: "tasks"}, lens.Table{Name: "tasks"})
	require.ErrorIs(t, err, lens.ErrLens)
	_, err = lens.New(lens.Table{Name: "tasks", Splits: []lens.Split{{Old: "a", New: []string{"b"}, Up: split, Down: joined}}})
	require.NoError(t, err, "a Split may have one part")
}
