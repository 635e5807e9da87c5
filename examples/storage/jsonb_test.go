package main

import (
	"context"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// TestJSONBKeepsTheRecordButNotItsBytes: JSONB sorts names by length, inserts spaces
// and rewrites numbers. Scan makes the text canonical again, so the record and its
// digest are unchanged. The bytes are not: code that compares or hashes them gets other
// results.
func TestJSONBKeepsTheRecordButNotItsBytes(t *testing.T) {
	db := postgres(t)
	fields := `{"b":{"value":{"zz":1.5e300,"a":[1e2,1.0,"é"]},` + stampJSON(0) + `},"aa":{"deleted":true,` + stampJSON(1) + `},` +
		`"c":{"value":1e21,` + stampJSON(2) + `},"d":{"value":9007199254740993,` + stampJSON(3) + `}}`
	var decoder record.Decoder
	stored, err := decoder.Record(task("a"), []byte(fields))
	require.NoError(t, err)

	var text string
	got := record.New(task("a"))
	require.NoError(t, db.QueryRow(`SELECT $1::jsonb::text, $1::jsonb`, stored).Scan(&text, &got))
	require.NotEqual(t, string(stored.AppendJSON(nil)), text)
	require.Contains(t, text, `"value": 1000000000000000000000`)
	require.True(t, stored.Equal(got))
	require.Equal(t, merge.DigestOf(stored), merge.DigestOf(got))

	// Text that is not canonical gives the same record.
	require.NoError(t, db.QueryRow(`SELECT $1::jsonb`, fields).Scan(&got))
	require.True(t, stored.Equal(got))

	// JSON keeps each byte.
	require.NoError(t, db.QueryRow(`SELECT $1::json::text`, stored).Scan(&text))
	require.Equal(t, string(stored.AppendJSON(nil)), text)
}

// stampJSON returns the members of a field value that hold its stamp.
func stampJSON(minute int) string {
	return `"updatedAt":"` + at(minute).String() + `","clientId":"` + ana.String() + `"`
}

// TestNULBreaksJSONBAndQueriesOfJSON: JSONB refuses U+0000. JSON stores it, but then
// every query that looks into the document fails, whichever field it reads.
func TestNULBreaksJSONBAndQueriesOfJSON(t *testing.T) {
	db := postgres(t)
	r := titled(t, "a", "a\x00b", clock.Stamp{Time: at(0), Client: ana})
	_, err := db.Exec(`SELECT $1::jsonb`, r)
	require.Equal(t, "22P05", codeOf(err), "%v", err)

	s := serverOn(t, db, documents(documentsPostgres()))
	push(t, s, r)
	require.Equal(t, string(batchOf(r)), string(stateOf(t, s).AppendLines(nil)))
	_, err = db.Exec(`SELECT data->'done' FROM documents`)
	require.Equal(t, "22P05", codeOf(err), "%v", err)
}

// TestGuardWithoutNULRefusesOnlyNUL: the Guard refuses the texts that JSONB cannot
// store, and no others.
func TestGuardWithoutNULRefusesOnlyNUL(t *testing.T) {
	s := serverOn(t, sqlite(t), documents(documentsSQLite()))
	s.engine.Guard = withoutNUL
	for title, refused := range map[string]bool{
		"\x00":         true,
		"a\x00":        true,
		`\` + "\x00":   true,
		`\\` + "\x00":  true,
		``:             false,
		`\u0000`:       false,
		`\\u0000`:      false,
		"\x01\\u0000é": false,
	} {
		answer := push(t, s, titled(t, "a", title, clock.Stamp{Time: at(0), Client: ana}))
		require.Equal(t, refused, strings.Contains(answer, `"code":"unsupported_text"`), "%q: %s", title, answer)
	}
	nested, err := record.New(task("a")).Edit(clock.Stamp{Time: at(0), Client: ana}).
		Set("note", map[string]any{"\x00": 1}).Mutation()
	require.NoError(t, err)
	require.Contains(t, push(t, s, nested.Data), `"path":"data.note.value"`)
}

// push pushes one record as Ana and returns the answer.
func push(t *testing.T, s *server, r record.Record) string {
	t.Helper()
	answer, err := s.push(context.Background(), ana, batchOf(r))
	require.NoError(t, err)
	return string(answer)
}
