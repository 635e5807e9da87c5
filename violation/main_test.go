package violation_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain checks each property 1,000 times, unless the command line sets another number. The
// most likely faults concern ties, which are rare.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}

// sightings counts what has occurred in random cases.
type sightings map[string]int

// until runs random cases until all that is wanted has occurred: the cases of one run may lack one that is rare.
func (s sightings) until(t *testing.T, want []string, run func()) {
	isMissing := func(what string) bool { return s[what] == 0 }
	for range 20 {
		if run(); t.Failed() || !slices.ContainsFunc(want, isMissing) {
			return
		}
	}
	require.Fail(t, "these never occurred", "%v", slices.DeleteFunc(want, func(what string) bool { return s[what] > 0 }))
}
