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

// CheckLaws fails the test if join does not obey the laws without which replicas do not converge.
// A join must be commutative, associative and idempotent; a record without fields must add nothing;
// and no field and no key may get lost or be made up. Which of two writes wins is not asked, so join
// may be a resolver of your own. The one of this library is merge.Records.
//
// Join gets records of one key, which [Record] generates, the same in each test. It must keep no
// state from call to call, and an error that it returns is reported as a failure. What is reported
// is made as small as possible.
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
		j.err = fmt.Errorf("the join of\n  %v and\n  %v returns an error: %w", a, b, err)
	}
	return r
}

// triple is three records of one key.
type triple [3]record.Record

// tries is how many triples are tried. With a domain so narrow, the first hundreds show
// whatever there is to see.
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

// smallest leaves out fields as long as a law is broken.
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

var errLaw = errors.New("broken law of joins")

// lawOfJoin returns which law the join breaks on three records, or nil.
func lawOfJoin(join func(a, b record.Record) (record.Record, error), x triple) error {
	j := &joiner{join: join}
	a, b, c := x[0], x[1], x[2]
	none := record.New(a.Key())
	ab := j.of(a, b)
	for _, rule := range []struct {
		text      string
		got, want record.Record
	}{
		{"idempotent: a joined with a is a", j.of(a, a), a},
		{"a record without fields adds nothing: a joined with it is a", j.of(a, none), a},
		{"a record without fields adds nothing: it joined with a is a", j.of(none, a), a},
		{"deterministic: a joined with b is always the same", j.of(a, b), ab},
		{"commutative: b joined with a is a joined with b", j.of(b, a), ab},
		{"what is joined already adds nothing: (a with b) with b is (a with b)", j.of(ab, b), ab},
		{"associative: a with (b with c) is (a with b) with c", j.of(a, j.of(b, c)), j.of(ab, c)},
	} {
		if j.err != nil {
			return j.err
		}
		if !rule.got.Equal(rule.want) {
			return fmt.Errorf("%w: %s\n  a     %v\n  b     %v\n  c     %v\n  is    %v\n  want  %v", errLaw, rule.text, a, b, c, rule.got, rule.want)
		}
	}
	return lost(x, ab)
}

// lost returns an error if a field of a or b is not in their join, or one is that is in
// neither.
func lost(x triple, ab record.Record) error {
	fields := maps.Collect(x[0].All())
	maps.Copy(fields, maps.Collect(x[1].All()))
	for name := range ab.All() {
		delete(fields, name)
		_, inA := x[0].Get(name)
		_, inB := x[1].Get(name)
		if !inA && !inB {
			return fmt.Errorf("%w: no field is made up\n  a     %v\n  b     %v\n  is    %v", errLaw, x[0], x[1], ab)
		}
	}
	if len(fields) > 0 || ab.Key() != x[0].Key() {
		return fmt.Errorf("%w: no field and no key gets lost\n  a     %v\n  b     %v\n  is    %v", errLaw, x[0], x[1], ab)
	}
	return nil
}
