package powersync

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

const noon = clock.Timestamp(1772452800_000_000_000) // 2026-03-02T12:00:00Z

var (
	ana = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben = clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
)

// entry reads an entry from JSON.
func entry(t *testing.T, text string) (e Entry) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &e))
	return e
}

// TestMutationOfAnEntry: the mutation that each kind of entry stands for, with a stamp and without.
func TestMutationOfAnEntry(t *testing.T) {
	const at = `"updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}`
	s := clock.Stamp{Time: noon, Client: ana}
	meta := Metadata{Stamp: s, Base: map[string]clock.Stamp{"title": {}, "$deleted": {}, "points": s}, New: true}
	for _, c := range []struct{ entry, stamped, arrived string }{
		{
			`{"op":"PUT","table":"tasks","id":"1","op_data":{"title":"a","stamps":"{}"}}`,
			`{"table":"tasks","id":"1","data":{"title":{"value":"a",` + at + `},"base":{"title":null},"new":true}`,
			`{"table":"tasks","id":"1","data":{"$deleted":{"value":false,` + at + `,"bytes":{"value":null,` + at + `,"done":{"value":null,` + at +
				`,"points":{"value":null,` + at + `,"tags":{"value":null,` + at + `,"title":{"value":"a",` + at + `},"new":true}`,
		},
		{
			`{"op":"PATCH","table":"tasks","id":"1","op_data":{"title":null,"done":1}}`,
			`{"table":"tasks","id":"1","data":{"done":{"value":true,` + at + `,"title":{"value":null,` + at + `},"base":{"title":null},"new":true}`,
			`{"table":"tasks","id":"1","data":{"done":{"value":true,` + at + `,"title":{"value":null,` + at + `}}`,
		},
		{
			`{"op":"DELETE","table":"tasks","id":"1"}`,
			`{"table":"tasks","id":"1","data":{"$deleted":{"value":true,` + at + `},"base":{"$deleted":null},"new":true}`,
			`{"table":"tasks","id":"1","data":{"$deleted":{"value":true,` + at + `}}`,
		},
		{
			`{"op":"PATCH","table":"tasks","id":"1"}`,
			`{"table":"tasks","id":"1","data":{},"new":true}`,
			`{"table":"tasks","id":"1","data":{}}`,
		},
	} {
		m, err := schema.Mutation(entry(t, c.entry), meta)
		require.NoError(t, err)
		require.Equal(t, c.stamped, string(m.AppendJSON(nil)))
		m, err = schema.Replacement(entry(t, c.entry), s)
		require.NoError(t, err)
		require.Equal(t, c.arrived, string(m.AppendJSON(nil)))
	}
}

// TestInvalidEntries: the error names the path, and never the value.
func TestInvalidEntries(t *testing.T) {
	for text, path := range map[string]string{
		`{"op":"PATCH","table":"users","id":"1"}`:                                     "table",
		`{"op":"UPSERT","table":"tasks","id":"1"}`:                                    "op",
		`{"op":"PATCH","table":"tasks","id":"1","op_data":{"colour":"hush"}}`:         "op_data.colour",
		`{"op":"PATCH","table":"tasks","id":"1","op_data":{"$deleted":1}}`:            "op_data.$deleted",
		`{"op":"PATCH","table":"tasks","id":"1","op_data":{"title":"x","done":4711}}`: "op_data.done",
		`{"op":"PATCH","table":"tasks","id":"1","op_data":{"tags":"hush"}}`:           "op_data.tags",
		`{"op":"DELETE","table":"tasks","id":""}`:                                     "id",
	} {
		_, err := schema.Mutation(entry(t, text), Metadata{Stamp: clock.Stamp{Time: noon, Client: ana}})
		var failed *record.Error
		require.ErrorAs(t, err, &failed, text)
		require.Equal(t, path, failed.Path)
		require.NotContains(t, err.Error(), "hush")
		require.NotContains(t, err.Error(), "4711")
	}
}

// TestMetadataForms: a text without the member stamp is metadata of the app, and an invalid stamp is an error.
func TestMetadataForms(t *testing.T) {
	const stamp = `2026-03-02T12:00:00.000000000Z/7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10`
	m, stamped, err := ParseMetadata(`{"stamp":"` + stamp + `","base":{"a":null,"b":"` + stamp + `"},"new":true,"screen":"list"}`)
	require.NoError(t, err)
	require.True(t, stamped)
	s := clock.Stamp{Time: noon, Client: ana}
	require.Equal(t, Metadata{s, map[string]clock.Stamp{"a": {}, "b": s}, true}, m)

	for _, text := range []string{"", "list", `"x"`, `7`, `null`, `[]`, `{}`, `{"screen":"list"}`} {
		_, stamped, err := ParseMetadata(text)
		require.NoError(t, err, text)
		require.False(t, stamped, text)
	}
	for _, text := range []string{`{"stamp":null}`, `{"stamp":7}`, `{"stamp":"hush"}`, `{"stamp":"` + stamp + `","base":["hush"]}`, `{"stamp":"` + stamp + `","base":{"a":"hush"}}`} {
		_, _, err := ParseMetadata(text)
		require.ErrorIs(t, err, record.ErrStamp, text)
		require.NotContains(t, err.Error(), "hush")
	}
	_, _, err = ParseMetadata(`{"stamp":"` + stamp + `","base":{"a":"2262-05-01T00:00:00Z/7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}`)
	require.ErrorIs(t, err, record.ErrStamp)
	require.NotErrorIs(t, err, clock.ErrAhead, "the entry would be retried forever")
	_, _, err = ParseMetadata(`{"stamp":"2262-05-01T00:00:00Z/7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}`)
	require.ErrorIs(t, err, clock.ErrAhead)
}
