package main

import (
	"bufio"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// print tells the story of one field.
func (t *story) print(out *bufio.Writer, r *replay, names clientNames) {
	clients := make(map[clock.ClientID]struct{})
	for _, e := range t.events {
		clients[e.Stamp.Client] = struct{}{}
	}
	fmt.Fprintf(out, "%s: %s by %s, in the %s (times in UTC)\n\n", printable(t.String()),
		count(len(t.events), "write"), count(len(clients), "client"), pick(r.shuffle, "shuffled order", "order of arrival"))
	for i, e := range t.events {
		fmt.Fprintf(out, "%5d  %s  %s  %s\n", i+1, when(e.Stamp.Time), names.of(e.Stamp.Client), noun(e.write, 48))
		fmt.Fprintf(out, "       %s\n", t.outcome(i, names))
	}
	rec, _ := r.state.Get(t.Key)
	stands, _ := rec.Get(t.field)
	fmt.Fprintf(out, "\n%s\n", t.ending(stands, names))
	if w, _ := rec.Get(record.DeletedField); rec.Deleted() && t.field != record.DeletedField {
		fmt.Fprintf(out, "The record is deleted, by %s at %s; its fields merge on beneath that.\n",
			names.of(w.Stamp.Client), when(w.Stamp.Time))
	}
}

// noun says what a write is: its value, in at most so many characters, or what it
// does.
func noun(w write, most int) string {
	restores, _ := w.Value.Bool()
	switch {
	case w.field == record.DeletedField && restores:
		return "deletion of the record"
	case w.field == record.DeletedField:
		return "restoration of the record"
	case w.Deleted():
		return "deletion of the field"
	}
	return shown(w.Value, most)
}

// ending says what stands at the end.
func (t *story) ending(stands record.FieldValue, names clientNames) string {
	return fmt.Sprintf("In the end write %d of %s stands: %s", t.number[stands],
		names.of(stands.Stamp.Client), noun(write{place: t.place, FieldValue: stands}, 48))
}

// outcome says what became of event i, and why.
func (t *story) outcome(i int, names clientNames) string {
	e := t.events[i]
	before := t.number[e.Before]
	switch e.Outcome {
	case merge.Equal:
		return fmt.Sprintf("equal: a retry of write %d, which stands already", before)
	case merge.Applied:
		if e.Before.IsZero() {
			return "applied: the first write of this field"
		}
		return "applied: " + t.because(e, before, names) + t.unseen(e)
	}
	again := ""
	if first := t.number[e.Incoming]; first <= i {
		again = fmt.Sprintf("a retry of write %d; ", first)
	}
	return e.Outcome.String() + ": " + again + t.because(e, before, names)
}

// unseen tells if the author of a write had not seen the one that it replaced.
func (t *story) unseen(e event) string {
	if e.known && e.base.Compare(e.Before.Stamp) < 0 && e.Before.Stamp.Client != e.Stamp.Client {
		return ", which its author had not seen"
	}
	return ""
}

// because compares an incoming write with the one that was there, and names the
// step that decided.
func (t *story) because(e event, before int, names clientNames) string {
	in, was := e.Incoming, e.Before
	won := e.Changed()
	switch decide(in, was) {
	case byTime:
		return fmt.Sprintf("%s %s than write %d", between(in.Stamp.Time, was.Stamp.Time), pick(won, "later", "earlier"), before)
	case byCounter:
		return fmt.Sprintf("in the same millisecond as write %d, counter %d %s %d", before,
			in.Stamp.Time.Counter(), pick(won, "above", "below"), was.Stamp.Time.Counter())
	case byClient:
		return fmt.Sprintf("at the very same time as write %d, client ID %s %s %s", before,
			names.of(in.Stamp.Client), pick(won, "above", "below"), names.of(was.Stamp.Client))
	}
	rule := pick(decide(in, was) == byDeletion, "a deletion wins over a value", "the value that sorts last wins")
	return fmt.Sprintf("same stamp as write %d, which %s: %s", before, pick(won, "gives way", "stays"), rule)
}

// pick returns yes or no.
func pick(which bool, yes, no string) string {
	if which {
		return yes
	}
	return no
}
