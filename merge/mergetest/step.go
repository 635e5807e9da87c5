package mergetest

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
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
	n    int           // which old batch, or how many items
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
	closed    bool // a Client is closed and opened again between two pages
	twice     bool // the network delivers it twice
	reversed  bool // the items come in reverse
	last      bool // the last item overtakes the others
	doubled   bool // all items are in the batch twice
	meanwhile bool // its user edits before the answer arrives, if it is a Client
	spelled   bool // the batch has another spelling than the canonical one
	storms    bool // another device edits the same and pushes, in every pause
	unread    bool // nobody pulls after it
	dies      int  // the crash point at which the server dies, from 1
	at        int  // the pause in which another device syncs, from 1; within a pull also between two pages
	whom      int  // that device
	garbled   int  // the byte that is garbled in a copy that comes first, from 1
	cut       int  // the byte before which a copy ends that comes first, from 1
}

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
	case "edits", "adds", "writes":
		return strings.TrimSpace(strings.Join([]string{who, s.verb, asWord(s.id), assigned(s.sets)}, " "))
	case "spoils":
		return strings.Join([]string{who, s.verb, asWord(s.id), assigned(s.sets), s.bad}, " ")
	case "deletes", "restores":
		return strings.Join([]string{who, s.verb, asWord(s.id)}, " ")
	case "resends":
		return fmt.Sprintf("%s resends %d", who, s.n)
	case "floods":
		return fmt.Sprintf("%s floods %s %d", who, asWord(s.id), s.n)
	case "clones":
		return fmt.Sprintf("%s clones %s", who, people()[s.whom])
	}
	return who + " " + s.verb + s.push.String()
}

// told returns the text of the step with long values cut.
func (s step) told() string {
	s.id, s.sets = clipped(s.id), slices.Clone(s.sets)
	for i, a := range s.sets {
		s.sets[i] = assignment{clipped(a.name), clipped(a.value)}
	}
	return s.String()
}

// editing tells of an edit that is no step.
func editing(id string, a assignment) string {
	s := step{who: server, verb: "edits", id: id, sets: []assignment{a}}
	return strings.TrimPrefix(s.told(), "server ")
}

func assigned(sets []assignment) string {
	texts := make([]string, len(sets))
	for i, a := range sets {
		texts[i] = asWord(a.name) + "=" + a.value
	}
	return strings.Join(texts, " ")
}

// asWord returns a name as one word of a step, which fromWord reads.
func asWord(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsSpace(r) || r == '=' || r == '\\' {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// String returns the flags as they stand behind a step.
func (m manner) String() string {
	var b strings.Builder
	for _, flag := range m.flags() {
		if *flag.on {
			b.WriteString(", " + flag.text)
		}
	}
	for _, place := range m.places() {
		if *place.at > 0 {
			fmt.Fprintf(&b, ", %s at %d", place.text, *place.at)
		}
	}
	if m.at > 0 {
		fmt.Fprintf(&b, ", %s syncs at %d", people()[m.whom], m.at)
	}
	if m.storms {
		fmt.Fprintf(&b, ", %s storms", people()[m.whom])
	}
	return b.String()
}

type flag struct {
	text string
	on   *bool
}

func (m *manner) flags() []flag {
	return []flag{
		{"answer lost", &m.lost}, {"closed between pages", &m.closed}, {"twice", &m.twice}, {"reversed", &m.reversed}, {"last only", &m.last},
		{"doubled", &m.doubled}, {"edits meanwhile", &m.meanwhile}, {"spelled otherwise", &m.spelled}, {"unread", &m.unread},
	}
}

// place is where something happens, counted from 1.
type place struct {
	text string
	at   *int
}

func (m *manner) places() []place {
	return []place{{"server dies", &m.dies}, {"garbled", &m.garbled}, {"cut", &m.cut}}
}
