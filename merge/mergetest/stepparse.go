package mergetest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var errStep = errors.New("no such step")

// parseSteps reads the steps of a schedule.
func parseSteps(lines []string) ([]step, error) {
	steps := make([]step, len(lines))
	for i, line := range lines {
		var err error
		if steps[i], err = parseStep(line); err != nil {
			return nil, fmt.Errorf("mergetest: step %d, %q: %w", i+1, line, err)
		}
	}
	return steps, nil
}

func parseStep(line string) (s step, err error) {
	head, tail, _ := strings.Cut(line, ", ")
	words := strings.Fields(head)
	if len(words) < 2 {
		return s, errStep
	}
	if words[0] == "wait" {
		s = step{who: nobody, verb: "wait"}
		s.by, err = time.ParseDuration(words[1])
		return s, err
	}
	s.who, s.verb = slices.Index(people(), words[0]), words[1]
	if s.who < 0 && words[0] != "server" {
		return s, fmt.Errorf("%w: who is %q?", errStep, words[0])
	}
	if err := s.parseVerb(words[2:]); err != nil {
		return s, err
	}
	if tail != "" {
		return s, s.push.parse(strings.Split(tail, ", "))
	}
	return s, nil
}

// grammar has, for each verb, how many arguments follow it, and whose it is.
func grammar(verb string) (arguments int, devices, servers bool) {
	switch verb {
	case "pushes", "pulls", "reinstalls", "ticks", "reopens":
		return 0, true, false
	case "deletes", "restores", "resends", "clones", "clock":
		return 1, true, false
	case "edits":
		return 1, true, false
	case "adds", "floods":
		return 2, true, false
	case "spoils":
		return 3, true, false
	case "restarts", "forgets-time", "learns-time":
		return 0, false, true
	case "writes":
		return 2, false, true
	case "backs-up", "is-restored":
		return 0, true, true
	}
	return 0, false, false
}

// parseVerb reads what follows the verb.
func (s *step) parseVerb(rest []string) (err error) {
	arguments, devices, servers := grammar(s.verb)
	if len(rest) < arguments || s.who == server && !servers || s.who != server && !devices {
		return errStep
	}
	switch s.verb {
	case "clock":
		s.by, err = time.ParseDuration(rest[0])
	case "resends":
		s.n, err = count(rest[0])
	case "floods":
		s.id = fromWord(rest[0])
		s.n, err = count(rest[1])
	case "clones":
		s.whom, err = person(rest[0])
	case "deletes", "restores":
		s.id = fromWord(rest[0])
	case "spoils":
		s.id, s.bad = fromWord(rest[0]), rest[len(rest)-1]
		s.sets, err = parseSets(rest[1 : len(rest)-1])
	case "edits", "adds", "writes":
		s.id = fromWord(rest[0])
		s.sets, err = parseSets(rest[1:])
	}
	return err
}

var escape = regexp.MustCompile(`\\u[0-9a-f]{4}`)

// fromWord returns the name that a word of a step stands for.
func fromWord(word string) string {
	return escape.ReplaceAllStringFunc(word, func(text string) string {
		n, _ := strconv.ParseUint(text[2:], 16, 16) // it has four digits
		return string(rune(n))
	})
}

func count(word string) (n int, err error) {
	if n, err = strconv.Atoi(word); err == nil && n < 0 {
		err = errStep
	}
	return n, err
}

func parseSets(words []string) (sets []assignment, err error) {
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		name = fromWord(name)
		if !ok || plain(name) != nil {
			return nil, errStep
		}
		sets = append(sets, assignment{name, value})
	}
	return sets, nil
}

func (m *manner) parse(parts []string) (err error) {
	for _, part := range parts {
		if m.parseFlag(part) {
			continue
		}
		words := strings.Fields(part)
		if len(words) == 2 && words[1] == "storms" {
			m.storms = true
			m.whom, err = person(words[0])
		} else {
			err = m.parsePlace(words)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *manner) parseFlag(part string) bool {
	for _, flag := range m.flags() {
		if flag.text == part {
			*flag.on = true
			return true
		}
	}
	return false
}

// parsePlace reads what happens at some place: ben syncs at 1.
func (m *manner) parsePlace(words []string) error {
	last := len(words) - 1
	if last < 2 || words[last-1] != "at" {
		return errStep
	}
	n, err := strconv.Atoi(words[last])
	if err != nil || n < 1 {
		return errStep
	}
	what := strings.Join(words[:last-1], " ")
	for _, place := range m.places() {
		if place.text == what {
			*place.at = n
			return nil
		}
	}
	if len(words) != 4 || words[1] != "syncs" {
		return errStep
	}
	m.at = n
	m.whom, err = person(words[0])
	return err
}

func person(name string) (int, error) {
	i := slices.Index(people(), name)
	if i < 0 {
		return 0, fmt.Errorf("%w: who is %q?", errStep, name)
	}
	return i, nil
}
