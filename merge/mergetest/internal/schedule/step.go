// Package schedule has schedules: what their steps are made of and how they read, how they are drawn from a
// seed, and how one that breaks a law is made small. It knows no backend and no device.
package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Step is one thing that happens. Each makes sense whatever happened before, so that a
// schedule can be shrunk by leaving steps out: a push of an empty outbox does nothing.
// Its text is what a Schedule is made of. Its kind says which of the other members it has.
type Step struct {
	Who int // the device, the server, or none
	*Kind
	ID     string // the record
	Sets   []Assignment
	Bad    string        // what is wrong with an item, one of flaws
	N      int           // which old batch, or how many items
	By     time.Duration // of a wait or a clock
	Whom   int           // the device that is cloned
	Manner Manner
}

const (
	Server = -1
	none   = -2
)

// Assignment is a field and the JSON of its value, which is "deleted" for a deletion.
type Assignment struct{ Name, Value string }

// Is reports whether the step is of the kind with that name.
func (s Step) Is(name string) bool { return s.Kind.Name == name }

// String returns the text of the step, which grammar.parseStep reads.
func (s Step) String() string {
	words := []string{s.Name}
	switch {
	case s.Who >= 0:
		words = []string{People()[s.Who], s.Name}
	case s.Who == Server:
		words = []string{"server", s.Name}
	}
	for _, a := range s.Args {
		if text := a.text(s); text != "" {
			words = append(words, text)
		}
	}
	return strings.Join(words, " ") + s.Manner.String()
}

// Clipped returns the text of the step with long values cut.
func (s Step) Clipped() string {
	s.ID, s.Sets = Clipped(s.ID), slices.Clone(s.Sets)
	for i, a := range s.Sets {
		s.Sets[i] = a.clipped()
	}
	return s.String()
}

func (a Assignment) clipped() Assignment { return Assignment{Clipped(a.Name), Clipped(a.Value)} }

// String returns the assignment as it stands in a step.
func (a Assignment) String() string { return AsWord(a.Name) + "=" + a.Value }

func assigned(sets []Assignment) string {
	texts := make([]string, len(sets))
	for i, a := range sets {
		texts[i] = a.String()
	}
	return strings.Join(texts, " ")
}

// AsWord returns a name as one word of a step, which fromWord reads.
func AsWord(name string) string {
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

// Editing describes an edit that is not a step.
func Editing(id string, a Assignment) string {
	return "edits " + AsWord(Clipped(id)) + " " + a.clipped().String()
}

// Clipped returns the beginning of a long text.
func Clipped(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}
