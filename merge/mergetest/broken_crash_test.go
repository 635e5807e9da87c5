package mergetest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// late has six crash points, and stores half an item at the last one.
func late(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	for range 5 {
		if err := o.env.Crash(); err != nil {
			return nil, err
		}
	}
	return halves(o, client, batch)
}

// goesOn ignores the error from Env.Crash.
func goesOn(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	if err := o.env.Crash(); err != nil {
		_ = err
	}
	env := o.env
	o.memory.env = still(env.Now()) // with this Env, Crash returns no error
	defer func() { o.memory.env = env }()
	return o.memory.Push(client, batch)
}

// brokenCrashes returns backends that mishandle crashes, or panic.
func brokenCrashes() []broken {
	return []broken{
		{"half an item is stored at the sixth crash point", ownOf(own{push: late}), []law.Law{law.Whole}},
		{"the error from Env.Crash is dropped", ownOf(own{push: goesOn}), []law.Law{law.Dies}},
		{"Push panics on a null value", ownOf(own{push: panics}), []law.Law{law.Panics}},
	}
}

// panics panics if a batch has a null value.
func panics(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	if bytes.Contains(batch, []byte(`"value":null`)) {
		var none map[string]bool
		//lint:ignore SA5000 the panic is what is tested
		none["null"] = true
	}
	return o.memory.Push(client, batch)
}

// TestPanicHasAStoryAndItsStack checks that a panic is reported with its story, and with a stack that begins
// where the panic happened.
func TestPanicHasAStoryAndItsStack(t *testing.T) {
	err := replay(ownOf(own{push: panics}), Schedule{Steps: []string{"ana edits a x=null", "ana pushes"}})
	for _, text := range []string{"nothing panics", "ana pushes", "mergetest.(*own).Push panicked: assignment to entry in nil map", "mergetest.panics\n", "broken_crash_test.go:"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("the failure lacks %q: %v", text, err)
		}
	}
	if w, err := sim.Run(processes(func(*Env) (Backend, error) { panic("early") }), sim.Config{}, sim.Scenario{}); err != nil || w.Breach.Law != law.Panics {
		t.Error(w, err)
	}
	c := newClient(func(clock.ClientID, func() time.Time) Client { return nil })
	if err := replay(newMemory, Schedule{Options: Options{NewClient: c}, Steps: []string{"ana edits a x=1"}}); err == nil || !strings.Contains(err.Error(), "NewClient returned nil") {
		t.Error(err)
	}
}

// TestUnusableBackendHasItsOwnError checks that a backend which is not empty, is nil, or cannot be made is not
// reported as a broken law.
func TestUnusableBackendHasItsOwnError(t *testing.T) {
	var kept Backend
	for name, make := range map[string]newBackend{
		"is not empty": func(env *Env) (b Backend, err error) {
			if kept == nil {
				kept, err = newMemory(env)
			}
			kept.(*memory).env = env
			return kept, err
		},
		"returned nil": func(*Env) (Backend, error) { return nil, nil },
		"no backend: ": func(*Env) (Backend, error) { return nil, errors.New("no disk") },
	} {
		if err := Check(make, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not contain %q: %v", name, err)
		}
	}
}

// TestNondeterministicBackendIsReported checks that the failure of a backend that behaves differently each time
// says how often it failed.
func TestNondeterministicBackendIsReported(t *testing.T) {
	runs := 0
	flaky := func(env *Env) (Backend, error) {
		if runs++; runs%3 == 0 {
			return newMemory(env)
		}
		return replying(func(r *merge.Reply) { r.Changed = false })(env)
	}
	err := Check(flaky, Options{})
	if err == nil || !strings.Contains(err.Error(), "Of 5 runs of these steps,") || !strings.Contains(err.Error(), "range over a map") {
		t.Fatal(err)
	}
}
