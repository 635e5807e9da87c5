package record_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

func TestKeysAreOrderedByTableThenID(t *testing.T) {
	sorted := []record.Key{
		{},
		{Table: "", ID: "b"},
		{Table: "a", ID: ""},
		{Table: "a", ID: "Z"},
		{Table: "a", ID: "b"},
		{Table: "a", ID: "ba"},
		{Table: "a/b", ID: "a"},
		{Table: "b", ID: "a"},
		{Table: "é", ID: "a"},
	}
	for i, a := range sorted {
		for j, b := range sorted {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			require.Equal(t, want, a.Compare(b), "%v, %v", a, b)
		}
	}
}

// Names that begin with $ are reserved, $deleted included.
func TestNamesThatBeginWithADollarAreReserved(t *testing.T) {
	for name, want := range map[string]bool{"$deleted": true, "$": true, "$own": true, "": false, "a$": false, "title": false, " $": false} {
		require.Equal(t, want, record.Reserved(name), name)
	}
	require.ErrorIs(t, record.ErrReserved, record.ErrName)
	_, err := record.New(record.Key{Table: "t", ID: "1"}).Edit(clock.Stamp{Time: 1, Client: clock.ClientID{1}}).Set("$own", 1).Mutation()
	require.ErrorIs(t, err, record.ErrReserved)
	require.EqualError(t, err, "record: $own: invalid name: names that begin with $ are reserved")
}

func TestKeyStringIsTableSlashID(t *testing.T) {
	require.Equal(t, "tasks/a/b", record.Key{Table: "tasks", ID: "a/b"}.String())
}

// nameCases are valid and invalid names of a table, a record or a field.
var nameCases = []struct {
	name string
	want error
}{
	{"a", nil},
	{"a b\n\"/\\", nil},
	{"constructor", nil},
	{"__proto", nil},
	{"__PROTO__", nil},
	{"é\U0001F600\u2028", nil},
	{"\ufffd", nil},
	{strings.Repeat("x", 1024), nil},
	{"", record.ErrName},
	{"__proto__", record.ErrName},
	{"a\x00b", record.ErrName},
	{"\x00", record.ErrName},
	{"a\xff", record.ErrUTF8},
	{"\xed\xa0\x80", record.ErrUTF8},
	{strings.Repeat("x", 1025), record.ErrLimit},
	{strings.Repeat("é", 513), record.ErrLimit},
}

func TestKeyCheckRefusesInvalidNames(t *testing.T) {
	for _, c := range nameCases {
		for path, key := range map[string]record.Key{
			"table": {Table: c.name, ID: "id"},
			"id":    {Table: "table", ID: c.name},
		} {
			err := key.Check()
			require.ErrorIs(t, err, c.want, "%.20q", c.name)
			if c.want != nil {
				require.Equal(t, path, errorPath(t, err))
			}
		}
	}
	require.Equal(t, "table", errorPath(t, record.Key{}.Check()), "the table must be checked first")
}

// errorPath returns the path of an *Error.
func errorPath(t testing.TB, err error) string {
	t.Helper()
	var e *record.Error
	require.True(t, errors.As(err, &e), "%T: %v", err, err)
	require.True(t, strings.HasPrefix(err.Error(), "record: "), err)
	return e.Path
}
