package main

import (
	"bufio"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// story holds the writes of one field in the order of their arrival.
type story struct {
	place
	numbering
	events []merge.Decision
}

// mostShown is the number of characters of a value that a story shows.
const mostShown = 48

// add adds the arrival of one write.
func (t *story) add(d merge.Decision) {
	t.events = append(t.events, d)
	t.numbering.assign(d.Field, d.Incoming, len(t.events))
}

// print prints the story of one field.
func (t *story) print(out *bufio.Writer, r *replay, names clientNames) {
	tell := teller{t.numbering, names}
	clients := make(map[clock.ClientID]struct{})
	for _, d := range t.events {
		clients[d.Incoming.Stamp.Client] = struct{}{}
	}
	fmt.Fprintf(out, "%s: %s by %s, in %s (times in UTC)\n\n", bold(fieldlog.Printable(t.String())),
		count(len(t.events), "write"), count(len(clients), "client"), pick(r.shuffle, "shuffled order", "order of arrival"))
	for i, d := range t.events {
		w := d.Incoming
		fmt.Fprintf(out, "%s  %s  %s  %s\n", bold(fmt.Sprintf("%5d", i+1)), when(w.Stamp.Time.Time()), names.of(w.Stamp.Client), noun(t.field, w, mostShown))
		fmt.Fprintf(out, "       %s: %s\n", outcomeWord(d.Outcome), tell.outcome(d, i+1))
	}
	rec, _ := r.state.Get(t.Key)
	stands, _ := rec.Get(t.field)
	fmt.Fprintf(out, "\n%s\n", tell.ending(t.field, stands))
	if w, _ := rec.Get(record.DeletedField); rec.Deleted() && t.field != record.DeletedField {
		fmt.Fprintf(out, "The record is deleted, by %s at %s. Its fields continue to merge.\n",
			names.of(w.Stamp.Client), when(w.Stamp.Time.Time()))
	}
}

// ending describes the write that is stored at the end.
func (t teller) ending(field string, stands record.FieldValue) string {
	return fmt.Sprintf("At the end, write %d by %s is stored: %s", t.of(field, stands),
		t.names.of(stands.Stamp.Client), noun(field, stands, mostShown))
}
