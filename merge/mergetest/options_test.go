package mergetest

import (
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

func TestInvalidOptionsAreRefused(t *testing.T) {
	for _, o := range []Options{
		{Devices: 9}, {Devices: -1}, {Seeds: -1}, {Steps: -1}, {IDs: []string{}}, {IDs: []string{"$a"}}, {IDs: []string{""}},
		{Fields: map[string][]string{}}, {Fields: map[string][]string{"$x": {"1"}}}, {Fields: map[string][]string{"a": nil}},
		{Fields: map[string][]string{"a": {"\"\xff\""}}}, {Fields: map[string][]string{"a\xff": {"1"}}}, {Fields: map[string][]string{"a": {"x"}}},
		{Refused: map[merge.Code]map[string]string{"a b": {"x": "1"}}}, {Refused: map[merge.Code]map[string]string{"a": nil}},
		{Refused: map[merge.Code]map[string]string{"a": {"$x": "1"}}}, {Refused: map[merge.Code]map[string]string{"a": {"x": "{"}}},
	} {
		if err := Check(newMemory, o); err == nil {
			t.Errorf("invalid Options were accepted: %+v", o)
		}
	}
	narrow := Options{Table: "notes", IDs: []string{"x"}, Fields: map[string][]string{"body": {"1", "2"}}, Devices: 2}
	if err := Check(newMemory, some(narrow)); err != nil {
		t.Error(err)
	}
}

// TestValuesMayContainSpaces checks that values may have spaces anywhere, although steps use spaces as separators.
func TestValuesMayContainSpaces(t *testing.T) {
	given := []string{`"a b"`, ` [1, 2]`, "{\"x y\":\n\t\"\u00a0\"}", `"\u2003"`}
	o, err := Options{Fields: map[string][]string{"f": given}}.withDefaults()
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
	if err := Check(newMemory, Options{Fields: map[string][]string{"f": given}, Seeds: 5}); err != nil {
		t.Error(err)
	}
}
