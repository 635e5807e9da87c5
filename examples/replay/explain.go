package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// stories are the stories of all fields that -explain may mean. Since tables, IDs
// and fields may contain slashes, that may be more than one.
type stories struct {
	path string
	told []*story
}

// story is what happened to one field, in the order in which it happened.
type story struct {
	place
	events []event
	number map[record.FieldValue]int // which event was the first with this write
}

// event is the arrival of one write.
type event struct {
	write
	merge.Change
}

// note takes in a write, if it is of a field that is asked for.
func (s *stories) note(w write, c merge.Change) {
	if !w.is(s.path) {
		return
	}
	i := slices.IndexFunc(s.told, func(t *story) bool { return t.place == w.place })
	if i < 0 {
		i = len(s.told)
		s.told = append(s.told, &story{place: w.place, number: make(map[record.FieldValue]int)})
	}
	t := s.told[i]
	t.events = append(t.events, event{w, c})
	if _, repeated := t.number[w.FieldValue]; !repeated {
		t.number[w.FieldValue] = len(t.events)
	}
}

// is reports whether path is that of p.
func (p place) is(path string) bool {
	rest, ok := strings.CutPrefix(path, p.Table+"/")
	if ok {
		rest, ok = strings.CutPrefix(rest, p.ID+"/")
	}
	return ok && rest == p.field
}

// check returns nil if there is a story, or else an error that names what may have
// been meant.
func (s *stories) check(h *history, state merge.Collection) error {
	if len(s.told) > 0 {
		return nil
	}
	if state.Len() == 0 {
		return fmt.Errorf("%s is empty: it has no field %s", h.name, printable(s.path))
	}
	head := fmt.Sprintf("%s has no field %s", h.name, printable(s.path))
	if own := fieldsOf(state, s.path); len(own) > 0 {
		return errors.New(head + "; this record has\n" + list(own))
	}
	near := nearest(state, s.path)
	if 2*distance(near[0], s.path) > len(s.path) {
		return errors.New(head + "; what it has is like\n" + list(near))
	}
	return errors.New(head + "; near it are\n" + list(near))
}

// mostNear is how many paths are suggested.
const mostNear = 8

// fieldsOf returns the fields of the record that path leads to or into.
func fieldsOf(state merge.Collection, path string) []string {
	var own []string
	for r := range state.All() {
		if !strings.HasPrefix(path+"/", r.Key().String()+"/") {
			continue
		}
		for name := range r.All() {
			own = append(own, place{r.Key(), name}.String())
		}
	}
	return own
}

// candidate is a path that may have been meant.
type candidate struct {
	path string
	far  int
}

func (c candidate) compare(d candidate) int {
	return cmp.Or(cmp.Compare(c.far, d.far), strings.Compare(c.path, d.path))
}

// nearest returns the fields whose paths are most like path.
func nearest(state merge.Collection, path string) []string {
	var near []candidate
	for r := range state.All() {
		for name := range r.All() {
			c := candidate{path: place{r.Key(), name}.String()}
			c.far = distance(c.path, path)
			at, found := slices.BinarySearchFunc(near, c, candidate.compare)
			if at < mostNear && !found {
				near = slices.Insert(near, at, c)
				near = near[:min(mostNear, len(near))]
			}
		}
	}
	var paths []string
	for _, c := range near {
		if c.far <= 2*near[0].far+2 {
			paths = append(paths, c.path)
		}
	}
	return paths
}

// distance returns how many characters of the longer one of two paths lie between
// a common beginning and a common end.
func distance(a, b string) int {
	head := common(a, b)
	tail, short := 0, min(len(a), len(b))
	for head+tail < short && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return max(len(a), len(b)) - head - tail
}

// list returns paths as lines.
func list(paths []string) string {
	const most = 40
	more := ""
	if n := len(paths) - most; n > 0 {
		paths, more = paths[:most], fmt.Sprintf("\n  and %s", count(n, "other"))
	}
	lines := make([]string, len(paths))
	for i, p := range paths {
		lines[i] = "  " + printable(p)
	}
	return strings.Join(lines, "\n") + more
}

// print tells all stories.
func (s *stories) print(out *bufio.Writer, h *history, r *replay) {
	names := namesOf(r.tally.clients)
	if n := len(s.told); n > 1 {
		fmt.Fprintf(out, "%s can mean %d fields, since names may contain slashes.\n\n", printable(s.path), n)
	}
	for i, t := range s.told {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if len(s.told) > 1 {
			fmt.Fprintf(out, "table %s, id %s, field %s\n\n", printable(t.Table), printable(t.ID), printable(t.field))
		}
		t.print(out, r, names)
	}
	if h.simulated {
		fmt.Fprintln(out, "\nThis history is simulated.")
	}
}
