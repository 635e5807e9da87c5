package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestStoryNamesTheReasonOfEachOutcome covers every kind of conflict between writes. The golden
// files show whole stories.
func TestStoryNamesTheReasonOfEachOutcome(t *testing.T) {
	for _, c := range []struct {
		name    string
		history []entry
		want    []string // the outcome of each write
	}{
		{"time", []entry{at(0, 'a', "1"), at(3e6, 'b', "2"), at(1e6, 'c', "3")}, []string{
			"applied: the first write of this field",
			"applied: 3 ms later than write 1",
			"superseded: 2 ms earlier than write 2",
		}},
		{"counter", []entry{at(4, 'a', "1"), at(7, 'b', "2"), at(5, 'c', "3")}, []string{
			"applied: the first write of this field",
			"applied: in the same millisecond as write 1, counter 7 above 4",
			"superseded: in the same millisecond as write 2, counter 5 below 7",
		}},
		{"millisecond before counter", []entry{at(999_999, 'a', "1"), at(1e6, 'b', "2")}, []string{
			"applied: the first write of this field",
			"applied: 1 ms later than write 1",
		}},
		{"client", []entry{at(0, 'b', "1"), at(0, 'c', "1"), at(0, 'a', "9")}, []string{
			"applied: the first write of this field",
			"applied: at the same time as write 1, client ID c0000000 above b0000000",
			"superseded: at the same time as write 2, client ID a0000000 below c0000000",
		}},
		{"deletion", []entry{at(0, 'a', "1"), at(0, 'a', ""), at(0, 'a', `"z"`)}, []string{
			"applied: the first write of this field",
			"collision: same stamp as write 1, which is replaced: a deletion wins over a value",
			"collision: same stamp as write 2, which is kept: a deletion wins over a value",
		}},
		{"value", []entry{at(0, 'a', "2"), at(0, 'a', "10"), at(0, 'a', "null")}, []string{
			"applied: the first write of this field",
			"collision: same stamp as write 1, which is kept: the value that sorts last wins",
			"collision: same stamp as write 1, which is replaced: the value that sorts last wins",
		}},
		{"retry", []entry{at(0, 'a', "1"), at(0, 'a', "1"), at(1e9, 'a', "1"), at(0, 'a', "1"), at(1e9, 'a', "1")}, []string{
			"applied: the first write of this field",
			"equal: a retry of write 1, which is already stored",
			"applied: 1 s later than write 1",
			"superseded: a retry of write 1; 1 s earlier than write 3",
			"equal: a retry of write 3, which is already stored",
		}},
		{"unseen", []entry{at(0, 'a', "1"), saw(at(1e6, 'b', "2"), at(0, 'a', "1")), saw(at(2e6, 'c', "3"), at(0, 'a', "1")), saw(at(3e6, 'c', "4"), at(0, 'a', "1"))}, []string{
			"applied: the first write of this field",
			"applied: 1 ms later than write 1",
			"applied: 1 ms later than write 2, which its author had not seen",
			"applied: 1 ms later than write 3",
		}},
		{"saw nothing", []entry{at(0, 'a', "1"), saw(at(1e6, 'b', "2"), entry{})}, []string{
			"applied: the first write of this field",
			"applied: 1 ms later than write 1, which its author had not seen",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outcomes(replayed(t, lines(c.history), "-explain", "t/1/a")); !slices.Equal(got, c.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
			}
		})
	}
}

// at returns a write made the given number of clock steps after nine o'clock, by the client whose
// ID begins with the digit c.
func at(steps int64, c byte, value string) entry {
	return entry{
		table: "t", id: "1", field: "a", value: value,
		time:   clockText(steps),
		client: string(c) + "0000000-0000-4000-8000-000000000001",
	}
}

// saw returns the write e with the claim that its author saw the write b.
func saw(e, b entry) entry {
	e.based, e.baseTime, e.baseClient = true, b.time, b.client
	return e
}

