package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// erasedJournal returns the journal of a server that erased a record after two pushes. A third push
// has an item on the erased record and an item on another record.
func erasedJournal(t *testing.T) string {
	key := record.Key{Table: "tasks", ID: "1"}
	ana, ben := newDevice("a1"), newDevice("b2")
	s := newServer(nil)
	s.push(ana.at("02 09:00:00.000"), ana.set("1", "02 09:00:00.000", "title", "Secret"))
	s.push(ben.at("02 10:00:00.000"), ben.set("1", "02 10:00:00.000", "title", "Ben's secret"))
	stored, _ := s.state.Get(key)
	erased, err := merge.Erase(stored, clock.Stamp{Client: clock.ClientID{9}})
	if err != nil {
		t.Fatal(err)
	}
	s.state = merge.Collect(erased)
	s.push(ana.at("02 11:00:00.000"), ana.set("1", "02 11:00:00.000", "title", "A late secret"), ana.set("2", "02 11:00:00.000", "title", "kept"))
	e := merge.JournalEraser{Erases: func(r record.Record) bool { return r.Key() == key }}
	var all []byte
	for _, pass := range []func(line []byte) ([]byte, error){
		func(line []byte) ([]byte, error) { return line, e.Collect(line) }, e.Rewrite,
	} {
		all = nil
		for line := range bytes.Lines(s.journal) {
			line, err := pass(bytes.TrimSuffix(line, []byte("\n")))
			if err != nil {
				t.Fatal(err)
			}
			all = append(append(all, line...), '\n')
		}
	}
	return string(all)
}

// TestErasedJournalIsReplayed: every answer of the journal is as recorded, and the lost edit is still
// found.
func TestErasedJournalIsReplayed(t *testing.T) {
	journal := erasedJournal(t)
	if strings.Contains(strings.ToLower(journal), "secret") {
		t.Error("the journal contains an erased value")
	}
	if report := replayed(t, journal); !strings.Contains(report, "\n1 lost edit: ") {
		t.Errorf("the report does not show the lost edit:\n%s", report)
	}
	story := replayed(t, journal, "-explain", "tasks/1/erased-00000001")
	for _, want := range []string{
		"line 1: pushed by a1000000 at 2026-03-02 09:00:00.000\n       \"erased-00000002\"",
		"Lost edit: write 1 by a1000000 was replaced",
		"Line 3 of the journal has a refused item that names no field; it may have been meant for this one.",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("the story does not say %q:\n%s", want, story)
		}
	}
	if state := replayed(t, journal, "-state"); !strings.Contains(state, `"kept"`) {
		t.Errorf("the state is wrong:\n%s", state)
	}
}
