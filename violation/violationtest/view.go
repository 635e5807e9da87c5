package violationtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// NewView returns a view of storage that holds only the given records and rows. The function
// stores these one after another, and each replaces the stored record with the same key. A
// key may occur several times; the last record counts.
type NewView func(c *violation.Checker, records []record.Record) (violation.View, error)

// TestView tests a view with rules and records of its own. It returns nil, or an error that
// lists the first differences.
func TestView(newView NewView) error {
	c, records := world()
	return TestViewOf(c, records, newView)
}

// TestViewOf tests a view with the given rules and records. It adds the rows that the rules
// find, and older versions of the records, which the given records replace. The test is most
// thorough if many records belong to several scopes or to none, are deleted, or are alike.
func TestViewOf(c *violation.Checker, records []record.Record, newView NewView) error {
	stored := history(c, records)
	want := violation.NewMemory(c)
	for _, r := range stored {
		want.Put(r)
	}
	view, err := newView(c, stored)
	if err != nil {
		return fmt.Errorf("violationtest: NewView failed: %w", err)
	}
	t := test{want: want, view: view, dice: rand.New(rand.NewPCG(1, 2))}
	t.groups(c)
	t.get(stored)
	return errors.Join(t.errs...)
}

// most is the greatest number of differences that are reported.
const most = 10

// many is the number of questions in the largest call.
const many = 5000

// test compares a view with a Memory that holds the same records.
type test struct {
	want *violation.Memory
	view violation.View
	dice *rand.Rand
	errs []error
}

func (t *test) errorf(format string, args ...any) {
	if len(t.errs) < most {
		t.errs = append(t.errs, fmt.Errorf("violationtest: "+format, args...))
	}
}

// groups asks for the members of scopes, for each rule: all scopes that any rule has, and some
// that do not exist.
func (t *test) groups(c *violation.Checker) {
	var names []string
	for _, scope := range t.want.Scopes() {
		names = append(names, scope.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	rules := slices.Sorted(maps.Keys(c.Rules))
	if c.Buckets != nil {
		rules = append(rules, violation.BucketsRule)
	}
	for _, rule := range rules {
		for _, asked := range questions(t.dice, names, func(n int) string { return fmt.Sprint("no such scope ", n) }) {
			t.askGroups(rule, asked)
		}
	}
	t.askGroups("no such rule", names)
}

func (t *test) askGroups(rule string, names []string) {
	want, _ := t.want.Groups(context.Background(), rule, names)
	for range 2 { // an answer must not change the next one
		got, err := t.view.Groups(context.Background(), rule, names)
		if err != nil {
			t.errorf("Groups of rule %q, %d names: %w", rule, len(names), err)
			return
		}
		if len(got) != len(names) {
			t.errorf("Groups of rule %q: %d answers to %d questions", rule, len(got), len(names))
			return
		}
		for i, name := range names {
			place := fmt.Sprintf("Groups of rule %q: scope %q", rule, name)
			if got[i].Err != nil {
				t.errorf("%s was not read: %w", place, got[i].Err)
				continue
			}
			if got[i].Partial {
				t.errorf("%s is partial, but all its records are stored", place)
			}
			t.compare(place+": record", got[i].Records, want[i].Records)
			t.compare(place+": row", got[i].Rows, want[i].Rows)
		}
	}
}

// compare compares sets of records.
func (t *test) compare(place string, got, want []record.Record) {
	rest := make(map[record.Key]record.Record, len(want))
	for _, r := range want {
		rest[r.Key()] = r
	}
	seen := make(map[record.Key]bool, len(got))
	for _, r := range got {
		key := r.Key()
		w, ok := rest[key]
		switch {
		case seen[key]:
			t.errorf("%s %q is returned twice", place, key)
		case !ok:
			t.errorf("%s %q does not belong to the scope", place, key)
		case !w.Equal(r):
			t.errorf("%s %q is not the version that was stored last", place, key)
		}
		seen[key] = true
	}
	for _, r := range want {
		if !seen[r.Key()] {
			t.errorf("%s %q is missing%s", place, r.Key(), map[bool]string{true: "; it is deleted, but still belongs to the scope"}[r.Deleted()])
		}
	}
}

// get asks for records: all stored ones, and some that do not exist.
func (t *test) get(stored []record.Record) {
	var keys []record.Key
	for _, r := range stored {
		key := r.Key()
		keys = append(keys, key, record.Key{Table: key.Table, ID: key.ID + " "}, record.Key{Table: key.Table + "s", ID: key.ID})
	}
	slices.SortFunc(keys, record.Key.Compare)
	keys = slices.Compact(keys)
	absent := func(n int) record.Key {
		return record.Key{Table: keys[n%len(keys)].Table, ID: fmt.Sprint("no such record ", n)}
	}
	for _, asked := range questions(t.dice, keys, absent) {
		t.askGet(asked)
	}
}

func (t *test) askGet(keys []record.Key) {
	want, _ := t.want.Get(context.Background(), keys)
	got, err := t.view.Get(context.Background(), keys)
	if err != nil {
		t.errorf("Get of %d keys: %w", len(keys), err)
		return
	}
	if len(got) != len(keys) {
		t.errorf("Get: %d answers to %d questions", len(got), len(keys))
		return
	}
	for i, key := range keys {
		w, g := want[i].Record, got[i].Record
		switch {
		case got[i].Unknown:
			t.errorf("Get: %q is unknown, but every record is stored", key)
		case w.Len() == 0 && g.Len() > 0:
			t.errorf("Get: %q does not exist, but the answer is %q", key, g.Key())
		case w.Len() > 0 && g.Len() == 0:
			t.errorf("Get: %q is missing", key)
		case w.Len() > 0 && !w.Equal(g):
			t.errorf("Get: the answer for %q is another record or another version", key)
		}
	}
}

// questions returns the questions of each call: none, single ones, all of them, all in another
// order, all twice, and all among many names or keys that do not exist.
func questions[T any](dice *rand.Rand, all []T, absent func(n int) T) [][]T {
	asked := [][]T{nil, all}
	for i := range min(len(all), 50) {
		asked = append(asked, all[i:i+1])
	}
	shuffled := func(list []T) []T {
		list = slices.Clone(list)
		dice.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	lots := slices.Clone(all)
	for n := 0; len(lots) < many; n++ {
		lots = append(lots, absent(n))
	}
	return append(asked, shuffled(all), shuffled(append(slices.Clone(all), all...)), shuffled(lots))
}
