package mergetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// printing stands in for the *testing.T that an example does not have: it prints a failure.
type printing struct{ testing.TB }

func (printing) Helper() {}

func (printing) Fatal(failure ...any) { fmt.Println(failure...) }

// capitals returns a Lens for an app whose new version has another name for the status of a task, and writes it in
// capital letters.
func capitals(down func(string) string) lens.Lens {
	translate := func(f func(string) string) func(record.Value) (record.Value, error) {
		return func(v record.Value) (record.Value, error) {
			text, ok := v.Text()
			if !ok {
				return v, nil // null stays
			}
			return record.Of(f(text))
		}
	}
	l, err := lens.New(lens.Table{
		Name:   "tasks",
		Fields: []lens.Field{{Old: "status", New: "state", Up: translate(strings.ToUpper), Down: translate(down)}},
	})
	if err != nil {
		panic(err)
	}
	return l
}

// A test of a lens is one call. The options list fields of the old version, with some of their values. The first lens
// passes. The second one has a mistake: old clients do not get their own words back.
func ExampleCheckLens() {
	var t printing // in a test, the *testing.T

	options := mergetest.LensOptions{
		Table:  "tasks",
		Fields: map[string][]string{"status": {`"open"`, `"done"`, "null"}, "due": nil},
	}
	mergetest.CheckLens(t, capitals(strings.ToLower), options)
	mergetest.CheckLens(t, capitals(strings.ToUpper), options)
	// Output:
	// mergetest: the lens breaks a law: Down after Up changes nothing
	//   a     tasks/1 {"status":{"value":"open","updatedAt":"1970-01-01T00:00:00.000000003Z","clientId":"01000000-0000-0000-0000-000000000000"}}
	//   b     tasks/1 {}
	//   got   tasks/1 {"status":{"value":"OPEN","updatedAt":"1970-01-01T00:00:00.000000003Z","clientId":"01000000-0000-0000-0000-000000000000"}}
	//   want  tasks/1 {"status":{"value":"open","updatedAt":"1970-01-01T00:00:00.000000003Z","clientId":"01000000-0000-0000-0000-000000000000"}}
}
