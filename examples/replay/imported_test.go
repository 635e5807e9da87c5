package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// importJournal returns a journal in which an import writes a title twice, a client edits it, and the import has
// another value afterwards. A last push finds a field that an import wrote without a push.
func importJournal(t *testing.T) string {
	t.Helper()
	id := clock.ClientID{0x1d}
	task := record.Key{Table: "tasks", ID: "1"}
	s, ana := newServer(nil), newDevice("a1")
	s.engine.MaxAhead = -1
	imports := func(run clock.Timestamp, wall, field, title string) (merge.Request, string) {
		m, err := record.New(task).Edit(clock.Stamp{Time: run, Client: id}).Set(field, title).Mutation()
		if err != nil {
			t.Fatal(err)
		}
		m.Base = nil
		r := ana.at(wall)
		r.Actor, r.Imports = id, []clock.ClientID{id}
		return r, string(m.AppendJSON(nil))
	}
	for _, title := range []string{"a", "b"} {
		r, item := imports(clock.Timestamp(title[0]), "02 09:00:00.000", "title", title)
		s.push(r, item)
	}
	edit := ana.at("02 10:00:00.000")
	edit.Imports = []clock.ClientID{id}
	s.push(edit, ana.set("1", "02 09:30:00.000", "title", "c"))
	r, item := imports(200, "02 11:00:00.000", "title", "d")
	s.push(r, item)
	_, found := imports(201, "02 11:00:00.000", "note", "e")
	s.state = merge.Join(s.state, stateOf(t, found))
	edit = ana.at("02 12:00:00.000")
	edit.Imports = []clock.ClientID{id}
	s.push(edit, ana.set("1", "02 11:30:00.000", "status", "open"))
	return string(s.journal)
}

// TestImportsAreToldAsImported: neither the story nor a drawing has a write of 1970.
func TestImportsAreToldAsImported(t *testing.T) {
	journal := importJournal(t)
	for field, want := range map[string][]string{
		"title": {
			`"a", imported by 1d000000`, "accepted, applied: there was nothing to replace",
			`"b", imported by 1d000000`, "accepted, applied: above write 1, which is imported",
			"accepted, applied: above write 2, which is imported",
			"accepted, superseded: imported, below write 3, which is kept",
		},
		"note": {"between lines 4 and 5: a change without a push in this journal", `"e", imported by 1d000000`},
	} {
		story := replayed(t, journal, "-explain", "tasks/1/"+field)
		drawing := replayed(t, journal, "-timeline", "tasks/1/"+field)
		file := filepath.Join(t.TempDir(), "drawing.html")
		replayed(t, journal, "-timeline", "tasks/1/"+field, "-values", "-o", file)
		html, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		page := string(html)
		for _, text := range []string{story, drawing, page} {
			if strings.Contains(text, "1970") || strings.Contains(text, "days") {
				t.Errorf("%s is told as of 1970:\n%s", field, text)
			}
		}
		for _, line := range want {
			if !strings.Contains(story, line) {
				t.Errorf("the story of %s does not say %q:\n%s", field, line, story)
			}
		}
		if !strings.Contains(page, "imported") || !strings.Contains(drawing, "imported") {
			t.Errorf("a drawing of %s does not say what is imported:\n%s", field, drawing)
		}
	}
}
