package mergetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/record"
)

// CheckLaws fails the test if join breaks one of the laws that replicas need in order to converge. A
// join must be commutative, associative and idempotent. A record without fields must add nothing. No
// field and no key may be lost or invented. CheckLaws does not check which of two writes wins, so
// join may be a resolver of your own. The join of this library is merge.Records.
//
// In each call, join gets records of one key. [Record] generates them, and they are the same in
// every run of the test. Join must keep no state between calls. An error that it returns is
// reported as a failure. CheckLaws makes the reported records as small as possible.
func CheckLaws(t testing.TB, join func(a, b record.Record) (record.Record, error)) {
	t.Helper()
	if err := checkLaws(join); err != nil {
		t.Fatal(err)
	}
}

// joiner is a join that remembers its first error.
type joiner struct {
	join func(a, b record.Record) (record.Record, error)
	err  error
}

func (j *joiner) of(a, b record.Record) record.Record {
	r, err := j.join(a, b)
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("the join of\n  %v and\n  %v returned an error: %w", a, b, err)
	}
	return r
}

// triple contains three records of one key.
type triple [3]record.Record

// tries is the number of triples. There are so few different records that the first few hundred
// triples reveal almost every mistake.
const tries = 5000

func checkLaws(join func(a, b record.Record) (record.Record, error)) error {
	key := record.Key{Table: "tasks", ID: "1"}
	records := Record(key)
	var some [100]record.Record
	for i := range some {
		some[i] = records.Example(i)
	}
	dice := rand.New(rand.NewPCG(1, 1))
	for range tries {
		x := triple{some[dice.IntN(100)], some[dice.IntN(100)], some[dice.IntN(100)]}
		if lawOfJoin(join, x) != nil {
			return fmt.Errorf("mergetest: %w", lawOfJoin(join, smallest(join, x)))
		}
	}
	return nil
}

// smallest leaves out fields while a law is still broken.
func smallest(join func(a, b record.Record) (record.Record, error), x triple) triple {
	for again := true; again; {
		again = false
		for i := range x {
			for name := range x[i].All() {
				less := x
				less[i] = without(x[i], name)
				if lawOfJoin(join, less) != nil {
					x, again = less, true
					break
				}
			}
		}
	}
	return x
}

func without(r record.Record, name string) record.Record {
	fields := maps.Collect(r.All())
	delete(fields, name)
	return check.RecordOf(r.Key(), fields)
}

var errLaw = errors.New("join breaks a law")

// lawOfJoin returns an error that names a law which the join breaks on three records, or nil.
func lawOfJoin(join func(a, b record.Record) (record.Record, error), x triple) error {
	j := &joiner{join: join}
	a, b, c := x[0], x[1], x[2]
	none := record.New(a.Key())
	ab := j.of(a, b)
	for _, rule := range []struct {
		text      string
		got, want record.Record
	}{
		{"idempotent: join(a, a) is a", j.of(a, a), a},
		{"a record without fields adds nothing: join(a, empty) is a", j.of(a, none), a},
		{"a record without fields adds nothing: join(empty, a) is a", j.of(none, a), a},
		{"deterministic: join(a, b) is always the same", j.of(a, b), ab},
		{"commutative: join(b, a) is join(a, b)", j.of(b, a), ab},
		{"joining again adds nothing: join(join(a, b), b) is join(a, b)", j.of(ab, b), ab},
		{"associative: join(a, join(b, c)) is join(join(a, b), c)", j.of(a, j.of(b, c)), j.of(ab, c)},
	} {
		if j.err != nil {
			return j.err
		}
		if !rule.got.Equal(rule.want) {
			return fmt.Errorf("%w: %s\n  a     %v\n  b     %v\n  c     %v\n  got   %v\n  want  %v", errLaw, rule.text, a, b, c, rule.got, rule.want)
		}
	}
	return lost(x, ab)
}

// lost returns an error if a field of a or b is missing from their join, or if the join has a field
// that neither has.
func lost(x triple, ab record.Record) error {
	fields := maps.Collect(x[0].All())
	maps.Copy(fields, maps.Collect(x[1].All()))
	for name := range ab.All() {
		delete(fields, name)
		_, inA := x[0].Get(name)
		_, inB := x[1].Get(name)
		if !inA && !inB {
			return fmt.Errorf("%w: no field is invented\n  a     %v\n  b     %v\n  got   %v", errLaw, x[0], x[1], ab)
		}
	}
	if len(fields) > 0 || ab.Key() != x[0].Key() {
		return fmt.Errorf("%w: no field and no key is lost\n  a     %v\n  b     %v\n  got   %v", errLaw, x[0], x[1], ab)
	}
	return nil
}
