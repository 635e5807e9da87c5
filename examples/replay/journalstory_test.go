package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// indented returns the lines of a story that begin with spaces, without these.
func indented(story string) string {
	var lines []string
	for l := range strings.Lines(story) {
		if strings.HasPrefix(l, "   ") {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	return strings.Join(lines, "\n")
}

// TestFound: what changed past the journal is told, and only that.
func TestFound(t *testing.T) {
	key := record.Key{Table: "tasks", ID: "1"}
	ana, ben := newDevice("a1"), newDevice("b2")
	first := ana.set("1", "02 09:00:00.000", "title", "Old")
	second := ana.set("1", "02 10:00:00.000", "title", "New")
	other := func(hour int) string {
		return newDevice("b2").set("1", fmt.Sprintf("02 %d:00:00.000", hour), "status", "open")
	}
	stateOf := func(item string) merge.Collection { return stateOf(t, item) }
	old := stateOf(first)
	for name, c := range map[string]struct {
		before merge.Collection // in the store when the journal begins
		past   merge.Collection // in the store after the second push
		want   string
		not    string
	}{
		"nothing": {merge.Collection{}, merge.Join(stateOf(first), stateOf(second)), "", "between"},
		"vanished": {merge.Collection{}, merge.Collection{},
			"between lines 2 and 3: not by a push of this journal\nWrite 2 was no longer stored, and nothing in its place.", "another way"},
		"an older one": {merge.Collection{}, old,
			"between lines 2 and 3: not by a push of this journal\n" +
				`write 1 again: "Old", written by a1000000 at 2026-03-02 09:00:00.000` + "\nIt came another way, and replaced write 2", "no longer stored"},
		"there before": {old, merge.Join(stateOf(first), stateOf(second)),
			"before line 1: stored already\n" + `"Old", written by a1000000 at 2026-03-02 09:00:00.000` + "\nThe journal does not tell how it came", "between"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(nil)
			s.state = c.before
			s.push(ana.at("02 12:00:00.000"), first)
			s.push(ana.at("02 12:01:00.000"), second)
			s.state = c.past
			s.push(ben.at("02 13:00:00.000"), other(11)) // does not touch the title
			s.push(ben.at("02 13:30:00.000"), other(12))
			story := replayed(t, string(s.journal), "-explain", key.String()+"/title")
			if text := indented(story); !strings.Contains(text, c.want) || strings.Contains(text, c.not) {
				t.Errorf("the story does not say %q, or says %q:\n%s", c.want, c.not, story)
			}
		})
	}
}

// TestLostBeforeJournal: a field that nobody pushed has a story, if it was stored
// and its record was deleted.
func TestLostBeforeJournal(t *testing.T) {
	ana, ben := newDevice("a1"), newDevice("b2")
	s := newServer(nil)
	s.state = stateOf(t, ana.set("1", "01 09:00:00.000", "description", "Mind the dog."))
	s.push(ben.at("02 09:00:00.000"), ben.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit { return e.DeleteRecord() }))
	story := replayed(t, string(s.journal), "-explain", "tasks/1/description")
	for _, want := range []string{
		"before line 1: stored already\n       \"Mind the dog.\"",
		"deletion of the record",
		"In the end write 1 of a1000000 stands: \"Mind the dog.\"\nThe record is deleted, by write 2 of b2000000 at 2026-03-02 09:00:00.000. Hence none of its fields is shown",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("the story does not say %q:\n%s", want, story)
		}
	}
	ana.pull(s)
	s.push(ana.at("02 10:00:00.000"), ana.edit("1", "02 10:00:00.000", func(e *record.Edit) *record.Edit { return e.RestoreRecord() }))
	story = replayed(t, string(s.journal), "-explain", "tasks/1/description")
	if want := "The record is not deleted: write 3 restored it.\n"; !strings.Contains(story, want) {
		t.Errorf("the story does not say %q:\n%s", want, story)
	}
}

// TestLostOfSeveral: of an item that writes several fields, each story tells what is
// about its own, and the report counts every edit that was lost.
func TestLostOfSeveral(t *testing.T) {
	ana, ben := newDevice("a1"), newDevice("b2")
	s := newServer(nil)
	s.push(ana.at("02 09:00:00.000"), ana.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit {
		return e.Set("title", "Ana's").Set("due", "2026-03-09").Set("same", 1)
	}))
	s.push(ben.at("02 10:00:00.000"), ben.edit("1", "02 10:00:00.000", func(e *record.Edit) *record.Edit {
		return e.Set("title", "Ben's").Set("due", "2026-03-10").Set("same", 1)
	}))
	if report := replayed(t, string(s.journal)); !strings.Contains(report, "\n2 lost edits: ") {
		t.Errorf("the report does not tell of both lost edits:\n%s", report)
	}
	for field, lost := range map[string]bool{"title": true, "due": true, "same": false} {
		story := replayed(t, string(s.journal), "-explain", "tasks/1/"+field)
		for _, words := range []string{"Lost edit: write 1 of a1000000 is gone", "lost_edit: "} {
			if strings.Contains(story, words) != lost {
				t.Errorf("%s: the story should say %q: %v\n%s", field, words, lost, story)
			}
		}
	}
}

