package schedule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rename gives records and fields plain and much shorter names, if the schedule still breaks the
// same law. A long name or a second table may be the cause, but usually is not.
func (s *Shrinker) rename(steps []Step) []Step {
	id := func(x *Step) []*string { return []*string{&x.ID} }
	fields := func(x *Step) (all []*string) {
		for i := range x.Sets {
			all = append(all, &x.Sets[i].Name)
		}
		return all
	}
	steps = s.renameAll(steps, s.Domain.IDs, id)
	return s.renameAll(steps, s.Domain.Names, fields)
}

func (s *Shrinker) renameAll(steps []Step, names []string, in func(*Step) []*string) []Step {
	for _, from := range names {
		for _, to := range names {
			if 2*len(to) > len(from) || strings.Trim(to, "abcdefghijklmnopqrstuvwxyz") != "" {
				continue
			}
			if other, changed := renamed(steps, from, to, in); changed && s.Fails(other) {
				steps = other
				break
			}
		}
	}
	return steps
}

func renamed(steps []Step, from, to string, in func(*Step) []*string) (others []Step, changed bool) {
	for _, x := range steps {
		others = append(others, x.mapped(func(x *Step) {
			x.Sets = slices.Clone(x.Sets)
			for _, name := range in(x) {
				if *name == from {
					*name, changed = to, true
				}
			}
		}))
	}
	return others, changed
}

// mapped returns a step after a change of it and of the steps within it.
func (s Step) mapped(change func(*Step)) Step {
	change(&s)
	s.Manner.Within = slices.Clone(s.Manner.Within)
	for i := range s.Manner.Within {
		change(&s.Manner.Within[i].Step)
	}
	return s
}

// IsOdd reports whether a step has a name that is longer than 100 bytes or does not consist of
// the letters a to z.
func (s Step) IsOdd() bool {
	names := []string{s.ID}
	for _, a := range s.Sets {
		names = append(names, a.Name)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return len(name) > 100 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != ""
	})
}

// Renamed returns steps with all names replaced by plain ones in the same order, and a domain with
// the plain names.
func (d Domain) Renamed(steps []Step) (Domain, []Step) {
	ids, fields := map[string]string{}, map[string]string{}
	for _, s := range within(steps) {
		if s.ID != "" {
			ids[s.ID] = ""
		}
		for _, a := range s.Sets {
			if !ofBuckets(a.Name) {
				fields[a.Name] = ""
			}
		}
	}
	for i, id := range slices.Sorted(maps.Keys(ids)) {
		_, rest := d.KeyOf(id)
		table := strings.TrimSuffix(id, rest) // "notes:" or ""
		ids[id] = fmt.Sprintf("%srow%c", table, 'a'+i)
	}
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		fields[name] = fmt.Sprintf("field%c", 'a'+i)
	}
	o, others := d, slices.Clone(steps)
	o.IDs, o.Names, o.Fields = nil, []string{"fielda"}, map[string][]string{} // a storm needs a field
	for i, s := range steps {
		others[i] = s.mapped(func(x *Step) {
			x.ID, x.Sets = ids[x.ID], slices.Clone(x.Sets)
			for i, a := range x.Sets {
				if !ofBuckets(a.Name) {
					x.Sets[i].Name = fields[a.Name]
				}
			}
		})
	}
	for name, plain := range fields {
		o.Fields[plain] = d.Fields[name]
	}
	return o.With(others), others
}
