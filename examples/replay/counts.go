package main

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// counts counts the results in the answers of a journal.
type counts struct {
	pushes                   int
	first, last              time.Time
	actors                   map[clock.ClientID]struct{}
	clients                  map[clock.ClientID]struct{} // clients that wrote or pushed
	items, accepted, changed int
	refused, notes           map[merge.Code]int
	writes                   int
	outcomes                 [merge.Collision + 1]int
	lost                     int
	blind                    int // writes that had no base, so an edit may have been lost
	examples                 []example
	devices                  devices
	notices                  map[string]int // by kind
}

// example is one of the first few lost edits.
type example struct {
	line     int
	decision merge.Decision // without values
	sentence string
}

func newCounts() counts {
	return counts{
		actors:  make(map[clock.ClientID]struct{}),
		clients: make(map[clock.ClientID]struct{}),
		refused: make(map[merge.Code]int),
		notes:   make(map[merge.Code]int),
		devices: make(devices),
		notices: make(map[string]int),
	}
}

// add counts one push.
func (c *counts) add(p fieldlog.Push) {
	in := p.Request
	c.pushes++
	c.addTime(in.Wall)
	if !in.Actor.IsZero() {
		c.actors[in.Actor] = struct{}{}
		c.clients[in.Actor] = struct{}{}
	}
	for i, r := range p.Answer.Results {
		c.addResult(r)
		for _, d := range r.Fields {
			if _, based := in.Items[i].Mutation.Base[d.Field]; !based && contradicts(d) {
				c.blind++
			}
		}
		for _, w := range in.Items[i].Mutation.Data.All() {
			c.clients[w.Stamp.Client] = struct{}{}
		}
	}
	for _, r := range p.Stored.Records {
		c.devices.add(p.After(r.Key()))
	}
	const most = 10
	for _, d := range p.Answer.LostEdits() {
		if c.lost++; c.lost <= most {
			sentence := fieldlog.Restated(d, d.String())
			d.Before.Value, d.Incoming.Value = record.Value{}, record.Value{}
			c.examples = append(c.examples, example{p.Line, d, sentence})
		}
	}
}

// addNotice counts what happened at the server.
func (c *counts) addNotice(n fieldlog.Notice) {
	c.notices[n.Kind]++
	c.addTime(n.Wall)
}

// addTime takes in the time of the next line.
func (c *counts) addTime(wall time.Time) {
	if c.first.IsZero() {
		c.first = wall
	}
	c.last = wall
}

// contradicts reports whether a write met a stored write by another client with another value.
func contradicts(d merge.Decision) bool {
	met := d.Outcome == merge.Applied || d.Outcome == merge.Superseded
	return met && !d.Before.IsZero() && d.Before.Stamp.Client != d.Incoming.Stamp.Client && d.Before.Value != d.Incoming.Value
}

// addResult counts the result of one item.
func (c *counts) addResult(r merge.Result) {
	c.items++
	if !r.Accepted() {
		c.refused[r.Refusal.Code]++
		return
	}
	c.accepted++
	if r.Changed {
		c.changed++
	}
	for _, code := range r.Notes {
		c.notes[code]++
	}
	for _, d := range r.Fields {
		c.writes++
		c.outcomes[d.Outcome]++
	}
}

