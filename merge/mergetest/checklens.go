package mergetest

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/record"
)

// Lens translates between two versions of an app, as package record/lens describes. A lens.Lens is one.
type Lens interface {
	Up(m record.Mutation) (record.Mutation, error)
	Down(r record.Record) (record.Record, error)
}

// LensOptions describe one table of a Lens in its old form.
type LensOptions struct {
	// Table is the name of the table.
	Table string
	// Fields maps the fields of the old version that the Lens changes, and some others, to possible values, as JSON. A
	// field without values gets null, numbers, strings, lists and objects, but not those that Up refuses. The kit adds
	// deletions, and elements of each field, such as tags/x.
	Fields map[string][]string
	// OneWay are the fields that old clients write and do not see.
	OneWay []string
}

// CheckLens fails the test if a Lens breaks one of the laws on which old and new clients depend:
//
//   - Up and Down keep the key, all stamps, and the field $deleted. The same arguments give the same result.
//   - Down after Up changes nothing, except in fields that are OneWay.
//   - Up commutes with the join where stamps differ.
//   - An element goes with its field, with its value.
//   - The base of a field becomes the base of each new field that it becomes, New and Seen stay, and the base of a
//     OneWay field is left out.
//   - Down gives a field the greatest stamp of the new fields that it is made of.
//   - An old client that writes a name of the new version is refused, with record.ErrNewerName.
//   - A name that is not in Fields, but begins with one of these names or differs from it in case, stays as it is.
//
// The generated records are the same in every run of the test. The reported ones are as small as possible. For
// values that no new client writes, Up of a value of an old client stands in, so CheckLens does not check how Down
// translates values that only new clients write.
func CheckLens(t testing.TB, l Lens, o LensOptions) {
	t.Helper()
	if err := checkLens(l, o); err != nil {
		t.Fatal(err)
	}
}

// lensCheck checks one Lens.
type lensCheck struct {
	Lens
	key    record.Key
	values map[string][]record.Value // by old field, elements included
	oneWay map[string]bool           // by the name without an element
	round  int                       // chooses what some returns
}

var errLens = errors.New("the lens breaks a law")

func checkLens(l Lens, o LensOptions) error {
	c := lensCheck{l, record.Key{Table: o.Table, ID: "1"}, map[string][]record.Value{}, map[string]bool{}, 0}
	if err := c.read(o); err != nil {
		return fmt.Errorf("mergetest: %w", err)
	}
	if err := c.names(); err != nil {
		return fmt.Errorf("mergetest: %w", err)
	}
	dice := rand.New(rand.NewPCG(1, 1))
	for c.round = range tries {
		x := [2]record.Record{c.draw(dice, 1), c.draw(dice, 2)}
		if c.laws(x) != nil {
			return fmt.Errorf("mergetest: %w", c.laws(c.smallest(x)))
		}
	}
	return nil
}

