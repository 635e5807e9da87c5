package mergetest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/report"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// TestCorrectClientsPass checks that correct clients pass, and that every event occurs.
func TestCorrectClientsPass(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]clientQuirks{
		"plain": {}, "coalesces": {coalesces: true}, "sends an array in another spelling": {asArray: true, respells: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, newMemory, some(Options{NewClient: newApp(q)}))
		})
	}
	t.Run("the Client is the only device", func(t *testing.T) {
		t.Parallel()
		Run(t, newMemory, some(Options{Devices: 1, NewClient: newApp(clientQuirks{})}))
	})
	t.Run("concurrent requests get an error", func(t *testing.T) {
		t.Parallel()
		Run(t, ownOf(own{push: busy}), some(Options{NewClient: newApp(clientQuirks{})}))
	})
}

// TestClientMayPutItsClockBelowTheBound: a write of the server may lie just above the bound. A client whose edit above
// it was refused may stamp other edits by the time again, and may as well stay above it.
func TestClientMayPutItsClockBelowTheBound(t *testing.T) {
	t.Parallel()
	for _, limits := range []bool{false, true} {
		Replay(t, newMemory, Schedule{
			Options: Options{NewClient: newApp(clientQuirks{limits: limits}), IDs: []string{"a", "b", "c"}},
			Steps: []string{
				`dan clock +5m0s`,
				`dan edits b points="9"`,
				`dan pushes`,
				`ben pulls`,
				`ben ticks`,
				`ben edits b points=deleted`,
				`ben pushes`,
				`server writes b points="10"`,
				`cem pulls`,
				`cem edits b points="9"`,
				`cem pushes`,
				`cem edits c title="x"`,
			},
		})
	}
}

// brokenClients are the mistakes of a client of any server.
func brokenClients() []brokenClient {
	return []brokenClient{
		{"does not observe pulled stamps", newApp(clientQuirks{deaf: true}), []law.Law{law.ClientObserves}},
		{"a corrected clock forgets confirmed stamps", newApp(clientQuirks{deafNew: true}), []law.Law{law.ClientObserves}},
		{"a refused item is shown", newApp(clientQuirks{keepsRefused: true}), []law.Law{law.ClientRollback}},
		{"a refused item stays in the outbox", newApp(clientQuirks{staysRefused: true}), []law.Law{law.ClientRollback}},
		{"a refused item is sent forever", newApp(clientQuirks{sendsRefused: true}), []law.Law{law.ClientRefused}},
		{"a retry is restamped", newApp(clientQuirks{restampsRetry: true}), []law.Law{law.ClientRetry}},
		{"sent items are forgotten", newApp(clientQuirks{forgets: true}), []law.Law{law.ClientKeeps}},
		{"an answer clears the outbox", newApp(clientQuirks{clears: true}), []law.Law{law.ClientEdit, law.ClientKeeps}},
		{"an answer clears all edits of its record", newApp(clientQuirks{clearsRecord: true}), []law.Law{law.ClientEdit, law.ClientKeeps}},
		{"pulls are joined with edits", newApp(clientQuirks{joins: true}), []law.Law{law.ClientRollback, law.ClientSettles}},
		{"pulls are ignored while an edit waits", newApp(clientQuirks{busyIgnores: true}), []law.Law{law.ClientShows}},
		{"an edit changes an item in flight", newApp(clientQuirks{coalesces: true, coalescesSent: true}), []law.Law{law.ClientKeeps, law.ClientEdit, law.ClientBase}},
		{"accepted fields replace the record", newApp(clientQuirks{replaces: true}), []law.Law{law.ClientShows}},
		{"items too far ahead are dropped", newApp(clientQuirks{dropsLate: true}), []law.Law{law.ClientKeeps}},
		{"no base", newApp(clientQuirks{baseless: true}), []law.Law{law.ClientBase}},
		{"the base is an edit that was never sent", newApp(clientQuirks{coalesces: true, lastBase: true}), []law.Law{law.ClientBase}},
		{"the base is the confirmed stamp", newApp(clientQuirks{baseOfOwn: true}), []law.Law{law.ClientBase}},
		{"whole records are sent", newApp(clientQuirks{sendsAll: true}), []law.Law{law.ClientInvents}},
		{"a wrong clock is not corrected", newApp(clientQuirks{ignoresLate: true}), []law.Law{law.ClientSettles}},
		{"edits stamped by a wrong clock are not restamped", newApp(clientQuirks{trustsClock: true}), []law.Law{law.ClientSettles}},
		{"accepted items are not confirmed", newApp(clientQuirks{unconfirmed: true}), []law.Law{law.ClientShows}},
		{"deletions are not kept", newApp(clientQuirks{skipsDeleted: true}), []law.Law{law.ClientShows}},
		{"the counter wraps when it is full", newApp(clientQuirks{wraps: true}), []law.Law{law.ClientObserves, law.ClientEdit}},
		{"sends items without an ID", newApp(clientQuirks{nameless: true}), []law.Law{law.ClientErrors}},
		{"stamps edits with an ID that is not its own", newApp(clientQuirks{foreign: true}), []law.Law{law.ClientEdit}},
		{"stops at a refused item", newApp(clientQuirks{stalls: true}), []law.Law{law.ClientRollback, law.ClientShows}},
	}
}

// TestBrokenClientsAreFound checks that the kit finds each mistake and names a law that it breaks.
// With SHOW=1 and -v, it prints the text of each failure.
func TestBrokenClientsAreFound(t *testing.T) {
	checkClients(t, append(brokenClients(), brokenCounterClients()...))
}

// TestSeedWithClientsRepeatsItsStory checks that two runs of one seed with Clients have the same story.
func TestSeedWithClientsRepeatsItsStory(t *testing.T) {
	t.Parallel()
	o, err := Options{NewClient: newApp(clientQuirks{})}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range 4 * rounds(5) {
		var stories []string
		for range 2 {
			steps := schedule.Draw(seed, o.Domain)
			for _, s := range steps {
				if again, err := o.Grammar.ParseStep(s.String()); err != nil || again.String() != s.String() {
					t.Fatalf("the step %q was parsed as %q, with the error %v", s, again, err)
				}
			}
			w, err := sim.Run(processes(newMemory), o, sim.Scenario{Steps: steps, Tell: true})
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

// TestClientFailureCanBeReplayed checks the test that the kit prints when a client fails: the same client
// fails it in the same way, and a correct client passes it.
func TestClientFailureCanBeReplayed(t *testing.T) {
	o := Options{NewClient: newApp(clientQuirks{restampsRetry: true})}
	err := Check(newMemory, o)
	if err == nil || !strings.Contains(err.Error(), "Options: mergetest.Options{NewClient: newClient}") {
		t.Fatal(err)
	}
	_, source, _ := strings.Cut(err.Error(), "Steps: []string{")
	s := Schedule{Options: o}
	for line := range strings.Lines(source) {
		if text, err := strconv.Unquote(strings.TrimSuffix(strings.TrimSpace(line), ",")); err == nil {
			s.Steps = append(s.Steps, text)
		}
	}
	if again := replay(newMemory, s); again == nil || !strings.HasPrefix(err.Error(), again.Error()) {
		t.Fatalf("the failure is\n\n%v\n\nbut the replayed failure is\n\n%v", err, again)
	}
	s.Options.NewClient = newApp(clientQuirks{})
	if err := replay(newMemory, s); err != nil {
		t.Fatal(err)
	}
}