// print prints the counts, and whether the answers are equal to the recorded ones.
func (c *counts) print(out *bufio.Writer, in *input, differ *lineNumbers) {
	row := func(name string, n, of int, note string) {
		fmt.Fprintf(out, "  %-22s %7s  %5s  %s\n", name, fieldlog.Number(n), percent(n, of), note)
	}
	fmt.Fprintf(out, "%s: %s by %s, %s to %s by the server's clock (UTC).\n\n", bold("Replayed the journal "+fieldlog.Printable(in.name)),
		fieldlog.Number(c.pushes)+pick(c.pushes == 1, " push", " pushes"), count(len(c.actors), "client"), when(c.first)[:16], when(c.last)[:16])
	row("items", c.items, 0, "pushed, each a change to one record")
	row("  accepted", c.accepted, c.items, fieldlog.Number(c.changed)+" of them changed stored data")
	row("  refused", c.items-c.accepted, c.items, pick(len(c.refused) > 0, "not stored, for the following reasons", "none"))
	printCodes(c.refused, func(name string, n int, note string) { row(name, n, c.items, note) })
	fmt.Fprintln(out)
	row("writes", c.writes, 0, "of single fields, in the accepted items")
	row("  applied", c.outcomes[merge.Applied], c.writes, "stored: the first write, or greater than the stored one")
	row("  superseded", c.outcomes[merge.Superseded], c.writes, "not stored: less than the stored write")
	row("  equal", c.outcomes[merge.Equal], c.writes, "identical to the stored write: a retry")
	row("  collisions", c.outcomes[merge.Collision], c.writes, "one stamp on two different writes: a client ID in use twice")
	if n := c.notices[fieldlog.Fence] + c.notices[fieldlog.Epoch] + c.notices[fieldlog.Reset]; n > 0 {
		fmt.Fprintln(out)
		row("events", n, 0, "of the server")
		row("  fences", c.notices[fieldlog.Fence], 0, "the server purges what was deleted until then")
		row("  epochs", c.notices[fieldlog.Epoch], 0, "all clients pull everything again, as after a restore from a backup")
		row("  resets", c.notices[fieldlog.Reset], 0, "a client was told to pull everything again")
	}
	if len(c.notes) > 0 {
		fmt.Fprintln(out, "\nNotes on accepted items, with the number of items:")
		printCodes(c.notes, func(name string, n int, note string) { row(name, n, c.accepted, note) })
	}
	c.printLost(out)
	fmt.Fprintf(out, "\n%s\n", c.conclusion(differ))
}

// printLost shows some of the lost edits without their values, which are private.
func (c *counts) printLost(out *bufio.Writer) {
	if c.blind > 0 {
		fmt.Fprintf(out, "\n%s met another client's write and had no base, so an edit may have been lost.\n", count(c.blind, "write"))
	}
	if c.lost == 0 {
		fmt.Fprintf(out, "\nNo edit %s lost.\n", pick(c.blind == 0, "was", "is known to be"))
		return
	}
	fmt.Fprintf(out, "\n%s: a value was lost, and the author of the winning write had not seen it.\n", red(count(c.lost, "lost edit")))
	names := namesOf(c.clients, c.devices)
	for _, e := range c.examples {
		fmt.Fprintf(out, "  line %s: %s\n", fieldlog.Number(e.line), names.named(e.decision, e.sentence))
	}
	if more := c.lost - len(c.examples); more > 0 {
		fmt.Fprintf(out, "  and %s\n", count(more, "other"))
	}
	fmt.Fprintln(out, "To see the values: -explain TABLE/ID/FIELD")
}

// printCodes prints the counts of codes, sorted by code.
func printCodes(codes map[merge.Code]int, row func(name string, n int, note string)) {
	for _, code := range slices.SortedFunc(maps.Keys(codes), cmp.Compare[merge.Code]) {
		row("    "+shownCode(code), codes[code], advice(code))
	}
}

// advice returns what to do about a code.
func advice(code merge.Code) string {
	if code == "not_loaded" {
		return "An earlier version of the server did not load the record: clients sent the item again."
	}
	return cmp.Or(code.Advice(), "A code of the application's own guard.")
}

// shownCode returns a code for the terminal, since an application's code can be any text.
func shownCode(code merge.Code) string { return cut(fieldlog.Printable(string(code)), 40) }

// conclusion tells whether the answers are equal to the recorded ones.
func (c *counts) conclusion(differ *lineNumbers) string {
	switch {
	case differ.n == 0 && c.pushes == 1:
		return green("The answer is byte-equal to the recorded one.")
	case differ.n == 0:
		return green(fmt.Sprintf("All %s are byte-equal to the recorded ones.", count(c.pushes, "answer")))
	}
	return red(fmt.Sprintf("%s of %s differ from the recorded ones: %s.", fieldlog.Number(differ.n), count(c.pushes, "answer"), differ))
}
