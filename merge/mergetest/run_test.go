package mergetest

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/report"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// TestCorrectBackendPasses checks that a correct backend passes, and that every event occurs on it.
func TestCorrectBackendPasses(t *testing.T) {
	t.Parallel()
	Run(t, newMemory, some(Options{Seeds: 1000}))
}

// BenchmarkMonth measures a run of five devices over thirty days of virtual time.
func BenchmarkMonth(b *testing.B) {
	o, err := Options{Devices: 5, Steps: 1200}.withDefaults()
	if err != nil {
		b.Fatal(err)
	}
	var days time.Duration
	n := 0
	for b.Loop() {
		w, err := sim.Run(processes(newMemory), o, sim.Scenario{Steps: schedule.Draw(uint64(n), o.Domain)})
		if err != nil || w.Breach != nil {
			b.Fatal(err, w.Breach)
		}
		days += w.Lasted / (24 * time.Hour)
		n++
	}
	b.ReportMetric(float64(days)/float64(n), "days/op")
}

// TestSeedRepeatsItsStory checks that two runs of one seed have the same story.
func TestSeedRepeatsItsStory(t *testing.T) {
	o, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range 4 * rounds(5) {
		var stories []string
		for range 2 {
			w, err := sim.Run(processes(newMemory), o, sim.Scenario{Steps: schedule.Draw(seed, o.Domain), Tell: true})
			if err != nil || w.Breach != nil {
				t.Fatal(seed, err)
			}
			stories = append(stories, report.Timeline(w.Story))
		}
		if stories[0] != stories[1] {
			t.Fatal("two runs have different stories: seed", seed)
		}
	}
}

// TestStepTextIsParsedAsTheSameStep checks that the text of each drawn step, and of each plainer form, is parsed
// as the same step.
func TestStepTextIsParsedAsTheSameStep(t *testing.T) {
	o, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range 20 * rounds(10) {
		for _, s := range schedule.Draw(seed, o.Domain) {
			again, err := o.Grammar.ParseStep(s.String())
			if err != nil || again.String() != s.String() {
				t.Fatalf("the step %q was parsed as %q, with the error %v", s, again, err)
			}
			for _, p := range o.Grammar.Plainer(s) {
				for _, q := range p {
					if again, err := o.Grammar.ParseStep(q.String()); err != nil || again.String() != q.String() {
						t.Fatalf("the step %q was parsed as %q, with the error %v", q, again, err)
					}
				}
			}
		}
	}
}

func TestInvalidStepsAreRefused(t *testing.T) {
	o, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"", "ana", "zoe pushes", "ana flies", "server pushes", "ana restarts", "wait", "wait long", "ana edits",
		"ana edits 1 title", "ana edits 1 $x=1", "ana spoils 1 title=1", "ana resends -1", "ana clones zoe",
		"ana pushes, loudly", "ana pushes, zoe syncs at 1", "ana pushes, ben sings at 1", "ana pushes, server dies at 0", "ana clock late",
		"ana pushes, server dies at", "ana pushes, zoe storms", "ana pushes, cut at x", "ana floods 1 -1", "ana floods 1", "server reinstalls", "ana learns-time",
	} {
		if s, err := o.ParseStep(line); err == nil {
			t.Errorf("the invalid step %q was parsed as %q", line, s)
		}
	}
}

// TestMissingEventIsAnError checks that Check reports an event that never occurred in its runs.
func TestMissingEventIsAnError(t *testing.T) {
	err := Check(newMemory, Options{Fields: map[string][]string{"a": {"1"}}, OnlyFields: true, Steps: 3})
	if err == nil || !strings.Contains(err.Error(), "never occurred") {
		t.Fatal(err)
	}
}

// TestWrongChangedNamesTheWrites checks that a failure about the member changed names the two writes that
// were compared.
func TestWrongChangedNamesTheWrites(t *testing.T) {
	err := replay(replying(func(r *merge.Reply) { r.Changed = false }), Schedule{Steps: []string{
		"ana edits a x=1", "cem edits a x=null", "ana pushes, last only",
	}})
	if err == nil || !strings.Contains(err.Error(), "changed is false, but should be true: 1 by ana at +0s is the first write of x") {
		t.Error(err)
	}
	err = replay(replying(func(r *merge.Reply) { r.Changed = r.ID == "a" }), Schedule{Steps: []string{
		"ana edits a x=1", "cem edits a x=null", "cem pushes", "ana pushes",
	}})
	if err == nil || !strings.Contains(err.Error(), "changed is true, but should be false: null by cem at +0s wins over 1 by ana at +0s by client ID") {
		t.Error(err)
	}
}

// bare is a backend without the optional methods, and with its own clock.
type bare struct{ m *memory }

func (b bare) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	return b.m.Push(client, batch)
}

func (b bare) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	return b.m.Pull(client, cursor)
}

// A still implements surroundings: the time is fixed, and there are no other requests or crashes.
type still time.Time

func (s still) Now() time.Time { return time.Time(s) }
func (s still) Pause()         {}
func (s still) Crash() error   { return nil }

// newBare makes a bare backend.
func newBare(*Env) (Backend, error) {
	private := still(schedule.Start().Add(1000 * 24 * time.Hour))
	m := memory{env: private}
	b, err := m.open(newDisk())
	return bare{b.(*memory)}, err
}

func TestBackendWithoutOptionalMethodsPasses(t *testing.T) {
	t.Parallel()
	Run(t, newBare, some(Options{Devices: 1}))
}

// TestLawTextsAreComplete checks that each law has a distinct name, a statement, and a hint where to look.
func TestLawTextsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for l := law.Answered; l <= law.ClientSettles; l++ {
		text := l.Text()
		if text.Name == "" || text.Says == "" || text.Look == "" || names[text.Name] {
			t.Errorf("law %d lacks a distinct name, a statement or a hint: %+v", l, text)
		}
		names[text.Name] = true
	}
}

// TestOracleAndLibraryHaveTheSameOrder checks that the oracle orders writes as package record does.
func TestOracleAndLibraryHaveTheSameOrder(t *testing.T) {
	all := FieldValue()
	for i := range 300 {
		a, b := all.Example(i), all.Example(i*7+1)
		above, _ := oracle.Rule(check.WriteOf(a), check.WriteOf(b))
		if above != (a.Compare(b) > 0) {
			t.Fatal(a, b)
		}
	}
}
