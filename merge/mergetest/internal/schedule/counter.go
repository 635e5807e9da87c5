package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Counter is the name of the counter of each record. An addition is a field of its own, Counter/ID, with an ID that is used
// once; the field holds the number that is added. Fields with such names are additions only if the backend accepts any field.
const Counter = "qty"

// Counts reports whether devices add to counters.
func (d Domain) Counts() bool { return d.AnyField }

// IsAddition reports whether a field is an addition to a counter.
func (d Domain) IsAddition(field string) bool {
	return d.Counts() && strings.HasPrefix(field, Counter+"/")
}

// Addition returns the name of the n-th addition to the counter of a record, counted from 0. It looks random. Every second
// name differs from the name before it only in the case of its letters.
func Addition(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	random := rand.New(rand.NewPCG(uint64(n/2), 7))
	id := make([]byte, 22)
	for i := range id {
		id[i] = letters[random.IntN(len(letters))]
		if n%2 == 1 {
			id[i] ^= 'a' ^ 'A'
		}
	}
	return Counter + "/" + string(id)
}

// Amount is the number that an addition adds. It does not shrink to 0, because a lost 0 leaves the sum right.
func Amount() Argument {
	a := CountOf(0)
	a.Plainer = func(s Step) [][]Step {
		if s.N < 2 {
			return nil
		}
		return [][]Step{s.with(func(p *Step) { p.N = 1 })}
	}
	return a
}

// Adds returns an addition to the counter of the record.
func (f Follow) Adds(who int) Step {
	s := f.Does(who, "counts")
	s.ID, s.N = f.ID, 1+f.IntN(9)
	return s
}

// Resets returns a reset of the counter of the record.
func (f Follow) Resets(who int) Step {
	s := f.Does(who, "resets")
	s.ID = f.ID
	return s
}

// uncounted returns the steps with ordinary fields in place of counters, if they have counters. Each addition writes a field of
// its own, with a plain name or with one that a backend may confuse; or all additions write one field. A reset deletes the
// fields of its device, or all fields before it. A mistake that is not about counters shows there as well.
func (s *Shrinker) uncounted(steps []Step) (others [][]Step) {
	if !slices.ContainsFunc(steps, func(x Step) bool { return x.Is("counts") }) {
		return nil
	}
	plain := func(n int) string { return "field" + string(rune('a'+n%26)) }
	odd := func(n int) string { return fmt.Sprintf("%s/%c", []string{"Tags", "tags"}[n%2], 'a'+n/2%26) }
	one := func(int) string { return "fielda" }
	for _, name := range []func(int) string{plain, odd, one} {
		for _, all := range []bool{false, true} {
			others = append(others, s.replaced(steps, name, all))
		}
	}
	return others
}

// replaced returns the steps with a field of the given name for the n-th addition. A reset deletes the fields of its device
// before it, or of all devices.
func (s *Shrinker) replaced(steps []Step, name func(n int) string, all bool) (others []Step) {
	var added []Step
	for _, x := range steps {
		switch {
		case x.Is("counts"):
			x = s.Domain.Grammar.Edits(x.Who, x.ID, Assignment{name(len(added)), strconv.Itoa(x.N)})
			added = append(added, x)
		case x.Is("resets"):
			var sets []Assignment
			for _, y := range added {
				if deletes := (Assignment{y.Sets[0].Name, "deleted"}); y.ID == x.ID && (all || y.Who == x.Who) && !slices.Contains(sets, deletes) {
					sets = append(sets, deletes)
				}
			}
			x = s.Domain.Grammar.Edits(x.Who, x.ID, sets...)
		}
		others = append(others, x)
	}
	return others
}
