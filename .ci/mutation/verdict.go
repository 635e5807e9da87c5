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

// outcome is what the tests say about a mutant.
type outcome string

const (
	killed   outcome = "killed"
	timedOut outcome = "killed by the timeout"
	survived outcome = "survived"
)

// verdict is the outcome of one mutant.
type verdict struct {
	mutant  mutant
	outcome outcome
}

// skipped returns the tests of a package that are too slow to run for each mutant, or
// that measure. A mutant that only they kill is listed with that reason.
func skipped(pkg string) string {
	switch pkg {
	case "record":
		return "^TestMemory$"
	case "merge":
		return "^(TestScope(B4|C3)|TestMemory|TestGrowth)"
	case "violation":
		return "^TestGrowth"
	}
	return "^$"
}

// atOnce is how many test binaries run at the same time.
const atOnce = 2

// verdictsOf compiles the candidates in their order until the sample is full, and runs the
// tests of each. A candidate that does not compile is not a mutant: the next takes its place.
func verdictsOf(o options, pkg string, candidates []mutant) ([]verdict, error) {
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t := tester{root: o.root, pkg: pkg, dir: dir}
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
		binary := filepath.Join(dir, fmt.Sprint(i))
		if !t.compile(m, binary) {
			<-places
			continue
		}
		verdicts = append(verdicts, verdict{mutant: m})
		at := len(verdicts) - 1
		running.Go(func() {
			outcomes[at] = t.test(binary)
			if o.verbose {
				fmt.Printf("%s: %s\n%s\n", m.id, outcomes[at], m.diff())
			}
			os.Remove(binary)
			<-places
		})
	}
	running.Wait()
	for i := range verdicts {
		verdicts[i].outcome = outcomes[i]
	}
	return verdicts, nil
}

// tester compiles and runs the tests of one package.
type tester struct {
	root, pkg, dir string
	timeout        time.Duration
}

// calibrate runs the tests without a mutant: they must pass. A mutant gets many times as
// long, and never less than half a minute, so only one that does not end is out of time,
// whatever else the machine does.
func (t *tester) calibrate() error {
	unchanged := filepath.Join(t.dir, "unchanged")
	if !t.compile(mutant{}, unchanged) {
		return fmt.Errorf("the tests of %s do not compile", t.pkg)
	}
	t.timeout = time.Hour
	start := time.Now()
	if t.test(unchanged) != survived {
		return fmt.Errorf("the tests of %s fail without a mutant", t.pkg)
	}
	t.timeout = max(30*time.Second, 10*time.Since(start))
	return nil
}

// compile builds the tests of a package with a mutant in place of its file, and reports
// whether that worked. The tree is not touched.
func (t *tester) compile(m mutant, binary string) bool {
	overlay := map[string]map[string]string{"Replace": {}}
	if m.file != "" {
		overlay["Replace"][m.file] = binary + ".go"
		if os.WriteFile(binary+".go", m.changed(), 0o600) != nil {
			return false
		}
	}
	text, err := json.Marshal(overlay)
	if err != nil || os.WriteFile(binary+".json", text, 0o600) != nil {
		return false
	}
	build := exec.Command("go", "test", "-c", "-ldflags=-s -w", "-overlay", binary+".json", "-o", binary, "./"+t.pkg)
	build.Dir = t.root
	return build.Run() == nil
}

// test runs compiled tests. They may use 4 GB of addresses, so that a mutant which fills
// the memory fails alone. Random tests use a fixed seed, do
// not shrink what fails, and leave no files.
func (t *tester) test(binary string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), t.timeout)
	defer cancel()
	limited := []string{"-c", `ulimit -v 4194304; exec "$@"`, "sh", binary}
	flags := []string{"-test.short", "-test.failfast", "-test.timeout=0", "-test.skip", skipped(t.pkg), "-rapid.seed=1", "-rapid.shrinktime=0s", "-rapid.nofailfile"}
	test := exec.CommandContext(ctx, "sh", slices.Concat(limited, flags)...)
	test.Dir = filepath.Join(t.root, t.pkg)
	err := test.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return timedOut
	case err != nil:
		return killed
	}
	return survived
}
