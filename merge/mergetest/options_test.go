package mergetest

import (
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

func TestInvalidOptionsAreRefused(t *testing.T) {
	for _, o := range []Options{
		{Devices: 9}, {Devices: -1}, {Seeds: -1}, {Steps: -1}, {IDs: []string{}}, {IDs: []string{"$a"}}, {IDs: []string{""}},
		{OnlyFields: true}, {Fields: map[string][]string{}, OnlyFields: true}, {Fields: map[string][]string{"$x": {"1"}}}, {Fields: map[string][]string{"a": nil}},
		{Fields: map[string][]string{"a": {"\"\xff\""}}}, {Fields: map[string][]string{"a\xff": {"1"}}}, {Fields: map[string][]string{"a": {"x"}}},
		{Refused: map[merge.Code]map[string]string{"a b": {"x": "1"}}}, {Refused: map[merge.Code]map[string]string{"a": nil}},
		{Refused: map[merge.Code]map[string]string{"a": {"$x": "1"}}}, {Refused: map[merge.Code]map[string]string{"a": {"x": "{"}}},
	} {
		if err := Check(newMemory, o); err == nil {
			t.Errorf("invalid Options were accepted: %+v", o)
		}
	}
	narrow := Options{Table: "notes", IDs: []string{"x"}, Fields: map[string][]string{"body": {"1", "2"}}, OnlyFields: true, Devices: 2}
	if err := Check(newMemory, some(narrow)); err != nil {
		t.Error(err)
	}
}

// TestValuesMayContainSpaces checks that values may have spaces anywhere, although steps use spaces as separators.
func TestValuesMayContainSpaces(t *testing.T) {
	given := []string{`"a b"`, ` [1, 2]`, "{\"x y\":\n\t\"\u00a0\"}", `"\u2003"`}
	o, err := Options{Fields: map[string][]string{"f": given}, OnlyFields: true}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range o.Fields["f"] {
		s, err := o.Grammar.ParseStep("ana edits a f=" + text)
		if err != nil || len(s.Sets) != 1 {
			t.Fatal(text, err)
		}
		got, err := record.ParseValue([]byte(s.Sets[0].Value))
		want, _ := record.ParseValue([]byte(given[i]))
		if err != nil || got != want {
			t.Errorf("the value %s was parsed as %s, with the error %v", given[i], got, err)
		}
	}
	if err := Check(newMemory, Options{Fields: map[string][]string{"f": given}, OnlyFields: true, Seeds: 5}); err != nil {
		t.Error(err)
	}
}

// TestFieldsAreAdded checks that Options.Fields leave nothing out: mistakes about a listed field and about the
// default fields are both found, devices write counters and a second table, and records grow.
func TestFieldsAreAdded(t *testing.T) {
	due := Options{Fields: map[string][]string{"due": {`"monday"`, `"friday"`}, "points": {"8"}}}
	lowest := func(name string) newBackend {
		return with(quirks{wins: func(old, in record.FieldValue) bool {
			return rightly(old, in) != (in.Value.JSON() == name)
		}})
	}
	for what, value := range map[string]string{"a field of yours": `"friday"`, "a value of yours": "8", "a default field": `{"b":2}`} {
		t.Run(what, func(t *testing.T) {
			broken{what, lowest(value), []law.Law{law.Later, law.Stays, law.Outcome, law.Retry, law.Counter, law.Value, law.Client}}.check(t, due)
		})
	}
	due.Seeds, due.First = 4, growsIn
	r, err := examine(newMemory, due)
	if err != nil || r.counts["grows"] == 0 || r.counts["counts"] == 0 {
		t.Error(err, r.counts)
	}
	o, err := due.withDefaults()
	if err != nil || len(o.Tables) != 2 || len(o.Names) != len(defaultFields())+1 {
		t.Error(err, o.Tables, o.Names)
	}
	if got, want := due.literal(), `Fields: map[string][]string{"due":[]string{"\"monday\"", "\"friday\""}, "points":[]string{"8"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	due.OnlyFields = true
	if o, err := due.withDefaults(); err != nil || len(o.Tables) != 1 || len(o.Names) != 2 || o.Counts() {
		t.Error(err, o.Tables, o.Names)
	}
	if got := due.literal(); !strings.HasSuffix(got, ", OnlyFields: true") {
		t.Error(got)
	}
}

// growsIn is the first seed in which a record grows.
const growsIn = 25
