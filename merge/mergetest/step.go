package mergetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// step is one thing that happens. Each makes sense whatever happened before, so that a
// schedule can be shrunk by leaving steps out: a push of an empty outbox does nothing.
// Its text is what a Schedule is made of.
type step struct {
	who  int    // the device, or server, or nobody
	verb string // what it does
	id   string // the record
	sets []assignment
	bad  string        // what is wrong with an item, one of flaws
	n    int           // which old batch
	by   time.Duration // of a wait or a clock
	whom int           // the device that is cloned
	push manner
}

const (
	server = -1
	nobody = -2
)

// assignment is a field and the JSON of its value, which is "deleted" for a deletion.
type assignment struct{ name, value string }

// manner is how a push or a pull goes.
type manner struct {
	lost      bool // the answer does not arrive
	twice     bool // the network delivers it twice
	reversed  bool // the items come in reverse
	last      bool // the last item overtakes the others
	meanwhile bool // its user edits before the answer arrives, if it is a Client
	dies      int  // the crash point at which the server dies, from 1
	at        int  // the pause in which another device syncs, from 1
	whom      int  // that device
}

// flaws are what can be wrong with an item.
func flaws() []string { return []string{"unstamped", "forged", "reserved"} }

// String returns the text of the step, which parseStep reads.
func (s step) String() string {
	who := "server"
	if s.who >= 0 {
		who = people()[s.who]
	}
	switch s.verb {
	case "wait":
		return "wait " + s.by.String()
	case "clock":
		sign := map[bool]string{true: "+"}[s.by >= 0]
		return who + " clock " + sign + s.by.String()
	case "edits", "writes":
		return strings.Join([]string{who, s.verb, s.id, assigned(s.sets)}, " ")
	case "spoils":
		return strings.Join([]string{who, s.verb, s.id, assigned(s.sets), s.bad}, " ")
	case "deletes", "restores":
		return strings.Join([]string{who, s.verb, s.id}, " ")
	case "resends":
		return fmt.Sprintf("%s resends %d", who, s.n)
	case "clones":
		return fmt.Sprintf("%s clones %s", who, people()[s.whom])
	}
	return who + " " + s.verb + s.push.String()
}

func assigned(sets []assignment) string {
	texts := make([]string, len(sets))
	for i, a := range sets {
		texts[i] = a.name + "=" + a.value
	}
	return strings.Join(texts, " ")
}

// String returns the flags as they stand behind a step.
func (m manner) String() string {
	var b strings.Builder
	for _, flag := range m.flags() {
		if *flag.on {
			b.WriteString(", " + flag.text)
		}
	}
	if m.dies > 0 {
		fmt.Fprintf(&b, ", server dies at %d", m.dies)
	}
	if m.at > 0 {
		fmt.Fprintf(&b, ", %s syncs at %d", people()[m.whom], m.at)
	}
	return b.String()
}

type flag struct {
	text string
	on   *bool
}

func (m *manner) flags() []flag {
	return []flag{{"answer lost", &m.lost}, {"twice", &m.twice}, {"reversed", &m.reversed}, {"last only", &m.last}, {"edits meanwhile", &m.meanwhile}}
}

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

// parseVerb reads what follows the verb.
func (s *step) parseVerb(rest []string) (err error) {
	arguments, known := map[string]int{
		"pushes": 0, "pulls": 0, "backs-up": 0, "is-restored": 0, "reinstalls": 0, "restarts": 0,
		"deletes": 1, "restores": 1, "resends": 1, "clones": 1, "clock": 1, "edits": 2, "writes": 2, "spoils": 3,
	}[s.verb]
	serves := s.verb == "restarts" || s.verb == "writes"
	if !known || len(rest) < arguments || serves != (s.who == server) {
		return errStep
	}
	switch s.verb {
	case "clock":
		s.by, err = time.ParseDuration(rest[0])
	case "resends":
		s.n, err = strconv.Atoi(rest[0])
		if s.n < 0 {
			err = errStep
		}
	case "clones":
		s.whom, err = person(rest[0])
	case "deletes", "restores":
		s.id = rest[0]
	case "spoils":
		s.bad = rest[len(rest)-1]
		if !slices.Contains(flaws(), s.bad) {
			return errStep
		}
		rest = rest[:len(rest)-1]
		fallthrough
	case "edits", "writes":
		s.id = rest[0]
		s.sets, err = parseSets(rest[1:])
	}
	return err
}

func parseSets(words []string) (sets []assignment, err error) {
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok || plain(name) != nil {
			return nil, errStep
		}
		sets = append(sets, assignment{name, value})
	}
	return sets, nil
}

func (m *manner) parse(parts []string) error {
next:
	for _, part := range parts {
		for _, flag := range m.flags() {
			if flag.text == part {
				*flag.on = true
				continue next
			}
		}
		words := strings.Fields(part)
		if len(words) < 2 || words[len(words)-2] != "at" {
			return errStep
		}
		n, err := strconv.Atoi(words[len(words)-1])
		if err != nil || n < 1 {
			return errStep
		}
		if strings.HasPrefix(part, "server dies at ") {
			m.dies = n
			continue
		}
		if m.whom, err = person(words[0]); err != nil || words[1] != "syncs" {
			return errStep
		}
		m.at = n
	}
	return nil
}

func person(name string) (int, error) {
	i := slices.Index(people(), name)
	if i < 0 {
		return 0, fmt.Errorf("%w: who is %q?", errStep, name)
	}
	return i, nil
}