// TestBackwardsInOnePush: what one item does and another one of the same push undoes
// is told, and not as something that people saw.
func TestBackwardsInOnePush(t *testing.T) {
	ana := newDevice("a1")
	remove := ana.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit { return e.DeleteRecord() })
	restore := ana.edit("1", "02 10:00:00.000", func(e *record.Edit) *record.Edit { return e.RestoreRecord() })
	s := newServer(nil)
	s.push(ana.at("02 11:00:00.000"), restore, remove)
	story := replayed(t, string(s.journal), "-explain", "tasks/1/$deleted")
	if !strings.Contains(story, "1 h later than write 2") || strings.Contains(story, "the record is deleted") {
		t.Errorf("told wrong:\n%s", story)
	}
}

// TestOneStampForAll: writes of two fields by one stamp, with one value, are two
// writes.
func TestOneStampForAll(t *testing.T) {
	ana := newDevice("a1")
	s := newServer(nil)
	s.push(ana.at("02 09:00:00.000"), ana.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit {
		return e.Set("done", true).DeleteRecord()
	}))
	story := replayed(t, string(s.journal), "-explain", "tasks/1/done")
	if strings.Contains(story, "retry") || !strings.Contains(story, "write 2 of a1000000 stands: true\nThe record is deleted, by write 1") {
		t.Errorf("the writes are mixed up:\n%s", story)
	}
}

// TestJournalUnknownField: who mistypes a path is told what there is, and what was
// only refused is there too.
func TestJournalUnknownField(t *testing.T) {
	for path, want := range map[string]string{
		"tasks/fence/descripton": "no field tasks/fence/descripton; this record has\n  tasks/fence/description\n  tasks/fence/status\n",
		"tasks/fense/title":      "near it are\n  tasks/fence/title\n",
		"tasks/fence":            "this record has\n  tasks/fence/description\n",
		"x":                      "what it has is like\n",
	} {
		var out, errs bytes.Buffer
		if status := run([]string{"-explain", path, sample}, nil, &out, &errs); status != 1 || out.Len() > 0 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: status %d, standard output %q, standard error %q", path, status, out.String(), errs.String())
		}
	}
	guest := newDevice("e5")
	s := newServer(readOnly(guest.id))
	s.push(guest.at("02 09:00:00.000"), guest.set("shed", "02 09:00:00.000", "title", "Mine"))
	if story := replayed(t, string(s.journal), "-explain", "tasks/shed/title"); !strings.Contains(story, "In the end nothing is stored in this field.") {
		t.Errorf("what was only refused is told wrong:\n%s", story)
	}
}

// TestMemoryOfJournal: ten times as many pushes take no more memory.
func TestMemoryOfJournal(t *testing.T) {
	if testing.Short() {
		t.Skip("TestMemory has the history")
	}
	var e merge.Engine
	ana := newDevice("a1")
	entry := func(i int) string {
		items, err := e.Decode([]byte(ana.set(fmt.Sprint(i%50), "02 09:00:00.000", fmt.Sprint("field ", i%10), fmt.Sprint("value ", i))))
		if err != nil {
			panic(err)
		}
		clear(ana.seen)
		request := ana.at("02 09:00:00.000")
		request.Items = items
		push := e.Prepare(request)
		stored := merge.Stored{Records: merge.Collection{}.Lookup(push.Keys())}
		a, err := push.Apply(stored)
		if err != nil {
			panic(err)
		}
		return string(push.AppendJournal(nil, stored, a))
	}
	for _, args := range [][]string{nil, {"-state"}, {"-explain", "tasks/51/title"}} {
		heap := func(n int) uint64 {
			g := &generator{lines: n, line: entry}
			var out, errs bytes.Buffer
			run(append(args, "-"), g, &out, &errs)
			return g.heap
		}
		const n = 3_000
		if few, many := heap(n), heap(10*n); many > few+few/4+1<<20 {
			t.Errorf("%q: %d pushes leave %d bytes on the heap, and ten times as many leave %d", args, n, few, many)
		}
	}
}
