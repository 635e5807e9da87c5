// Command mutation changes the code of a package in one place at a time and runs the tests that
// judge the package. A mutant that passes them is a survivor. The file survivors.txt must list
// exactly the survivors of a fixed sample, each with a reason.
//
//	go run . -sample 12 clock record record/internal/jsontext record/lens merge merge/imports violation
//	go run . -sample 60 -from 12 -v record
//	go run . -match Record.Get -sample 20 -v record
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// options are the flags of the command.
type options struct {
	root    string // the folder of the module
	sample  int    // number of mutants of each package
	from    int    // number of mutants to skip, in the order of their ranks
	match   string // text that the identity of each mutant must contain
	verbose bool
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "../..", "the folder of the module")
	flag.IntVar(&o.sample, "sample", 12, "number of mutants of each package to run")
	flag.IntVar(&o.from, "from", 0, "number of candidates to skip before the first")
	flag.StringVar(&o.match, "match", "", "run only mutants whose identity contains this text")
	flag.BoolVar(&o.verbose, "v", false, "print each mutant and its verdict")
	flag.Parse()
	if err := run(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run runs the sample of each package, and compares the survivors with survivors.txt.
func run(o options, packages []string) error {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return err
	}
	o.root = root
	known, err := reviewed("survivors.txt")
	if err != nil {
		return err
	}
	agree := true
	for _, pkg := range packages {
		all, err := mutantsOf(root, pkg)
		if err != nil {
			return err
		}
		for _, id := range stale(known, pkg, all) {
			agree = false
			fmt.Printf("%s: survivors.txt lists this mutant, but the code no longer has it\n", id)
		}
		verdicts, err := verdictsOf(o, pkg, sampled(o, all, known))
		if err != nil {
			return err
		}
		agree = report(o, pkg, verdicts, known) && agree
	}
	if !agree {
		return errors.New("the survivors differ from survivors.txt: add a test that kills the mutant, or list the mutant with the reason")
	}
	return nil
}

// report prints the verdicts on a package, and reports whether survivors.txt lists exactly the
// survivors.
func report(o options, pkg string, verdicts []verdict, known map[string]string) bool {
	agree := true
	count := map[outcome]int{}
	for _, v := range verdicts {
		count[v.outcome]++
		_, listed := known[v.mutant.id]
		switch {
		case v.outcome == survived && !listed:
			fmt.Printf("%s: survived, but survivors.txt does not list it\n%s\n", v.mutant.id, v.mutant.diff())
			agree = false
		case v.outcome != survived && listed:
			fmt.Printf("%s: %s, but survivors.txt lists it\n", v.mutant.id, v.outcome)
			agree = false
		}
	}
	fmt.Printf("%s: %d mutants, %d killed, %d timed out, %d survived\n",
		pkg, len(verdicts), count[killed], count[timedOut], count[survived])
	return agree
}

// reviewed reads the identities and reasons of the survivors that a file lists.
func reviewed(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for line := range strings.Lines(string(text)) {
		id, reason, _ := strings.Cut(strings.TrimSpace(line), " ")
		if id == "" || id == "#" {
			continue
		}
		if reason == "" {
			return nil, fmt.Errorf("%s: %s has no reason: write one after a space", file, id)
		}
		known[id] = reason
	}
	return known, nil
}
