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

func TestCheckLaws(t *testing.T) { CheckLaws(t, merge.Records) }

// TestCheckLawsOfResolver: a resolver need not be that of this library.
func TestCheckLawsOfResolver(t *testing.T) {
	CheckLaws(t, joinBy(func(a, b record.FieldValue) bool {
		// The greatest value wins, whenever it was written.
		return cmp.Or(a.Value.Compare(b.Value), a.Compare(b)) > 0
	}))
}

// joinBy returns a join in which a field of b is replaced by that of a if a wins.
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

func TestCheckLawsFinds(t *testing.T) {
	tests := map[string]struct {
		join func(a, b record.Record) (record.Record, error)
		want string
	}{
		"keep mine":        {joinBy(func(a, b record.FieldValue) bool { return true }), "commutative"},
		"ties are mine":    {joinBy(func(a, b record.FieldValue) bool { return a.Stamp.Compare(b.Stamp) >= 0 }), "commutative"},
		"client ignored":   {joinBy(func(a, b record.FieldValue) bool { return a.Stamp.Time >= b.Stamp.Time }), "commutative"},
		"deletion removes": {joinWithout(func(_ string, v record.FieldValue) bool { return v.Deleted() }), "idempotent"},
		"field vanishes":   {joinWithout(func(name string, _ record.FieldValue) bool { return name == "b" }), "lost"},
		"error":            {func(a, b record.Record) (record.Record, error) { return a, record.ErrKeyMismatch }, "returns an error"},
		"other key": {func(a, b record.Record) (record.Record, error) {
			r, err := merge.Records(a, b)
			return r.WithKey(record.Key{Table: "x", ID: "y"}), err
		}, "returns an error"},
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

// joinWithout joins rightly, and then leaves fields out.
func joinWithout(drop func(name string, v record.FieldValue) bool) func(a, b record.Record) (record.Record, error) {
	return func(a, b record.Record) (record.Record, error) {
		r, err := merge.Records(a, b)
		fields := maps.Collect(r.All())
		maps.DeleteFunc(fields, drop)
		return check.RecordOf(a.Key(), fields), err
	}
}
