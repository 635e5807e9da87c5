package merge_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// vector is one case of the conformance vectors. It has the members that its
// section permits, and no others.
type vector struct {
	Name string

	In        vectorText
	Text      *string
	NS        *string
	Canonical vectorText
	Refused   *string
	Bytes     *int

	Ascending, Same, Values []vectorText

	A, B, Want   vectorText
	Winner, Step *string
	Deleted      *bool

	Record vectorText
	Field  *string
	Kind   *string
	Value  *string

	Table, ID *string
	Records   []vectorRecord
	Digest    *string

	Fence          *string
	Level1, Level2 vectorText

	At, Client *string

	Rows []vectorText

	Last, Wall, Accepts, Refuses *string
	Steps                        []json.RawMessage
}

// vectorText is a text in one of its four forms.
type vectorText []byte

func (v *vectorText) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case '"':
		var s string
		err := json.Unmarshal(text, &s)
		*v = vectorText(s)
		return err
	case '[':
		var parts []vectorText
		err := json.Unmarshal(text, &parts)
		for _, part := range parts {
			*v = append(*v, part...)
		}
		return err
	}
	var form struct {
		Hex    *string
		Repeat []json.RawMessage
	}
	if err := vectorStrict(text, &form); err != nil {
		return err
	}
	if form.Hex != nil {
		raw, err := hex.DecodeString(*form.Hex)
		*v = raw
		return err
	}
	var part string
	var times int
	err := json.Unmarshal(form.Repeat[0], &part)
	err = cmp.Or(err, json.Unmarshal(form.Repeat[1], &times))
	*v = vectorText(strings.Repeat(part, times))
	return err
}

// vectorRecord is a record, with its key if the section gives each record a key.
type vectorRecord struct {
	Table, ID string
	Record    vectorText
}

func (v *vectorRecord) UnmarshalJSON(text []byte) error {
	type keyed vectorRecord
	if bytes.Contains(text, []byte(`"table"`)) && text[0] == '{' {
		return vectorStrict(text, (*keyed)(v))
	}
	return json.Unmarshal(text, &v.Record)
}

func vectorStrict(text []byte, dst any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(dst)
}

// vectorSection holds the members that the cases of a section may have, besides the
// name, and the function that runs a case.
type vectorSection struct {
	members []string
	run     func(*testing.T, vector)
}

func vectorFiles() map[string]map[string]vectorSection {
	values := vectorSection{[]string{"canonical in", "in refused"}, vectorValue}
	stories := map[string]vectorSection{"stories": {[]string{"steps"}, vectorStory}}
	return map[string]map[string]vectorSection{
		"answers.json": stories, "outbox.json": stories, "restamp.json": stories,
		"clock.json": {
			"ticks":   {[]string{"last steps"}, vectorTicks},
			"bounds":  {[]string{"accepts refuses wall"}, vectorBound},
			"stories": stories["stories"],
		},
		"stamps.json": {
			"times":       {[]string{"in ns text", "in refused"}, vectorTime},
			"timeOrder":   {[]string{"ascending"}, vectorTimeOrder},
			"clients":     {[]string{"in text", "in refused"}, vectorClient},
			"clientOrder": {[]string{"ascending"}, vectorClientOrder},
		},
		"values.json": {
			"numbers": values, "strings": values, "composites": values, "documents": values,
			"order":     {[]string{"ascending"}, vectorValueOrder},
			"equal":     {[]string{"same"}, vectorEqual},
			"different": {[]string{"values"}, vectorDifferent},
		},
		"ties.json": {"ties": {[]string{"a b step winner"}, vectorTie}},
		"kinds.json": {
			"fields": {[]string{"canonical in kind", "in refused"}, vectorField},
			"apart":  {[]string{"field kind record", "field kind record value"}, vectorApart},
		},
		"deleted.json": {
			"joins":   {[]string{"a b deleted want"}, vectorJoin},
			"records": {[]string{"canonical deleted in", "in refused"}, vectorRead},
		},
		"records.json": {
			"joins":   {[]string{"a b digest id table want"}, vectorJoin},
			"folds":   {[]string{"digest id records table want"}, vectorFold},
			"refused": {[]string{"in refused"}, vectorRead},
			"digests": {[]string{"digest records"}, vectorDigest},
		},
		"names.json": {"names": {[]string{"bytes in", "in refused"}, vectorName}},
		"columns.json": {
			"chunks":  {[]string{"in rows"}, vectorChunk},
			"refused": {[]string{"in refused"}, vectorChunk},
			"forms":   {[]string{"in"}, vectorForm},
		},
		"purge.json": {
			"purges":   {[]string{"digest fence in level1 level2"}, vectorPurge},
			"erasures": {[]string{"client in want", "at client in want"}, vectorErase},
		},
	}
}

// TestVectors runs the files that implementations in other languages run. It fails on an
// unknown file, section or member, and on a section without cases.
func TestVectors(t *testing.T) {
	const folder = "testdata/vectors"
	found, err := filepath.Glob(folder + "/*.json")
	require.NoError(t, err)
	files := vectorFiles()
	require.Len(t, found, len(files))
	for _, path := range found {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Regexp(t, `^[\n -~]*$`, string(text), "a vector file is ASCII")
		var content map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &content))
		delete(content, "about")
		sections := files[filepath.Base(path)]
		require.ElementsMatch(t, slices.Collect(maps.Keys(sections)), slices.Collect(maps.Keys(content)), path)
		for _, name := range slices.Sorted(maps.Keys(sections)) {
			t.Run(filepath.Base(path)+"/"+name, func(t *testing.T) { runVectors(t, sections[name], content[name]) })
		}
	}
}

func runVectors(t *testing.T, section vectorSection, text []byte) {
	var cases []json.RawMessage
	require.NoError(t, json.Unmarshal(text, &cases))
	require.NotEmpty(t, cases)
	names := map[string]bool{}
	for _, text := range cases {
		var members map[string]json.RawMessage
		var v vector
		require.NoError(t, json.Unmarshal(text, &members))
		require.NoError(t, vectorStrict(text, &v))
		delete(members, "name")
		require.Contains(t, section.members, strings.Join(slices.Sorted(maps.Keys(members)), " "), v.Name)
		require.False(t, v.Name == "" || names[v.Name], "name %q", v.Name)
		names[v.Name] = true
		t.Run(v.Name, func(t *testing.T) { section.run(t, v) })
	}
}

// vectorReasons maps each reason for a refusal to an error.
var vectorReasons = map[string]error{
	"syntax": record.ErrSyntax, "utf8": record.ErrUTF8, "duplicate": record.ErrDuplicate, "number": record.ErrNumber,
	"limit": record.ErrLimit, "name": record.ErrName, "type": record.ErrType, "kind": record.ErrValueForm,
	"missing": record.ErrMissing, "stamp": record.ErrStamp, "client": record.ErrClient,
	"columns": record.ErrColumns, "version": record.ErrVersion,
}

// refusedAs reports whether v must be refused, and requires that err is the error that v
// names.
func (v vector) refusedAs(t *testing.T, err error) bool {
	t.Helper()
	if v.Refused == nil {
		require.NoError(t, err)
		return false
	}
	require.Contains(t, vectorReasons, *v.Refused)
	var limit *record.LimitError
	if errors.As(err, &limit) && limit.What == "name" {
		require.Equal(t, "name", *v.Refused) // the vectors call a name that is too long "name", not "limit"
		return true
	}
	require.ErrorIs(t, err, vectorReasons[*v.Refused])
	return true
}
