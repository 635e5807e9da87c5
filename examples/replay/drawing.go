package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/examples/replay/timeline"
)

// errNoArrivals reports that -timeline was used with a history.
var errNoArrivals = errors.New("-timeline needs a journal: a history does not say when a write arrived")

// The width of a drawing, in columns: in a terminal of unknown width or a file, and at most.
const columns, mostColumns = 80, 160

// drawing holds the flags of -timeline.
type drawing struct {
	path   string // empty without -timeline
	file   string // empty for the terminal
	values bool
	names  [][2]string // beginnings of client IDs, and names
	width  int         // of the terminal, in columns; 0 if there is none
}

// addFlags adds the flags.
func (d *drawing) addFlags(f *flag.FlagSet) {
	f.Func("timeline", "", func(s string) error {
		if d.path = s; s == "" {
			return errors.New("want TABLE/ID/FIELD")
		}
		return nil
	})
	f.Func("o", "", func(s string) error {
		if d.file = s; !slices.Contains([]string{".html", ".svg"}, filepath.Ext(s)) {
			return errors.New("want a file name that ends in .html or .svg")
		}
		return nil
	})
	f.BoolVar(&d.values, "values", false, "")
	f.Func("name", "", func(s string) error {
		id, name, ok := strings.Cut(s, "=")
		if !ok || id == "" || name == "" {
			return errors.New("want ID=NAME")
		}
		d.names = append(d.names, [2]string{id, name})
		return nil
	})
}

// check rejects flags that cannot be combined.
func (d *drawing) check(o options) error {
	switch {
	case d.path == "" && (d.file != "" || d.values || d.names != nil):
		return errors.New("-o, -values and -name need -timeline")
	case d.path != "" && (o.explain != "" || o.state || o.split > 0 || o.shuffle):
		return errors.New("-timeline cannot be combined with -explain, -state, -shuffle or -split")
	}
	return nil
}

// print draws all fields that the path can mean: in the terminal, or the only one in a file.
func (d *drawing) print(out *bufio.Writer, j *journal) error {
	logs := j.logs.Logs()
	if err := d.checkNames(logs, j); err != nil {
		return err
	}
	if d.file == "" {
		for i, l := range logs {
			printTitle(out, d.path, placesOf(logs), i)
			out.WriteString(colourful(d.timelineOf(l, j).Text(d.columns())))
		}
		return nil
	}
	if len(logs) > 1 {
		return fmt.Errorf("%s can mean %d fields, because names may contain slashes: leave out -o to see all", fieldlog.Printable(d.path), len(logs))
	}
	t := d.timelineOf(logs[0], j)
	text := t.HTML
	if filepath.Ext(d.file) == ".svg" {
		text = t.SVG
	}
	if err := os.WriteFile(d.file, []byte(text()), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(out, "The drawing is in %s.\n", d.file)
	return nil
}

// columns returns the width of a drawing in the terminal.
func (d *drawing) columns() int {
	if d.width == 0 {
		return columns
	}
	return min(d.width, mostColumns)
}

// colourful returns the text of a drawing with its title in bold, and some of its signs in colours.
func colourful(text string) string {
	title, rest, _ := strings.Cut(text, "\n")
	signs := strings.NewReplacer("✕", red("✕"), "⊘", red("⊘"), "◷", yellow("◷"), "━", green("━"), "┣", green("┣"))
	return bold(title) + "\n" + signs.Replace(rest)
}

// checkNames rejects a name for a client that neither the journal nor one of the logs has.
func (d *drawing) checkNames(logs []*fieldlog.Log, j *journal) error {
	clients := maps.Clone(j.counts.clients)
	for _, l := range logs {
		for _, e := range l.Events {
			clients[e.Incoming.Stamp.Client] = struct{}{}
		}
	}
	for _, n := range d.names {
		known := false
		for c := range clients {
			known = known || !c.IsZero() && strings.HasPrefix(c.String(), n[0])
		}
		if !known {
			return fmt.Errorf("-name %s=%s: the journal has no client whose ID begins with %[1]s", fieldlog.Printable(n[0]), fieldlog.Printable(n[1]))
		}
	}
	return nil
}

// timelineOf returns the timeline of a log.
func (d *drawing) timelineOf(l *fieldlog.Log, j *journal) *timeline.Timeline {
	short := tellerOf(l, &j.counts).names
	return timeline.New(l, timeline.Options{Values: d.values, Note: unreadNote(j), Name: func(c clock.ClientID) string {
		for _, n := range d.names {
			if strings.HasPrefix(c.String(), n[0]) {
				return n[1]
			}
		}
		return short.of(c)
	}})
}
