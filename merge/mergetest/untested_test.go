package mergetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// offer is a backend with Options, and what its run must and must not count and report.
type offer struct {
	make  newBackend
	o     Options
	never []string // events that must not be counted
	told  []string // parts that must be reported as untested
	quiet []string // parts that are tested, and must not be reported
}

// TestUntestedPartsAreReported checks that events which cannot happen are not counted, and that Run reports them
// as untested.
func TestUntestedPartsAreReported(t *testing.T) {
	skipShort(t)
	t.Parallel()
	yours := newApp(clientQuirks{})
	for name, test := range map[string]offer{
		"every optional method": {
			make: newMemory, o: Options{},
			never: []string{"purges"},
			told:  []string{"purging", "partial replication"},
			quiet: []string{"paging", "concurrent requests", "a server that is restored", "devices that are cloned", "devices that are restored"},
		},
		"a server that purges": {
			make: purging(purgeRule{}), o: Options{},
			quiet: []string{"purging", "a server that is restored", "the clock of the server"},
		},
		"a server with buckets": {
			make: sharing(shareRule{}), o: Options{},
			quiet: []string{"purging", "partial replication"},
		},
		"a server that purges, and Clients": {
			make: purging(purgeRule{}), o: Options{NewClient: yours},
			quiet: []string{"purging", "a server that is restored"},
		},
		"no pages": {
			make: ownOf(own{pull: everything}), o: Options{},
			told: []string{"paging"},
		},
		"one device, a Client": {
			make: newMemory, o: Options{Devices: 1, NewClient: yours},
			never: []string{"clones", "backs-up", "is-restored", "floods", "ticks", "reopens", "server is restored", "meets"},
			told:  []string{"devices that are cloned", "devices that are restored", "a server that is restored", "devices that meet", "clients that are closed"},
		},
		"two devices, one of them a Client": {
			make: newMemory, o: Options{Devices: 2, NewClient: yours},
			never: []string{"clones", "server is restored"},
			told:  []string{"devices that are cloned", "a server that is restored"},
			quiet: []string{"devices that are restored", "devices that meet"},
		},
		"one device": {
			make: newMemory, o: Options{Devices: 1},
			never: []string{"clones", "meets"},
			told:  []string{"devices that are cloned", "devices that meet"},
			quiet: []string{"devices that are restored"},
		},
		"no optional method": {
			make: newBare, o: Options{},
			never: []string{"server is restored", "restarts", "writes"},
			told:  []string{"a server that is restored", "restarts", "the clock of the server"},
		},
		"no bound": {
			make: with(quirks{marks: true, engine: merge.Engine{MaxAhead: -1}}), o: Options{MaxAhead: -1},
			never: []string{"too far ahead"},
			told:  []string{"stamps that are too far ahead"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.check(t)
		})
	}
}

func (f offer) check(t *testing.T) {
	f.o.Seeds = int(4 * rounds(5))
	r, err := examine(f.make, f.o)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range f.never {
		if r.counts[what] > 0 {
			t.Errorf("%s was counted %d times; want 0", what, r.counts[what])
		}
	}
	told := func(what string) bool {
		return slices.ContainsFunc(r.untested, func(text string) bool { return strings.HasPrefix(text, what) })
	}
	for _, what := range f.told {
		if !told(what) {
			t.Errorf("%s is not reported as untested: %q", what, r.untested)
		}
	}
	for _, what := range f.quiet {
		if told(what) {
			t.Errorf("%s is reported as untested, but was tested", what)
		}
	}
}

// TestEditsThatChangeNothingAreNotCounted checks that a step which asks a Client to write the
// values that it already shows is not counted as an edit.
func TestEditsThatChangeNothingAreNotCounted(t *testing.T) {
	o, err := Options{NewClient: newApp(clientQuirks{})}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	steps, err := o.Grammar.ParseSteps([]string{"ana edits a points=9", "ana edits a points=9", "ana deletes a", "ana deletes a", "ana restores a", "ana reopens", "ana ticks"})
	if err != nil {
		t.Fatal(err)
	}
	w, err := sim.Run(processes(newMemory), o, sim.Scenario{Steps: steps})
	if err != nil || w.Breach != nil {
		t.Fatal(err, w.Breach)
	}
	for what, n := range map[string]int{"edits": 1, "deletes": 1, "restores": 1, "reopens": 0, "ticks": 0} {
		if w.Counts[what] != n {
			t.Errorf("%s was counted %d times; want %d", what, w.Counts[what], n)
		}
	}
}
