package mergetest

import (
	"cmp"
	"maps"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/record"
)

func TestCheckLawsAcceptsMergeRecords(t *testing.T) { CheckLaws(t, merge.Records) }

// TestCheckLawsAcceptsAnotherResolver checks that a resolver whose rule differs from this library's passes.
func TestCheckLawsAcceptsAnotherResolver(t *testing.T) {
	CheckLaws(t, joinBy(func(a, b record.FieldValue) bool {
		// The greatest value wins, whenever it was written.
		return cmp.Or(a.Value.Compare(b.Value), a.Compare(b)) > 0
	}))
}

// joinBy returns a join in which a field of the first record replaces the same field of the second
// if wins returns true.
func joinBy(wins func(a, b record.FieldValue) bool) func(a, b record.Record) (record.Record, error) {
	return func(a, b record.Record) (record.Record, error) {
		fields := maps.Collect(b.All())
		for name, v := range a.All() {
			if w, ok := fields[name]; !ok || wins(v, w) {
				fields[name] = v
			}
		}
		return check.RecordOf(a.Key(), fields), nil
	}
}

func TestCheckLawsFindsBrokenJoins(t *testing.T) {
	tests := map[string]struct {
		join func(a, b record.Record) (record.Record, error)
		want string
	}{
		"keep mine":                    {joinBy(func(a, b record.FieldValue) bool { return true }), "commutative"},
		"keep mine on ties":            {joinBy(func(a, b record.FieldValue) bool { return a.Stamp.Compare(b.Stamp) >= 0 }), "commutative"},
		"client is ignored":            {joinBy(func(a, b record.FieldValue) bool { return a.Stamp.Time >= b.Stamp.Time }), "commutative"},
		"a deletion removes its field": {joinWithout(func(_ string, v record.FieldValue) bool { return v.Deleted() }), "idempotent"},
		"a field vanishes":             {joinWithout(func(name string, _ record.FieldValue) bool { return name == "b" }), "lost"},
		"join returns an error":        {func(a, b record.Record) (record.Record, error) { return a, record.ErrKeyMismatch }, "returned an error"},
		"join changes the key": {func(a, b record.Record) (record.Record, error) {
			r, err := merge.Records(a, b)
			return r.WithKey(record.Key{Table: "x", ID: "y"}), err
		}, "returned an error"},
		"rock, paper, scissors": {joinBy(func(a, b record.FieldValue) bool {
			circle := map[string]string{"9": "10", "10": `""`, `""`: "9"}
			x, y := a.Value.JSON(), b.Value.JSON()
			if circle[x] == y || circle[y] == x {
				return circle[x] == y
			}
			return a.Compare(b) > 0
		}), "associative"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := checkLaws(test.join)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatal(err)
			}
			t.Log(err)
		})
	}
}

// joinWithout joins correctly, and then drops fields.
func joinWithout(drop func(name string, v record.FieldValue) bool) func(a, b record.Record) (record.Record, error) {
	return func(a, b record.Record) (record.Record, error) {
		r, err := merge.Records(a, b)
		fields := maps.Collect(r.All())
		maps.DeleteFunc(fields, drop)
		return check.RecordOf(a.Key(), fields), err
	}
}
