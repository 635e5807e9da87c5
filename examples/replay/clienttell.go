package main

import (
	"bufio"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/record"
)

// clientTeller puts into words how the log of a client and a journal differ. It shows no values.
type clientTeller struct {
	*client
	names clientNames
	path  string // of -explain, or ""
}

func newClientTeller(j *journal) clientTeller {
	all := maps.Clone(j.counts.clients)
	all[j.client.log.Client] = struct{}{}
	for _, views := range j.client.fields {
		for _, v := range views {
			all[v.shown.Client] = struct{}{}
			for s := range v.received {
				all[s.Client] = struct{}{}
			}
		}
	}
	delete(all, clock.ClientID{})
	return clientTeller{j.client, namesOf(all, j.counts.devices), j.explain}
}

// print prints each edit of the field that -explain names, or else the edits at which log and journal
// part. It also prints the fields in which the client shows another write than the journal has at its end.
func (t clientTeller) print(out *bufio.Writer) {
	fmt.Fprintf(out, "The log of client %s, compared with the journal. Times are in UTC, corrected by what the client knew of its clock.\n", t.names.of(t.log.Client))
	if n := t.log.Dropped; n > 0 {
		fmt.Fprintf(out, "The log lacks its first %s.\n", count(n, "event"))
	}
	told := 0
	for _, d := range t.edits {
		for _, f := range d.fields {
			lines, parts := t.edit(d, f)
			if !t.means(d.key, f.Name) || t.path == "" && !parts {
				continue
			}
			told++
			fmt.Fprintf(out, "\n%s\n", fieldlog.Printable(place{d.key, f.Name}.String()))
			for _, l := range lines {
				fmt.Fprintf(out, "  %s\n", l)
			}
		}
	}
	told += t.printEnds(out)
	switch {
	case told == 0 && t.path != "":
		fmt.Fprintln(out, "\nThe log says nothing about this field.")
	case told == 0:
		fmt.Fprintf(out, "\nThey do not part: %s in the log, each as the journal has it.\n", count(len(t.edits), "edit"))
	}
}

// means reports whether the path of -explain can mean a field. Without a path, all are meant.
func (t clientTeller) means(key record.Key, name string) bool {
	field, ok := fieldlog.FieldIn(key, t.path)
	return t.path == "" || ok && field == name
}

// edit describes an edit of one field, and reports whether log and journal part there.
func (t clientTeller) edit(d *edit, f clientlog.Field) (lines []string, parts bool) {
	lines = []string{"The edit was made at " + when(d.made) + t.basis(d) + "."}
	if f.Base != nil {
		lines = append(lines, "Its author was shown "+pick(f.Base.Time == 0, "no value", "the write of "+t.write(clock.Stamp(*f.Base)))+".")
	}
	if len(d.arrivals) == 0 {
		line, parts := t.absent(d)
		return append(lines, line), parts
	}
	first := d.arrivals[0]
	lines = append(lines, fmt.Sprintf("It reached the server at %s (line %d), and was %s.", when(first.wall), first.line, verdictOf(first, f.Name)))
	if s, ok := t.unseen(d, f); ok {
		parts = true
		lines = append(lines, fmt.Sprintf("By then the server had stored the write of %s, at %s (line %d)%s. %s",
			t.write(s.stamp), when(s.wall), s.line, after(s.wall, d.pulled), t.receipt(d, f, s.stamp)))
	}
	line, differs := t.answer(d, f)
	if line != "" {
		lines = append(lines, line)
	}
	return lines, parts || differs
}

// basis says what had been pulled when an edit was made.
func (t clientTeller) basis(d *edit) string {
	s := ""
	switch {
	case !d.pulled.IsZero():
		s = " on what was pulled at " + when(d.pulled)
	case t.log.Dropped > 0:
		s = " on what was pulled before the log begins"
	default:
		s = ", before the first pull of the log"
	}
	if d.seen != (record.Seen{}) {
		s += fmt.Sprintf(" (up to sequence %s)", fieldlog.Number(d.seen.Seq))
	}
	return s
}

// write names a write by its time and its client.
func (t clientTeller) write(s clock.Stamp) string {
	return when(s.Time.Time()) + " by " + t.names.of(s.Client)
}

// after says that a write was stored after the pull on which an edit was made, if it was.
func after(stored, pulled time.Time) string {
	if pulled.IsZero() || !stored.After(pulled) {
		return ""
	}
	return ", " + fieldlog.Margin(stored.Sub(pulled)) + " after that pull"
}

