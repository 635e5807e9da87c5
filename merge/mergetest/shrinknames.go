package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rename gives records and fields names that are much shorter and plain, where the same law is broken
// with them: a long name, or a second table, may be to blame, and mostly is not.
func (s *shrinker) rename(steps []step) []step {
	id := func(x *step) []*string { return []*string{&x.id} }
	fields := func(x *step) (all []*string) {
		for i := range x.sets {
			all = append(all, &x.sets[i].name)
		}
		return all
	}
	steps = s.renameAll(steps, s.o.ids, id)
	return s.renameAll(steps, s.o.names, fields)
}

func (s *shrinker) renameAll(steps []step, names []string, in func(*step) []*string) []step {
	for _, from := range names {
		for _, to := range names {
			if 2*len(to) > len(from) || strings.Trim(to, "abcdefghijklmnopqrstuvwxyz") != "" {
				continue
			}
			if other, changed := renamed(steps, from, to, in); changed && s.fails(other) {
				steps = other
				break
			}
		}
	}
	return steps
}

func renamed(steps []step, from, to string, in func(*step) []*string) (others []step, changed bool) {
	for _, x := range steps {
		x.sets = slices.Clone(x.sets)
		for _, name := range in(&x) {
			if *name == from {
				*name, changed = to, true
			}
		}
		others = append(others, x)
	}
	return others, changed
}

// isOdd reports whether a step names something by other than the letters from a to z, or by very
// many of them.
func (s step) isOdd() bool {
	names := []string{s.id}
	for _, a := range s.sets {
		names = append(names, a.name)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return len(name) > 100 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != ""
	})
}

// renamed returns steps with plain names in the place of all others, in the same order, and a domain
// of those.
func (d domain) renamed(steps []step) (domain, []step) {
	ids, fields := map[string]string{}, map[string]string{}
	for _, s := range steps {
		if s.id != "" {
			ids[s.id] = ""
		}
		for _, a := range s.sets {
			fields[a.name] = ""
		}
	}
	for i, id := range slices.Sorted(maps.Keys(ids)) {
		table := strings.TrimSuffix(id, d.key(id).ID) // notes: or nothing
		ids[id] = fmt.Sprintf("%srow%c", table, 'a'+i)
	}
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		fields[name] = fmt.Sprintf("field%c", 'a'+i)
	}
	o, others := d, slices.Clone(steps)
	o.ids, o.names, o.fields = nil, nil, map[string][]string{}
	for i, s := range steps {
		others[i].id, others[i].sets = ids[s.id], nil
		for _, a := range s.sets {
			others[i].sets = append(others[i].sets, assignment{fields[a.name], a.value})
		}
	}
	for name, plain := range fields {
		o.fields[plain] = d.fields[name]
	}
	return o.with(others), others
}
