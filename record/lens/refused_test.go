package lens_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

var sealed = []any{"sealed", 1, "2026", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"}

var errSecret = errors.New("the value is secret")

// fails is a function that translates no text.
func fails(v record.Value) (record.Value, error) {
	if _, ok := v.Text(); ok {
		return record.Value{}, errSecret
	}
	return v, nil
}

// strict returns a Lens that cannot translate texts of the field state in either direction.
func strict(t require.TestingT) lens.Lens {
	l, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{
		{Old: "title", New: "name"}, {Old: "state", New: "state", Up: fails, Down: fails}, {Old: "due", New: "due"}, {Old: "t", New: "a_longer_name"}, {Old: "a_long_name", New: "u"},
	}, Splits: []lens.Split{{Old: "person", New: []string{"first", "last"}, Up: split, Down: joined}}})
	require.NoError(t, err)
	return l
}

func edit(t require.TestingT, name string, value any) record.Mutation {
	m, err := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}}).Set(name, value).Mutation()
	require.NoError(t, err)
	return m
}

// TestUntranslatableWritesAreRefused: the error names the old field and not the value.
func TestUntranslatableWritesAreRefused(t *testing.T) {
	long := strings.Repeat("x", 1020)
	for _, c := range []struct {
		name  string
		value any
		want  error
	}{
		{"title", sealed, lens.ErrSealed}, {"title/x", sealed, lens.ErrSealed}, {"person", sealed, lens.ErrSealed}, {"state", sealed, lens.ErrSealed},
		{"state", "secret", lens.ErrValue}, {"person", 7, lens.ErrValue}, {"t/" + long, true, record.ErrLimit}, {"name", 1, record.ErrNewerName},
	} {
		_, err := strict(t).Up(edit(t, c.name, c.value))
		require.ErrorIs(t, err, c.want, c.name)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "a_longer_name", "the error has the new name")
		var where *record.Error
		require.ErrorAs(t, err, &where)
		require.Equal(t, "data."+record.PathName(c.name), where.Path)
	}
	_, err := strict(t).Up(edit(t, "state", "secret"))
	require.ErrorIs(t, err, errSecret)
	for name, value := range map[string]any{"due": sealed, "state": nil, "state/x": sealed, "notes": sealed} {
		_, err := strict(t).Up(edit(t, name, value))
		require.NoError(t, err, name)
	}
}

// TestOnlySealedValuesAreSealed: a list that begins like a sealed value is translated.
func TestOnlySealedValuesAreSealed(t *testing.T) {
	for _, value := range []any{
		[]any{"sealed", 1}, []any{"sealed", 1, "key"}, []any{"sealed", 1, "key", 7}, []any{"sealed", 1, "key", "code", "more"},
		[]any{"sealed", 1, "key\"", "code"}, []any{"sealed", 1, "key", "code\""}, []any{"sealed", 2, "key", "code"}, "sealed",
	} {
		up, err := strict(t).Up(edit(t, "title", value))
		require.NoError(t, err, value)
		w, _ := up.Data.Get("name")
		require.Equal(t, record.MustOf(value), w.Value)
	}
}

// TestLensHasOnlyNamesThatRecordsMayHave: with another name, the Lens would refuse each write of the field.
func TestLensHasOnlyNamesThatRecordsMayHave(t *testing.T) {
	for name, want := range map[string]error{
		"": record.ErrName, "a\x00b": record.ErrName, "__proto__": record.ErrName, "\xff": record.ErrUTF8,
		strings.Repeat("x", 1025): record.ErrLimit, "a/b": lens.ErrLens, "$deleted": lens.ErrLens,
	} {
		for _, f := range []lens.Field{{Old: name, New: "name"}, {Old: "title", New: name}} {
			_, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{f}})
			require.ErrorIs(t, err, lens.ErrLens, "%q", name)
			require.ErrorIs(t, err, want, "%q", name)
		}
		if want != lens.ErrLens {
			_, err := lens.New(lens.Table{Name: name})
			require.ErrorIs(t, err, lens.ErrLens, "%q", name)
			require.ErrorIs(t, err, want, "%q", name)
		}
	}
}

// TestNumberOfPartsIsChecked: a function that returns too few values is refused.
func TestNumberOfPartsIsChecked(t *testing.T) {
	one := func(v record.Value) ([]record.Value, error) { return []record.Value{v}, nil }
	l, err := lens.New(lens.Table{Name: "tasks", Splits: []lens.Split{{Old: "person", New: []string{"first", "last"}, Up: one, Down: joined}}})
	require.NoError(t, err)
	_, err = l.Up(edit(t, "person", "Ana"))
	require.ErrorIs(t, err, lens.ErrValue)
}

