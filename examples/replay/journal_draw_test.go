package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"pgregory.net/rapid"
)

// drawJournal draws the journal of a server. Its clients push items from narrow domains, so that
// many of them conflict. Now and then the store changes without a push.
func drawJournal(t *rapid.T) string {
	s := newServer(func(_ clock.ClientID, m record.Mutation) error {
		if w, _ := m.Data.Get("a/b"); w.Value == record.Int(10) {
			return &merge.Refusal{Code: "too_much"}
		}
		return nil
	})
	for range rapid.IntRange(0, 5).Draw(t, "pushes") {
		batch := make([]string, rapid.IntRange(1, 4).Draw(t, "items"))
		history := drawHistory(t)
		for i := range batch {
			batch[i] = drawItem(t, history)
		}
		request := merge.Request{
			Actor:     clock.MustParseClientID(rapid.SampledFrom(journalClients).Draw(t, "actor")),
			AnyClient: rapid.Bool().Draw(t, "any client"),
			Wall:      rapid.SampledFrom(journalWalls).Draw(t, "wall"),
		}
		s.push(request, batch...)
		switch rapid.IntRange(0, 9).Draw(t, "without a push") {
		case 0:
			s.state = merge.Collection{}
		case 1:
			if len(history) > 0 {
				s.state = merge.Join(s.state, stateFrom(history[0]))
			}
		}
	}
	return string(s.journal)
}

var journalClients = []string{
	"0a000000-0000-4000-8000-000000000001", "7f000000-0000-4000-8000-000000000002", "80000000-0000-4000-8000-000000000003",
}

// journalWalls are server times at which some writes are too far ahead, or just within the bound.
var journalWalls = []time.Time{
	time.Date(2026, 3, 2, 8, 55, 0, 0, time.UTC), time.Date(2026, 3, 2, 8, 54, 59, 999e6, time.UTC), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
}

// drawItem draws an item: one or two writes of one record, or an item that is refused.
func drawItem(t *rapid.T, history []entry) string {
	if len(history) == 0 || rapid.IntRange(0, 9).Draw(t, "malformed") == 0 {
		return rapid.SampledFrom([]string{
			`5`, `{}`, `{"table":"t","id":"1","data":{"a":{"value":"secret"}}}`,
			`{"table":"t","id":"1/a","data":[]}`, `{"table":"t","id":"1","data":{}}`,
		}).Draw(t, "item")
	}
	e := rapid.SampledFrom(history).Draw(t, "write")
	if e.field == "$deleted" || rapid.Bool().Draw(t, "alone") {
		return e.line()
	}
	return fmt.Sprintf(`{"table":"%s","id":"%s","data":{"%s":%s,"$deleted":{"value":%v,"updatedAt":"%s","clientId":"%s"}},"base":{"$deleted":null}}`,
		e.table, e.id, e.field, e.json(), rapid.Bool().Draw(t, "deleted"), e.time, e.client)
}

func stateFrom(e entry) merge.Collection {
	var m record.Mutation
	if err := m.UnmarshalJSON([]byte(e.line())); err != nil {
		panic(err)
	}
	return merge.Collect(m.Data)
}

// TestStoryShowsEveryVerdictInOrder compares each story with the verdicts that the oracle finds for
// the items that write the field.
func TestStoryShowsEveryVerdictInOrder(t *testing.T) {
	checkStories(t, sampleJournal(t))
	rapid.Check(t, func(t *rapid.T) { checkStories(t, drawJournal(t)) })
}

func checkStories(t tb, text string) {
	t.Helper()
	c := journalOracle(t, text)
	for _, v := range c.told {
		at, path := v.path, strings.Join(v.path[:], "/")
		story := replayed(t, text, "-explain", path)
		if strings.Contains(story, "write 0") {
			t.Fatalf("the story names a write that it does not show:\n%s\n%s", story, text)
		}
		section := story
		if strings.Contains(story, " can mean ") {
			_, section, _ = strings.Cut(story, fmt.Sprintf("\ntable %s, id %s, field %s\n", at[0], at[1], at[2]))
			section, _, _ = strings.Cut(section, "\ntable ")
		}
		var got []string
		for l := range strings.Lines(section) {
			l = strings.TrimSpace(l)
			if strings.HasPrefix(l, "accepted, ") || strings.HasPrefix(l, "refused, ") {
				verdict, word, _ := strings.Cut(l, ", ")
				got = append(got, verdict+", "+word[:strings.IndexAny(word+" ", ": ")])
			}
		}
		if want := c.storyOf(at); !slices.Equal(got, want) {
			t.Fatalf("%s: got %q, want %q:\n%s\n%s", path, got, want, section, text)
		}
	}
}
