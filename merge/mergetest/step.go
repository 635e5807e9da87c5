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
// Its text is what a Schedule is made of. Its kind says which of the other members it has.
type step struct {
	who int // the device, or server, or nobody
	*kind
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

// is reports whether the step is of the kind with that name.
func (s step) is(name string) bool { return s.kind.name == name }

// String returns the text of the step, which grammar.parseStep reads.
func (s step) String() string {
	words := []string{s.name}
	switch {
	case s.who >= 0:
		words = []string{people()[s.who], s.name}
	case s.who == server:
		words = []string{"server", s.name}
	}
	for _, a := range s.args {
		if text := a.text(s); text != "" {
			words = append(words, text)
		}
	}
	return strings.Join(words, " ") + s.push.String()
}

// clipped returns the text of the step with long values cut.
func (s step) clipped() string {
	s.id, s.sets = clipped(s.id), slices.Clone(s.sets)
	for i, a := range s.sets {
		s.sets[i] = a.clipped()
	}
	return s.String()
}

func (a assignment) clipped() assignment { return assignment{clipped(a.name), clipped(a.value)} }

// String returns the assignment as it stands in a step.
func (a assignment) String() string { return asWord(a.name) + "=" + a.value }

func assigned(sets []assignment) string {
	texts := make([]string, len(sets))
	for i, a := range sets {
		texts[i] = a.String()
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