// TestItemsAreRefusedOneByOne: an item that cannot be translated does not affect the others.
func TestItemsAreRefusedOneByOne(t *testing.T) {
	unread := record.Item{Err: record.ErrSyntax}
	pushed := []record.Item{{Mutation: edit(t, "title", "Paint")}, {Mutation: edit(t, "name", "Paint")}, unread}
	items := strict(t).Items(pushed)
	require.NoError(t, items[0].Err)
	require.Equal(t, map[string]any{"name": "Paint"}, items[0].Mutation.Data.Map())
	require.ErrorIs(t, items[1].Err, record.ErrNewerName)
	require.Equal(t, task, items[1].Mutation.Data.Key())
	require.Zero(t, items[1].Mutation.Data.Len())
	require.Equal(t, unread, items[2])
	require.NoError(t, pushed[1].Err)
}

// TestElementsOfSplitFieldMeetNoOther: an element of a split field stays, unless its name is the new name of an element
// of another field.
func TestElementsOfSplitFieldMeetNoOther(t *testing.T) {
	split := lens.Split{Old: "name", New: []string{"first", "last"},
		Up:   func(v record.Value) ([]record.Value, error) { return []record.Value{v, v}, nil },
		Down: func(v []record.Value) (record.Value, error) { return v[0], nil }}
	for _, test := range []struct {
		table lens.Table
		stays bool
	}{
		{lens.Table{Name: "tasks", Splits: []lens.Split{split}}, true},
		{lens.Table{Name: "tasks", Splits: []lens.Split{split}, Fields: []lens.Field{{Old: "nick", New: "name"}}}, false},
	} {
		l, err := lens.New(test.table)
		require.NoError(t, err)
		up, err := l.Up(edit(t, "name/x", 1))
		if !test.stays {
			require.ErrorIs(t, err, record.ErrNewerName)
			require.Empty(t, l.NewNames("tasks", "name/x"))
			up, err = l.Up(edit(t, "nick/x", 1))
			require.NoError(t, err)
			require.Equal(t, map[string]any{"name/x": int64(1)}, up.Data.Map())
			continue
		}
		require.NoError(t, err)
		require.Equal(t, map[string]any{"name/x": int64(1)}, up.Data.Map())
	}
}

// TestDownLeavesOutWhatItCannotTranslate: the rest of the record is served.
func TestDownLeavesOutWhatItCannotTranslate(t *testing.T) {
	e := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}})
	e.Set("due", sealed).Set("first", "Ana").Set("last", sealed).Set("name", sealed).Set("name/x", sealed).Set("state", "secret").Set("u/"+strings.Repeat("x", 1020), 1)
	m, err := e.Mutation()
	require.NoError(t, err)
	down, err := strict(t).Down(m.Data)
	require.Equal(t, map[string]any{"due": []any{"sealed", int64(1), sealed[2], sealed[3]}}, down.Map())
	require.ErrorIs(t, err, errSecret)
	failed := err.(interface{ Unwrap() []error }).Unwrap()
	for i, want := range []struct {
		path string
		err  error
	}{
		{"data.first", lens.ErrSealed}, {"data.name", lens.ErrSealed}, {"data.name/x", lens.ErrSealed}, {"data.state", lens.ErrValue},
		{"data." + record.PathName("u/"+strings.Repeat("x", 1020)), record.ErrLimit},
	} {
		require.Equal(t, want.path, failed[i].(*record.Error).Path)
		require.ErrorIs(t, failed[i], want.err, want.path)
	}
	require.Len(t, failed, 5)
	require.NotContains(t, err.Error(), "secret")
}

// TestReservedFieldsStay: the fields that begin with $ have one name in all versions.
func TestReservedFieldsStay(t *testing.T) {
	m, err := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}}).Set("title", "Paint").DeleteRecord().Mutation()
	require.NoError(t, err)
	up, err := strict(t).Up(m)
	require.NoError(t, err)
	require.True(t, up.Data.Deleted())
	require.Equal(t, m.Base[record.DeletedField], up.Base[record.DeletedField])
	down, err := strict(t).Down(up.Data)
	require.NoError(t, err)
	require.Equal(t, m.Data, down)
}
