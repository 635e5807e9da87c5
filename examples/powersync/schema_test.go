package powersync

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestValuesOfColumns: each SQLite value that a column may hold is the value that it stands for, and
// comes back as it was sent. All others are refused.
func TestValuesOfColumns(t *testing.T) {
	for _, c := range []struct {
		column     Column
		sent, want string // want is empty for a value that is refused
	}{
		{Text, `"a\u0000b"`, `"a\u0000b"`}, {Text, `""`, `""`}, {Text, `null`, `null`}, {Text, `1`, ""}, {Text, `true`, ""}, {Text, `"\ud800"`, ""},
		{Integer, `-7`, `-7`}, {Integer, `9007199254740991`, `9007199254740991`}, {Integer, `null`, `null`},
		{Integer, `9007199254740992`, ""}, {Integer, `-9007199254740992`, ""}, {Integer, `2.5`, ""}, {Integer, `"7"`, ""}, {Integer, `1e300`, ""},
		{Real, `2.5`, `2.5`}, {Real, `3`, `3`}, {Real, `1e300`, `1e+300`}, {Real, `"2.5"`, ""}, {Real, `1e999`, ""},
		{Bool, `0`, `false`}, {Bool, `1`, `true`}, {Bool, `null`, `null`}, {Bool, `2`, ""}, {Bool, `"1"`, ""}, {Bool, `0.5`, ""},
		{JSON, `"[1,{\"a\":null}]"`, `[1,{"a":null}]`}, {JSON, `"\"x\""`, `"x"`}, {JSON, `"9007199254740993"`, `9007199254740993`},
		{JSON, `"null"`, `null`}, {JSON, `null`, `null`}, {JSON, `"["`, ""}, {JSON, `""`, ""}, {JSON, `"{\"a\":1,\"a\":2}"`, ""}, {JSON, `[1]`, ""},
		{Digits, `"9223372036854775807"`, `9223372036854775807`}, {Digits, `"-1"`, `-1`}, {Digits, `"9223372036854775808"`, ""}, {Digits, `"1.0"`, ""}, {Digits, `1`, ""},
		{Column(9), `1`, ""},
	} {
		value, err := c.column.value(json.RawMessage(c.sent))
		if c.want == "" {
			require.Error(t, err, "%s %s", c.column, c.sent)
			continue
		}
		require.NoError(t, err, "%s %s", c.column, c.sent)
		require.Equal(t, c.want, value.JSON(), "%s %s", c.column, c.sent)
		if cell := c.column.cell(value); value.Kind() != record.KindNull {
			text, err := json.Marshal(cell)
			require.NoError(t, err)
			again, err := c.column.value(text)
			require.NoError(t, err, "%s %s", c.column, c.sent)
			require.Equal(t, value, again, "%s %s", c.column, c.sent)
		} else {
			require.Nil(t, cell)
		}
	}
}

// TestRowOfARecord: fields that are absent, null and deleted are NULL, and a value of another kind is
// shown as its JSON text.
func TestRowOfARecord(t *testing.T) {
	s := clock.Stamp{Time: noon, Client: ana}
	key := record.Key{Table: "tasks", ID: "1"}
	m, err := record.New(key).Edit(s).Set("title", 7).Set("points", nil).Delete("done").Set("other", 1).Mutation()
	require.NoError(t, err)
	row, ok := schema.Row(m.Data)
	require.True(t, ok)
	stamps := row[StampsColumn]
	delete(row, StampsColumn)
	require.Equal(t, map[string]any{"id": "1", "title": "7", "points": nil, "done": nil, "tags": nil, "bytes": nil}, row)
	require.JSONEq(t, `{"title":"`+s.String()+`","points":"`+s.String()+`","done":"`+s.String()+`","other":"`+s.String()+`"}`, stamps.(string))

	_, ok = schema.Row(record.New(key))
	require.False(t, ok)
	m, err = m.Data.Edit(clock.Stamp{Time: noon + 1, Client: ana}).DeleteRecord().Mutation()
	require.NoError(t, err)
	_, ok = schema.Row(m.Data)
	require.False(t, ok)
}