// outcomes returns the lines of a story that state an outcome.
func outcomes(story string) []string {
	var all []string
	for l := range strings.Lines(story) {
		if what, ok := strings.CutPrefix(l, "       "); ok {
			all = append(all, strings.TrimSpace(what))
		}
	}
	return all
}

// TestStoryEqualsTheOracleForAmbiguousPaths compares the outcomes of all writes, for paths that may
// mean several fields.
func TestStoryEqualsTheOracleForAmbiguousPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := drawHistory(t)
		if len(history) == 0 {
			return
		}
		path := func(e entry) string { return e.table + "/" + e.id + "/" + e.field }
		asked := path(rapid.SampledFrom(history).Draw(t, "asked"))
		var places [][3]string
		before, want := make(map[[3]string][]entry), make(map[[3]string][]string)
		for _, e := range history {
			p := e.path()
			if path(e) != asked {
				continue
			}
			if before[p] == nil {
				places = append(places, p)
			}
			want[p] = append(want[p], word(before[p], e))
			before[p] = append(before[p], e)
		}
		var all []string
		for _, p := range places {
			all = append(all, want[p]...)
		}
		story := replayed(t, lines(history), "-explain", asked)
		var got []string
		for _, o := range outcomes(story) {
			first, _, _ := strings.Cut(o, ":")
			got = append(got, first)
		}
		if !slices.Equal(got, all) {
			t.Fatalf("got %q, want %q:\n%s", got, all, story)
		}
		if many := strings.Contains(story, "can mean"); many != (len(places) > 1) {
			t.Fatalf("%d fields match, and the story calls the path ambiguous: %v", len(places), many)
		}
	})
}

// word returns the outcome of the write e if it arrives after the given earlier writes.
func word(before []entry, e entry) string {
	var x expected
	x.outcome(before, e)
	switch {
	case x.applied > 0:
		return "applied"
	case x.superseded > 0:
		return "superseded"
	case x.equal > 0:
		return "equal"
	}
	return "collision"
}

func TestDistanceIsTheLengthBetweenCommonPrefixAndSuffix(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"same", "same", 0}, {"aa", "aaa", 1}, {"aaaa", "aa", 2},
		{"tasks/1", "taks/1", 1}, {"tasks/1", "tasks/2", 1}, {"abc", "xyz", 3}, {"abab", "ab", 2},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestUnknownFieldErrorSuggestsSimilarFields(t *testing.T) {
	for path, want := range map[string][]string{
		"tasks/1/titel":   {"no field tasks/1/titel; the record has these fields:\n", "\n  tasks/1/status\n", "\n  tasks/1/title\n"},
		"tasks/1":         {"no field tasks/1; the record has these fields:\n", "\n  tasks/1/status\n", "\n  tasks/1/title\n"},
		"taks/2/due":      {"similar fields are\n  tasks/2/due\n"},
		"tasks/22/due":    {"similar fields are\n  tasks/2/due\n"},
		"tasks/3/notes\n": {`no field tasks/3/notes\u000a`, "\n  tasks/3/notes\n"},
		"x":               {"no field x; it has fields such as\n  tasks/"},
	} {
		var out, errs bytes.Buffer
		if status := run([]string{"-explain", path, small}, nil, &out, &errs); status != 1 || out.Len() > 0 {
			t.Errorf("%s: status %d, standard output %q", path, status, out.String())
		}
		for _, w := range want {
			if !strings.Contains(errs.String(), w) {
				t.Errorf("%s: %q does not say %q", path, errs.String(), w)
			}
		}
		if strings.Contains(errs.String(), "similar fields") && strings.Contains(errs.String(), "tasks/4") && path != "x" {
			t.Errorf("%s: suggests a field that is not similar: %q", path, errs.String())
		}
	}
	var out, errs bytes.Buffer
	status := run([]string{"-explain", "a/b/c", "-"}, strings.NewReader("\n"), &out, &errs)
	if status != 1 || out.Len() > 0 || !strings.Contains(errs.String(), "is empty") {
		t.Errorf("empty history: status %d, standard error %q, want status 1 and an error that says it is empty", status, errs.String())
	}
}
