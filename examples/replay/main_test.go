package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestMain sets the number of checks of each property to 1,000 unless the command line sets it.
// Most faults show only in ties, which are rare.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}

// tb is the common part of *testing.T and *rapid.T.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

// replayed runs the program on a history from standard input, and returns its output. The program
// must succeed and print nothing on standard error.
func replayed(t tb, history string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if status := run(append(args, "-"), strings.NewReader(history), &out, &errs); status != 0 || errs.Len() > 0 {
		t.Fatalf("replay %q: status %d, standard error %q", args, status, errs.String())
	}
	return out.String()
}

// builtIn runs the program without a file.
func builtIn(t tb, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if status := run(args, nil, &out, &errs); status != 0 || errs.Len() > 0 {
		t.Fatalf("replay %q: status %d, standard error %q", args, status, errs.String())
	}
	return out.String()
}

// digestIn returns the digest at the end of a report.
func digestIn(t tb, report string) string {
	t.Helper()
	_, after, ok := strings.Cut(report, "\ndigest ")
	digest, _, _ := strings.Cut(after, "\n")
	if !ok || len(digest) != 64 {
		t.Fatalf("the report has no digest:\n%s", report)
	}
	return digest
}

const small = "testdata/small.jsonl"

func smallHistory(t tb) string {
	t.Helper()
	text, err := os.ReadFile(small)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(text)
}

// TestOutputEqualsTheGoldenFiles compares whole outputs, so that a change to the printed text shows
// in the diff.
func TestOutputEqualsTheGoldenFiles(t *testing.T) {
	for name, args := range map[string][]string{
		"report":    {small},
		"state":     {"-state", small},
		"split":     {"-shuffle", "5", "-split", "3", small},
		"time":      {"-explain", "tasks/1/title", small},
		"counter":   {"-explain", "tasks/1/status", small},
		"client":    {"-explain", "tasks/2/due", small},
		"deletion":  {"-explain", "tasks/3/notes", small},
		"value":     {"-explain", "tasks/3/priority", small},
		"deleted":   {"-explain", "tasks/4/title", small},
		"mark":      {"-explain", "tasks/4/$deleted", small},
		"ambiguous": {"-explain", "tasks/1/title/a", small},
		"cut":       {"-explain", "tasks/2/title", small},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if status := run(args, nil, &out, &errs); status != 0 || errs.Len() > 0 {
				t.Fatalf("status %d, standard error %q", status, errs.String())
			}
			golden(t, filepath.Join("testdata", name+".golden"), out.Bytes())
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s; got:\n%s", file, got)
	}
}

func TestBuiltInHistoryIsMarkedAsSimulatedAndHasOneDigest(t *testing.T) {
	report := builtIn(t)
	if !strings.Contains(report, "It is simulated") {
		t.Error("the report does not say that the history is simulated")
	}
	if !strings.HasSuffix(report, hints) {
		t.Error("the report does not say what to try next")
	}
	if story := builtIn(t, "-explain", "tasks/opening-night/due"); !strings.Contains(story, "simulated") {
		t.Error("the story does not say that the history is simulated")
	}
	digest := digestIn(t, report)
	state := builtIn(t, "-state")
	if got := digestIn(t, replayed(t, state)); got != digest {
		t.Errorf("the digest of the state, read back, is %s, want %s", got, digest)
	}
	for _, args := range [][]string{{"-shuffle", "1"}, {"-split", "7"}, {"-shuffle", "-2", "-split", "2"}} {
		if got := digestIn(t, builtIn(t, args...)); got != digest {
			t.Errorf("%q: digest %s, want %s", args, got, digest)
		}
		if got := builtIn(t, append(args, "-state")...); got != state {
			t.Errorf("%q: the state differs", args)
		}
	}
}

// TestShuffleDependsOnTheSeedAlone: -shuffle changes the order, and gives the same order for the
// same seed.
func TestShuffleDependsOnTheSeedAlone(t *testing.T) {
	story := func(seed string) string {
		return builtIn(t, "-shuffle", seed, "-explain", "tasks/opening-night/due")
	}
	if first, again := story("1"), story("1"); first != again {
		t.Error("one seed gave two orders")
	}
	if story("1") == story("2") && story("1") == story("3") {
		t.Error("three seeds gave one order")
	}
}

func TestWrongCommandLineIsAUsageError(t *testing.T) {
	for _, args := range [][]string{
		{"-unknown"},
		{small, small},
		{small, "-state", small},
		{"-split", "0"}, {"-split", "-1"}, {"-split", "101"}, {"-split", "x"}, {"-split"},
		{"-shuffle", ""}, {"-shuffle", "1.5"}, {"-shuffle", "x"},
		{"-explain", ""},
		{"-explain", "a/b/c", "-state"},
		{"-explain", "a/b/c", "-split", "2"},
		{""},
	} {
		var out, errs bytes.Buffer
		if status := run(args, strings.NewReader(""), &out, &errs); status != 2 {
			t.Errorf("%q: status %d, want 2", args, status)
		}
		lines := strings.Split(errs.String(), "\n")
		if out.Len() > 0 || len(lines) != 3 || lines[1] != "For help, run replay -h." {
			t.Errorf("%q: want the error and where to find help on standard error alone: standard output %q, standard error %q", args, out.String(), errs.String())
		}
	}
}

func TestHelpPrintsTheUsage(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help"} {
		var out, errs bytes.Buffer
		if status := run([]string{arg}, nil, &out, &errs); status != 0 || out.String() != usage || errs.Len() > 0 {
			t.Errorf("%s: the usage is not printed with status 0: status %d, standard output %q, standard error %q", arg, status, out.String(), errs.String())
		}
	}
}

func TestFlagsMayFollowTheFile(t *testing.T) {
	var before, after, errs bytes.Buffer
	run([]string{"-state", "-split", "2", small}, nil, &before, &errs)
	run([]string{small, "-state", "-split", "2"}, nil, &after, &errs)
	if errs.Len() > 0 || before.Len() == 0 || !bytes.Equal(before.Bytes(), after.Bytes()) {
		t.Errorf("flags before the file print %q, flags after it %q, standard error %q", before.String(), after.String(), errs.String())
	}
}

// full is a writer to a full device.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestFailedWriteOfTheOutputIsAnError(t *testing.T) {
	var errs bytes.Buffer
	if status := run([]string{small}, nil, full{}, &errs); status != 1 || errs.Len() == 0 {
		t.Errorf("status %d, standard error %q", status, errs.String())
	}
}