// receipt says when the client received a write that the author of an edit had not been shown.
func (t clientTeller) receipt(d *edit, f clientlog.Field, s clock.Stamp) string {
	at, ok := t.field(d.key, f.Name).received[s]
	switch {
	case !ok:
		return "The log does not show that the client ever received it."
	case at.After(d.made):
		return "The client received it at " + when(at) + ", after the edit."
	}
	return "The client received it at " + when(at) + ", before the edit, but the author was still shown an earlier one."
}

// verdictOf says what the server did with an edit of a field.
func verdictOf(a arrival, field string) string {
	if r := a.result.Refusal; r != nil {
		return "refused (" + fieldlog.Printable(string(r.Code)) + ")"
	}
	return "accepted (" + outcomeOf(a, field) + ")"
}

// outcomeOf returns the outcome of a field, or "" if the answer has none.
func outcomeOf(a arrival, field string) string {
	for _, d := range a.result.Fields {
		if d.Field == field {
			return d.Outcome.String()
		}
	}
	return ""
}

// absent says why the journal does not have an edit, by the log.
func (t clientTeller) absent(d *edit) (line string, parts bool) {
	const lacks = "The journal does not have it: "
	switch {
	case d.dropped == clientlog.Replaced:
		return lacks + "the client replaced it by a later edit before it was sent.", false
	case d.dropped != "":
		return lacks + "the client was told that it was refused (" + fieldlog.Printable(d.dropped) + "), and dropped it.", d.dropped != "gone"
	case d.answer.Verdict == "accepted":
		return "The client was told at " + when(d.answered) + " that it was accepted, but the journal does not have it: it does not cover that time, or the server has lost the edit.", true
	case !d.sent.IsZero():
		return lacks + "it was sent at " + when(d.sent) + " and never arrived, or only after the journal ends.", true
	}
	return lacks + "it was not sent before the log ends.", true
}

// answer compares the answer that the client got with those in the journal.
func (t clientTeller) answer(d *edit, f clientlog.Field) (line string, differs bool) {
	if d.answered.IsZero() {
		return pick(d.sent.IsZero(), "The log does not show that it was sent.", "The client did not get the answer before the log ends."), true
	}
	got := "refused (" + fieldlog.Printable(string(d.answer.Code)) + ")"
	if d.answer.Verdict == "accepted" {
		i := slices.IndexFunc(d.answer.Fields, func(g clientlog.Field) bool { return g.Name == f.Name })
		if i < 0 || d.answer.Fields[i].Outcome == "" {
			return "", false // the user may not read the record, or the log has left the field out
		}
		got = "accepted (" + fieldlog.Printable(d.answer.Fields[i].Outcome) + ")"
	}
	said := make([]string, len(d.arrivals))
	for i, a := range d.arrivals {
		if said[i] = verdictOf(a, f.Name); said[i] == got {
			return "", false
		}
	}
	return fmt.Sprintf("The client was told at %s: %s. The journal says: %s.", when(d.answered), got, strings.Join(said, ", then ")), true
}

// printEnds prints the fields in which the client last showed another write than the journal has at its
// end, and returns their number.
func (t clientTeller) printEnds(out *bufio.Writer) (n int) {
	for _, key := range slices.SortedFunc(maps.Keys(t.fields), record.Key.Compare) {
		for _, name := range slices.Sorted(maps.Keys(t.fields[key])) {
			v := t.fields[key][name]
			if !t.means(key, name) || !v.isShown || len(v.stands) == 0 {
				continue
			}
			last := v.stands[len(v.stands)-1]
			if last.stamp == v.shown || t.path == "" && !t.pulled.After(last.wall) {
				continue
			}
			n++
			fmt.Fprintf(out, "\n%s\n  Since %s the client showed %s.\n  The journal ends with %s, stored at %s (line %d), %s the last pull of the log%s.\n",
				fieldlog.Printable(place{key, name}.String()), when(v.shownAt), t.what(v.shown), t.what(last.stamp), when(last.wall), last.line,
				pick(t.pulled.After(last.wall), "before", "after"), pick(t.pulled.IsZero(), "", ", at "+when(t.pulled)))
		}
	}
	return n
}

// what names a write, or says that there is none.
func (t clientTeller) what(s clock.Stamp) string {
	if s == (clock.Stamp{}) {
		return "no value"
	}
	return "the write of " + t.write(s)
}
