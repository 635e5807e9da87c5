package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// outcome is the result of running the tests on a mutant.
type outcome string

const (
	killed   outcome = "killed"
	timedOut outcome = "killed by the timeout"
	survived outcome = "survived"
)

// verdict is a mutant and its outcome.
type verdict struct {
	mutant  mutant
	outcome outcome
}

// judges returns the packages whose tests judge the mutants of a package, the fastest first. A
// mutant is killed if a test of any of them fails.
func judges(pkg string) []string {
	if pkg == "merge" {
		return []string{"merge", "merge/internal/lawtest"}
	}
	return []string{pkg}
}

// atOnce is the number of mutants whose tests run at the same time.
const atOnce = 2

// verdictsOf compiles the candidates in their order until the sample is full, and runs the tests
// of each. A candidate that does not compile is not a mutant: the next candidate takes its place.
func verdictsOf(o options, pkg string, candidates []mutant) ([]verdict, error) {
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t := tester{root: o.root, judges: judges(pkg), dir: dir}
	if err := t.calibrate(); err != nil {
		return nil, err
	}
	var verdicts []verdict
	var running sync.WaitGroup
	places := make(chan struct{}, atOnce)
	outcomes := make([]outcome, len(candidates))
	for i, m := range candidates {
		if len(verdicts) == o.sample {
			break
		}
		places <- struct{}{}
		binaries := filepath.Join(dir, fmt.Sprint(i))
		if !t.compile(m, binaries) {
			<-places
			continue
		}
		verdicts = append(verdicts, verdict{mutant: m})
		at := len(verdicts) - 1
		running.Go(func() {
			outcomes[at] = t.test(binaries)
			if o.verbose {
				fmt.Printf("%s: %s\n%s\n", m.id, outcomes[at], m.diff())
			}
			os.RemoveAll(binaries)
			<-places
		})
	}
	running.Wait()
	for i := range verdicts {
		verdicts[i].outcome = outcomes[i]
	}
	return verdicts, nil
}

// tester compiles and runs the tests that judge a package.
type tester struct {
	root, dir string
	judges    []string
	timeout   time.Duration // time limit for the tests of each judge
}

// calibrate runs the tests without a mutant, and returns an error if they fail. The timeout of a
// mutant is ten times the duration of this run, and at least half a minute, so only a mutant that
// does not end exceeds it, whatever the load of the machine.
func (t *tester) calibrate() error {
	unchanged := filepath.Join(t.dir, "unchanged")
	if !t.compile(mutant{}, unchanged) {
		return fmt.Errorf("the tests of %v do not compile", t.judges)
	}
	t.timeout = time.Hour
	start := time.Now()
	if t.test(unchanged) != survived {
		return fmt.Errorf("the tests of %v fail without a mutant", t.judges)
	}
	t.timeout = max(30*time.Second, 10*time.Since(start))
	return nil
}

// compile builds the tests of each judge into the folder binaries, with the mutant in place of its
// file, and reports whether they compiled. It does not change the working tree.
func (t *tester) compile(m mutant, binaries string) bool {
	if os.MkdirAll(binaries, 0o700) != nil {
		return false
	}
	overlay := map[string]map[string]string{"Replace": {}}
	if m.file != "" {
		changed := filepath.Join(binaries, "changed.go")
		overlay["Replace"][m.file] = changed
		if os.WriteFile(changed, m.changed(), 0o600) != nil {
			return false
		}
	}
	replaced := filepath.Join(binaries, "overlay.json")
	text, err := json.Marshal(overlay)
	if err != nil || os.WriteFile(replaced, text, 0o600) != nil {
		return false
	}
	for i, judge := range t.judges {
		binary := filepath.Join(binaries, fmt.Sprint(i))
		build := exec.Command("go", "test", "-c", "-ldflags=-s -w", "-overlay", replaced, "-o", binary, "./"+judge)
		build.Dir = t.root
		if build.Run() != nil {
			return false
		}
	}
	return true
}

// test runs the compiled tests of the judges until one fails.
func (t *tester) test(binaries string) outcome {
	for i, judge := range t.judges {
		binary := filepath.Join(binaries, fmt.Sprint(i))
		if o := t.run(binary, filepath.Join(t.root, judge)); o != survived {
			return o
		}
	}
	return survived
}

// run runs one test binary in the folder of its package. The binary may use at most 4 GB of address
// space, so a mutant that fills the memory affects no other process. Random tests use a fixed seed,
// do not shrink failures, and leave no files.
func (t *tester) run(binary, folder string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), t.timeout)
	defer cancel()
	limited := []string{"-c", `ulimit -v 4194304; exec "$@"`, "sh", binary}
	flags := []string{"-test.short", "-test.failfast", "-test.timeout=0"}
	test := exec.CommandContext(ctx, "sh", slices.Concat(limited, flags)...)
	test.Dir = folder
	test.Env = append(os.Environ(), "RAPID_SEED=1", "RAPID_SHRINKTIME=0s", "RAPID_NOFAILFILE=true")
	err := test.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return timedOut
	case err != nil:
		return killed
	}
	return survived
}