// read reads the options, and adds the elements.
func (c *lensCheck) read(o LensOptions) error {
	if err := c.key.Check(); err != nil || len(o.Fields) == 0 {
		return fmt.Errorf("LensOptions needs a Table and Fields: %w", cmp.Or(err, errors.New("there are no fields")))
	}
	for _, name := range o.OneWay {
		c.oneWay[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(o.Fields)) {
		for _, text := range o.Fields[name] {
			v, err := record.ParseValue([]byte(text))
			if err != nil {
				return fmt.Errorf("LensOptions.Fields has an invalid value for the field %q: %w", name, err)
			}
			c.values[name] = append(c.values[name], v)
		}
		if len(o.Fields[name]) == 0 {
			c.values[name] = c.accepted(name)
		}
		if len(c.values[name]) == 0 {
			return fmt.Errorf("all values of the field %q are refused by Up: list some in LensOptions.Fields", name)
		}
		if !strings.Contains(name, "/") && c.hasElements(name) {
			c.values[name+"/x"] = []record.Value{record.Bool(true), record.Int(2)}
		}
	}
	return nil
}

// accepted returns the values of the kit that Up accepts for a field.
func (c *lensCheck) accepted(name string) (all []record.Value) {
	for _, x := range []any{nil, true, 0, -7, 0.5, "", "a", "a b", "B", []any{}, []any{1, "x"}, map[string]any{"a": 1}} {
		v := record.MustOf(x)
		if _, err := c.Up(record.Mutation{Data: c.one(name, v, 1)}); err == nil {
			all = append(all, v)
		}
	}
	return all
}

// hasElements reports whether a field can have elements. The elements of a field that becomes several may belong to
// another field, whose new name is the name of this one. The name of an element may be too long in one of the versions.
func (c *lensCheck) hasElements(name string) bool {
	element := c.one(name+"/x", record.Bool(true), 1)
	if element.Len() == 0 {
		return false
	}
	up, err := c.Up(record.Mutation{Data: c.one(name, c.values[name][0], 1)})
	if err != nil {
		return true // names reports the error
	}
	if up.Data.Len() == 1 {
		parent, _ := up.Data.At(0)
		return c.one(parent+"/x", record.Bool(true), 1).Len() > 0
	}
	_, err = c.Up(record.Mutation{Data: element})
	return !errors.Is(err, record.ErrNewerName)
}

// one returns a record with one write.
func (c *lensCheck) one(name string, v record.Value, time clock.Timestamp) record.Record {
	w := record.FieldValue{Value: v, Stamp: clock.Stamp{Time: time, Client: clock.ClientID{1}}}
	return check.RecordOf(c.key, map[string]record.FieldValue{name: w})
}

// draw returns a record of the old form in which no two fields have the same stamp.
func (c *lensCheck) draw(dice *rand.Rand, client byte) record.Record {
	fields := map[string]record.FieldValue{}
	names := append(slices.Sorted(maps.Keys(c.values)), record.DeletedField)
	for range dice.IntN(5) {
		name := names[dice.IntN(len(names))]
		at := clock.Stamp{Time: clock.Timestamp(1 + dice.IntN(4)*len(names) + slices.Index(names, name)), Client: clock.ClientID{client}}
		v := record.Bool(at.Time%2 == 0)
		if name != record.DeletedField {
			list := append(slices.Clone(c.values[name]), record.Deletion())
			v = list[dice.IntN(len(list))]
		}
		fields[name] = record.FieldValue{Value: v, Stamp: at}
	}
	return check.RecordOf(c.key, fields)
}

// smallest leaves out fields while a law is still broken.
func (c *lensCheck) smallest(x [2]record.Record) [2]record.Record {
	for again := true; again; {
		again = false
		for i := range x {
			for name := range x[i].All() {
				less := x
				less[i] = without(x[i], name)
				if c.laws(less) != nil {
					x, again = less, true
					break
				}
			}
		}
	}
	return x
}

// up returns Up of a record.
func (c *lensCheck) up(r record.Record) (record.Record, error) {
	m, err := c.Up(record.Mutation{Data: r})
	if err != nil {
		return r, fmt.Errorf("%w: Up translates what old clients write\n  old    %v\n  error  %w", errLens, r, err)
	}
	return m.Data, nil
}

func (c *lensCheck) down(r record.Record) (record.Record, error) {
	got, err := c.Down(r)
	if err != nil {
		return r, fmt.Errorf("%w: Down translates what Up made\n  new    %v\n  error  %w", errLens, r, err)
	}
	return got, nil
}

// laws returns an error that names a law which the Lens breaks on two records of the old form, or nil.
func (c *lensCheck) laws(x [2]record.Record) error {
	ups, downs, both := [2]record.Record{}, [2]record.Record{}, [2]record.Record{}
	for i, r := range x {
		var err error
		if ups[i], err = c.up(r); err != nil {
			return err
		}
		both[i] = c.reversible(r)
		if downs[i], err = c.up(both[i]); err != nil {
			return err
		}
		if downs[i], err = c.down(downs[i]); err != nil {
			return err
		}
	}
	joined, err := c.up(must(merge.Records(x[0], x[1])))
	if err != nil {
		return err
	}
	again, _ := c.up(x[0])
	for _, rule := range []struct {
		text           string
		old, got, want record.Record
	}{
		{"Down after Up changes nothing", both[0], downs[0], both[0]},
		{"Down after Up changes nothing", both[1], downs[1], both[1]},
		{"Up of the same record is always the same", x[0], again, ups[0]},
		{"Up keeps the key", x[0], record.New(ups[0].Key()), record.New(c.key)},
		{"Up commutes with the join: Up(join(a, b)) is join(Up(a), Up(b))", x[0], joined, must(merge.Records(ups[0], ups[1]))},
	} {
		if !rule.got.Equal(rule.want) {
			return fmt.Errorf("%w: %s\n  a     %v\n  b     %v\n  got   %v\n  want  %v", errLens, rule.text, x[0], x[1], rule.got, rule.want)
		}
	}
	return c.greatest(x, must(merge.Records(c.some(ups[0], 0), c.some(ups[1], 1))))
}

// reversible returns a record without the fields that are OneWay.
func (c *lensCheck) reversible(r record.Record) record.Record {
	fields := maps.Collect(r.All())
	for name := range r.All() {
		first, _, _ := strings.Cut(name, "/")
		if c.oneWay[name] || c.oneWay[first] {
			delete(fields, name)
		}
	}
	return check.RecordOf(r.Key(), fields)
}

// some returns one half of the fields of a record of the new form, or the other half, as new clients write them one
// by one. The halves differ in each round.
func (c *lensCheck) some(r record.Record, half uint32) record.Record {
	fields := map[string]record.FieldValue{}
	for name, w := range r.All() {
		if crc32.ChecksumIEEE([]byte(name))>>(c.round%32)&1 == half {
			fields[name] = w
		}
	}
	return check.RecordOf(r.Key(), fields)
}

// greatest returns an error if Down does not give each field the greatest stamp of the new fields that it is made of.
func (c *lensCheck) greatest(x [2]record.Record, r record.Record) error {
	whole, err := c.down(r)
	if err != nil {
		return err
	}
	want := map[string]clock.Stamp{}
	for name, w := range r.All() {
		part, err := c.down(check.RecordOf(r.Key(), map[string]record.FieldValue{name: w}))
		if err != nil {
			return err
		}
		for old, w := range part.All() {
			if w.Stamp.Compare(want[old]) > 0 {
				want[old] = w.Stamp
			}
		}
	}
	got := map[string]clock.Stamp{}
	for name, w := range whole.All() {
		got[name] = w.Stamp
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("%w: Down gives a field the greatest stamp of the new fields that it is made of\n  new   %v\n  got   %v\n  want  the stamps %v", errLens, r, whole, want)
	}
	return nil
}

func must(r record.Record, err error) record.Record {
	if err != nil {
		return record.Record{} // unequal to every record that it is compared with
	}
	return r
}
