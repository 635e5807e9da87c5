package mergetest

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/bridge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/report"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

var all = flag.Bool("all", false, "check every mistake of a client in a program as well")

// throughBridge returns a constructor of clients that the test binary runs as a program.
func throughBridge(t *testing.T, name string) newClient {
	return Command(t, os.Args[0], serveArgument, name)
}

// TestClientsInAProgramRunAsInProcess checks that each seed has the same story with a client in a program as with the
// same client in this process.
func TestClientsInAProgramRunAsInProcess(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]newBackend{
		"plain": newMemory, "closed and opened again": purging(purgeRule{level: 2, leaves: true}),
		"of a server with buckets": sharing(shareRule{purgeRule: purgeRule{level: 2}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inProcess, inProgram := served()[name], throughBridge(t, name)
			for seed := range 4 * rounds(5) {
				if want, got := storyOf(t, create, inProcess, seed), storyOf(t, create, inProgram, seed); got != want {
					t.Fatalf("seed %d has the story\n%s\nand in a program\n%s", seed, want, got)
				}
			}
		})
	}
}

// storyOf runs a seed on a correct backend and returns what happened.
func storyOf(t *testing.T, create newBackend, client newClient, seed uint64) string {
	t.Helper()
	given := Options{NewClient: client}
	o, err := given.withDefaults()
	if err := errors.Join(err, probe(processes(create), given, &o)); err != nil {
		t.Fatal(err)
	}
	r, err := sim.Run(processes(create), o, sim.Scenario{Steps: schedule.Draw(seed, o.Domain), Tell: true})
	if err != nil || r.Breach != nil {
		t.Fatal(seed, err, r.Breach)
	}
	return report.Timeline(r.Story)
}

// TestBrokenClientsInAProgramAreFound checks that the kit finds each mistake of a client in a program at the same seed,
// with the same law and the same shrunk schedule, as in this process. Without -all, it checks every fourth mistake.
func TestBrokenClientsInAProgramAreFound(t *testing.T) {
	t.Parallel()
	for _, group := range []struct {
		create  func() newBackend
		clients []brokenClient
		o       Options
	}{
		{func() newBackend { return newMemory }, slices.Concat(brokenClients(), forgetfulClients()), Options{}},
		{func() newBackend { return purging(purgeRule{level: 2, leaves: true}) }, clientsOfPurgers(), Options{}},
		{func() newBackend { return sharing(shareRule{purgeRule: purgeRule{level: 2}}) }, clientsOfSharers(), Options{Steps: 150}},
	} {
		for i, c := range group.clients {
			if i%4 != 0 && !*all {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				o := group.o
				o.NewClient = c.make
				want := Check(group.create(), o)
				o.NewClient = throughBridge(t, c.name)
				got := Check(group.create(), o)
				if want == nil || got == nil || got.Error() != want.Error() {
					t.Errorf("in this process:\n%v\nin a program:\n%v", want, got)
				}
			})
		}
	}
}

// TestFailureOfAProgramNamesTheCall checks what is printed if a program fails. A run in which it hangs is not repeated.
func TestFailureOfAProgramNamesTheCall(t *testing.T) {
	t.Parallel()
	for name, says := range map[string][]string{
		"ends": {"broken law: " + law.ClientErrors.Text().Name, "shrunk from", "\n  Pulled by cem: the program ended (exit status 3), when it was asked\n  {\"call\":\"pulled\",\"client\":",
			"\n  Its standard error ends:\n  index out of range\n"},
		"hangs":                {"broken law: " + law.ClientAnswers.Text().Name, " by ana: the program did not answer within 5s: i/o timeout, when it was asked", "set First to 0 in the Options"},
		"writes garbage":       {"broken law: " + law.ClientErrors.Text().Name, "not an answer (invalid character 'p' looking for beginning of value): pulling"},
		"shows another record": {"broken law: " + law.ClientErrors.Text().Name, "Shown by cem: the result is the record tasks/another instead of "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deadline := time.Minute
			if name == "hangs" {
				deadline = 5 * time.Second
			}
			p := &bridge.Program{Command: []string{os.Args[0], serveArgument, name}, Deadline: deadline}
			err := Check(newMemory, Options{NewClient: command(t, p)})
			if err == nil {
				t.Fatal("the failure was not found")
			}
			for _, text := range says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("the failure does not say %q:\n%v", text, err)
				}
			}
		})
	}
}
