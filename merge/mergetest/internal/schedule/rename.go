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
		x.Sets = slices.Clone(x.Sets)
		for _, name := range in(&x) {
			if *name == from {
				*name, changed = to, true
			}
		}
		others = append(others, x)
	}
	return others, changed
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
	for _, s := range steps {
		if s.ID != "" {
			ids[s.ID] = ""
		}
		for _, a := range s.Sets {
			fields[a.Name] = ""
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
	o.IDs, o.Names, o.Fields = nil, nil, map[string][]string{}
	for i, s := range steps {
		others[i].ID, others[i].Sets = ids[s.ID], nil
		for _, a := range s.Sets {
			others[i].Sets = append(others[i].Sets, Assignment{fields[a.Name], a.Value})
		}
	}
	for name, plain := range fields {
		o.Fields[plain] = d.Fields[name]
	}
	return o.With(others), others
}
