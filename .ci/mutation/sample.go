package main

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// unstable is the prefix of the reason for a mutant whose verdict depends on the load of the
// machine. Such a mutant is left out of every sample.
const unstable = "unstable:"

// sampled returns the candidates in the order of their ranks. The first candidates that compile
// are the sample.
func sampled(o options, all []mutant, known map[string]string) []mutant {
	all = slices.DeleteFunc(slices.Clone(all), func(m mutant) bool {
		return !strings.Contains(m.id, o.match) || strings.HasPrefix(known[m.id], unstable)
	})
	slices.SortFunc(all, func(a, b mutant) int { return strings.Compare(rank(a.id), rank(b.id)) })
	return all[min(o.from, len(all)):]
}

// rank gives the mutants a random but fixed order. A rank depends on the identity alone, so a
// change to one function moves only the mutants of that function.
func rank(id string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(id))) }

// stale returns the listed survivors of a package that are not among the mutants of its code.
func stale(known map[string]string, pkg string, all []mutant) (ids []string) {
	for id := range known {
		exists := slices.ContainsFunc(all, func(m mutant) bool { return m.id == id })
		file, ours := strings.CutPrefix(id, pkg+"/")
		file, _, _ = strings.Cut(file, "/")
		if ours && strings.HasSuffix(file, ".go") && !exists { // the other identities belong to other packages
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
