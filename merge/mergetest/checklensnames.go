package mergetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// names checks each field on its own.
func (c *lensCheck) names() error {
	for _, name := range slices.Sorted(maps.Keys(c.values)) {
		up, err := c.up(c.one(name, c.values[name][0], 1))
		if err != nil {
			return err
		}
		if up.Len() == 0 {
			return fmt.Errorf("%w: Up loses no write\n  old   %v\n  got   %v", errLens, c.one(name, c.values[name][0], 1), up)
		}
		for _, law := range []func(string, record.Record) error{c.element, c.base, c.newer} {
			if err := law(name, up); err != nil {
				return err
			}
		}
	}
	if err := c.similar(); err != nil {
		return err
	}
	for _, deleted := range []bool{true, false} {
		r := c.one(record.DeletedField, record.Bool(deleted), 1)
		if up, err := c.up(r); err != nil || !up.Equal(r) {
			return fmt.Errorf("%w: the field $deleted stays\n  old   %v\n  got   %v %v", errLens, r, up, err)
		}
	}
	return nil
}

// element checks that an element goes with its field. The elements of a field that becomes several stay.
func (c *lensCheck) element(name string, up record.Record) error {
	if _, ok := c.values[name+"/x"]; !ok || up.Len() != 1 {
		return nil
	}
	parent, _ := up.At(0)
	old := c.one(name+"/x", c.values[name+"/x"][0], 1)
	want := c.one(parent+"/x", c.values[name+"/x"][0], 1)
	if got, err := c.up(old); err != nil || !got.Equal(want) {
		return fmt.Errorf("%w: an element goes with its field, with its value\n  old   %v\n  got   %v %v\n  want  %v", errLens, old, got, err, want)
	}
	return nil
}

// base checks what Up does to the rest of a mutation.
func (c *lensCheck) base(name string, up record.Record) error {
	first, _, _ := strings.Cut(name, "/")
	for _, base := range []map[string]clock.Stamp{nil, {name: {}}, {name: {Time: 1, Client: clock.ClientID{9}}}} {
		m := record.Mutation{Data: c.one(name, c.values[name][0], 2), Base: base, New: len(base) > 0, Seen: record.Seen{Epoch: "1", Seq: 7}}
		got, err := c.Up(m)
		want := map[string]clock.Stamp{}
		for part := range up.All() {
			if stamp, ok := base[name]; ok && !c.oneWay[name] && !c.oneWay[first] {
				want[part] = stamp
			}
		}
		if err != nil || !maps.Equal(got.Base, want) || got.New != m.New || got.Seen != m.Seen {
			return fmt.Errorf("%w: the base of a field becomes the base of each new field, and New and Seen stay\n  old   %s\n  got   %s %v\n  want  the base %v",
				errLens, m.AppendJSON(nil), got.AppendJSON(nil), err, want)
		}
	}
	return nil
}

// newer checks that an old client cannot write a name that only the new version has.
func (c *lensCheck) newer(name string, up record.Record) error {
	for part := range up.All() {
		if _, isOld := c.values[part]; isOld {
			continue
		}
		m := record.Mutation{Data: c.one(part, record.Bool(true), 1)}
		if got, err := c.Up(m); !errors.Is(err, record.ErrNewerName) {
			return fmt.Errorf("%w: an old client that writes a name of the new version is refused with record.ErrNewerName\n  old   %v\n  got   %v %v", errLens, m.Data, got.Data, err)
		}
	}
	return nil
}

// similar checks that names which are only similar to the names of both versions stay as they are.
func (c *lensCheck) similar() error {
	listed := map[string]bool{}
	for name, values := range c.values {
		up, _ := c.up(c.one(name, values[0], 1))
		for part := range up.All() {
			listed[name], listed[part] = true, true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		for _, other := range similar(name) {
			if listed[other] || strings.Contains(name, "/") { // the elements of a field go with it
				continue
			}
			r := c.one(other, record.Bool(true), 1)
			up, upErr := c.Up(record.Mutation{Data: r})
			down, downErr := c.Down(r)
			if err := errors.Join(upErr, downErr); err != nil || !up.Data.Equal(r) || !down.Equal(r) {
				return fmt.Errorf("%w: a name that is only similar to a listed one stays\n  name  %s\n  up    %v\n  down  %v %v", errLens, other, up.Data, down, err)
			}
		}
	}
	return nil
}
