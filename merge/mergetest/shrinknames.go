package mergetest

import (
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
	steps = s.renameAll(steps, s.o.IDs, id)
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
