// Package schedule implements schedules: it writes and reads their steps, draws them from a seed,
// and shrinks a schedule that breaks a law. It knows neither backends nor devices.
package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Step is one event of a run. A step is possible whatever happened before it, so a schedule can
// be shrunk by leaving out steps: a push of an empty outbox does nothing. The text of a step is a
// line of a Schedule. Its kind decides which of the other members it uses.
type Step struct {
	Who int // the number of a device, Server, or none
	*Kind
	ID     string // the ID of the record
	Sets   []Assignment
	Bad    string        // the flaw of an item
	N      int           // the position of an old batch, or the number of edits or fields
	By     time.Duration // the length of a wait, or the lead of a clock
	Whom   int           // the device that is cloned
	Bucket string        // the bucket that is granted or revoked
	Manner Manner
}

const (
	Server = -1
	none   = -2
)

// Assignment is a field and its value as JSON, or the word deleted for a deletion.
type Assignment struct{ Name, Value string }

// Is reports whether the step is of the kind with the given name.
func (s Step) Is(name string) bool { return s.Kind.Name == name }

// String returns the text of the step, which Grammar.ParseStep reads.
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

// Clipped returns the text of the step with its long names and values cut.
func (s Step) Clipped() string {
	s.ID, s.Sets = Clipped(s.ID), slices.Clone(s.Sets)
	for i, a := range s.Sets {
		s.Sets[i] = a.clipped()
	}
	return s.String()
}

func (a Assignment) clipped() Assignment { return Assignment{Clipped(a.Name), Clipped(a.Value)} }

// String returns the assignment as it is written in a step.
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

// Clipped returns the beginning of a long text, and a short text unchanged.
func Clipped(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}
