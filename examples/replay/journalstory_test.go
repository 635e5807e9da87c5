package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// indented returns the indented lines of a story, without their leading spaces.
func indented(story string) string {
	var lines []string
	for l := range strings.Lines(story) {
		if strings.HasPrefix(l, "   ") {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	return strings.Join(lines, "\n")
}

func TestStoryShowsExactlyTheChangesWithoutAPush(t *testing.T) {
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
		before merge.Collection // stored when the journal begins
		past   merge.Collection // stored after the second push
		want   string
		not    string
	}{
		"no such change": {merge.Collection{}, merge.Join(stateOf(first), stateOf(second)), "", "between"},
		"the write vanished": {merge.Collection{}, merge.Collection{},
			"between lines 2 and 3: a change without a push in this journal\nWrite 2 was no longer stored, and no other write had replaced it.", "It came from"},
		"an older write is back": {merge.Collection{}, old,
			"between lines 2 and 3: a change without a push in this journal\n" +
				`write 1 again: "Old", written by a1000000 at 2026-03-02 09:00:00.000` + "\nIt came from an exchange with another server, a repair or a backup, and replaced write 2.", "no longer stored"},
		"a write was stored before the journal": {old, merge.Join(stateOf(first), stateOf(second)),
			"before line 1: already stored\n" + `"Old", written by a1000000 at 2026-03-02 09:00:00.000` + "\nThe journal does not show its origin", "between"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(nil)
			s.state = c.before
			s.push(ana.at("02 12:00:00.000"), first)
			s.push(ana.at("02 12:01:00.000"), second)
			s.state = c.past
			s.push(ben.at("02 13:00:00.000"), other(11)) // does not write the title
			s.push(ben.at("02 13:30:00.000"), other(12))
			story := replayed(t, string(s.journal), "-explain", key.String()+"/title")
			if text := indented(story); !strings.Contains(text, c.want) || strings.Contains(text, c.not) {
				t.Errorf("the story does not say %q, or says %q:\n%s", c.want, c.not, story)
			}
		})
	}
}

// TestFieldThatNoPushWroteHasAStory: the field was stored before, and its record was deleted.
func TestFieldThatNoPushWroteHasAStory(t *testing.T) {
	ana, ben := newDevice("a1"), newDevice("b2")
	s := newServer(nil)
	s.state = stateOf(t, ana.set("1", "01 09:00:00.000", "description", "Mind the dog."))
	s.push(ben.at("02 09:00:00.000"), ben.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit { return e.DeleteRecord() }))
	story := replayed(t, string(s.journal), "-explain", "tasks/1/description")
	for _, want := range []string{
		"before line 1: already stored\n       \"Mind the dog.\"",
		"deletion of the record",
		"At the end, write 1 by a1000000 is stored: \"Mind the dog.\"\nThe record is deleted (write 2 by b2000000 at 2026-03-02 09:00:00.000), so none of its fields is shown",
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

// TestStoryShowsOnlyLostEditsOfItsField: this holds even if an item writes several fields. The
// report counts every lost edit.
func TestStoryShowsOnlyLostEditsOfItsField(t *testing.T) {
	ana, ben := newDevice("a1"), newDevice("b2")
	s := newServer(nil)
	s.push(ana.at("02 09:00:00.000"), ana.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit {
		return e.Set("title", "Ana's").Set("due", "2026-03-09").Set("same", 1)
	}))
	s.push(ben.at("02 10:00:00.000"), ben.edit("1", "02 10:00:00.000", func(e *record.Edit) *record.Edit {
		return e.Set("title", "Ben's").Set("due", "2026-03-10").Set("same", 1)
	}))
	if report := replayed(t, string(s.journal)); !strings.Contains(report, "\n2 lost edits: ") {
		t.Errorf("the report does not show both lost edits:\n%s", report)
	}
	for field, lost := range map[string]bool{"title": true, "due": true, "same": false} {
		story := replayed(t, string(s.journal), "-explain", "tasks/1/"+field)
		for _, words := range []string{"Lost edit: write 1 by a1000000 was replaced", "lost_edit: "} {
			if strings.Contains(story, words) != lost {
				t.Errorf("%s: the story should say %q: %v\n%s", field, words, lost, story)
			}
		}
	}
}

// TestChangeUndoneInTheSamePushIsNotShownAsSeen: one item changes a field and another item of the
// same push undoes it. The story shows both writes, but not as changes that users saw.
func TestChangeUndoneInTheSamePushIsNotShownAsSeen(t *testing.T) {
	ana := newDevice("a1")
	remove := ana.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit { return e.DeleteRecord() })
	restore := ana.edit("1", "02 10:00:00.000", func(e *record.Edit) *record.Edit { return e.RestoreRecord() })
	s := newServer(nil)
	s.push(ana.at("02 11:00:00.000"), restore, remove)
	story := replayed(t, string(s.journal), "-explain", "tasks/1/$deleted")
	if !strings.Contains(story, "1 h later than write 2") || strings.Contains(story, "the record is deleted") {
		t.Errorf("the story is wrong:\n%s", story)
	}
}

// TestWritesOfTwoFieldsWithOneStampAreDistinct: this holds even if they have the same value.
func TestWritesOfTwoFieldsWithOneStampAreDistinct(t *testing.T) {
	ana := newDevice("a1")
	s := newServer(nil)
	s.push(ana.at("02 09:00:00.000"), ana.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit {
		return e.Set("done", true).DeleteRecord()
	}))
	story := replayed(t, string(s.journal), "-explain", "tasks/1/done")
	if strings.Contains(story, "retry") || !strings.Contains(story, "write 2 by a1000000 is stored: true\nThe record is deleted (write 1 by ") {
		t.Errorf("the story confuses the two writes:\n%s", story)
	}
}

// TestUnknownFieldOfAJournalSuggestsSimilarFields. A field that only refused items tried to write
// counts as known.
func TestUnknownFieldOfAJournalSuggestsSimilarFields(t *testing.T) {
	for path, want := range map[string]string{
		"tasks/fence/descripton": "no field tasks/fence/descripton; the record has these fields:\n  tasks/fence/description\n  tasks/fence/status\n",
		"tasks/fense/title":      "similar fields are\n  tasks/fence/title\n",
		"tasks/fence":            "the record has these fields:\n  tasks/fence/description\n",
		"x":                      "it has fields such as\n",
	} {
		var out, errs bytes.Buffer
		if status := run([]string{"-explain", path, sample}, nil, &out, &errs); status != 1 || out.Len() > 0 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: no error with suggestions: status %d, standard output %q, standard error %q", path, status, out.String(), errs.String())
		}
	}
	guest := newDevice("e5")
	s := newServer(readOnly(guest.id))
	s.push(guest.at("02 09:00:00.000"), guest.set("shed", "02 09:00:00.000", "title", "Mine"))
	if story := replayed(t, string(s.journal), "-explain", "tasks/shed/title"); !strings.Contains(story, "At the end, nothing is stored in this field.") {
		t.Errorf("the story of a field with only refused writes is wrong:\n%s", story)
	}
}

// TestMemoryOfAJournalDoesNotGrowWithPushes: ten times as many pushes take no more memory.
func TestMemoryOfAJournalDoesNotGrowWithPushes(t *testing.T) {
	if testing.Short() {
		t.Skip("TestMemoryOfAHistoryGrowsWithTheStateOnly runs in short mode")
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
