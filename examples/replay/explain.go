package main

import (
	"bufio"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
)

// stories holds the stories of all fields that the path of -explain can mean. It can mean several,
// because tables, IDs and fields may contain slashes.
type stories struct {
	path string
	all  []*story
}

// add adds a write to the story of its field if the path can mean that field.
func (s *stories) add(d merge.Decision) {
	if field, ok := fieldlog.FieldIn(d.Key, s.path); !ok || field != d.Field {
		return
	}
	at := place{d.Key, d.Field}
	i := slices.IndexFunc(s.all, func(t *story) bool { return t.place == at })
	if i < 0 {
		i = len(s.all)
		s.all = append(s.all, &story{place: at, numbering: make(numbering)})
	}
	s.all[i].add(d)
}

// print prints all stories.
func (s *stories) print(out *bufio.Writer, in *input, r *replay) {
	names := namesOf(r.tally.clients, devicesIn(r.state))
	places := make([]place, len(s.all))
	for i, t := range s.all {
		places[i] = t.place
	}
	for i, t := range s.all {
		printTitle(out, s.path, places, i)
		t.print(out, r, names)
	}
	if in.simulated {
		fmt.Fprintln(out, "\nThis history is simulated.")
	}
}

// printTitle prints the title of story i. There are titles only if path can mean several fields.
func printTitle(out *bufio.Writer, path string, places []place, i int) {
	n := len(places)
	if n == 1 {
		return
	}
	if i == 0 {
		fmt.Fprintf(out, "%s can mean %d fields, because names may contain slashes.\n", fieldlog.Printable(path), n)
	}
	p := places[i]
	title := fmt.Sprintf("table %s, id %s, field %s", fieldlog.Printable(p.Table), fieldlog.Printable(p.ID), fieldlog.Printable(p.field))
	fmt.Fprintf(out, "\n%s\n\n", bold(title))
}
