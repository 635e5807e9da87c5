package main

import (
	"bufio"
	"fmt"
	"maps"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// printLogs prints the stories of all fields that the path of -explain can mean.
func printLogs(out *bufio.Writer, j *journal) {
	found := j.logs.Logs()
	for i, l := range found {
		printTitle(out, j.explain, placesOf(found), i)
		printLog(out, l, tellerOf(l, &j.counts))
	}
	if note := unreadNote(j); note != "" {
		fmt.Fprintf(out, "\n%s\n", note)
	}
}

// placesOf returns the places of logs.
func placesOf(logs []*fieldlog.Log) []place {
	places := make([]place, len(logs))
	for i, l := range logs {
		places[i] = place{l.Key, l.Field}
	}
	return places
}

// unreadNote returns a sentence about the lines with refused items whose writes the journal does not
// hold, or "".
func unreadNote(j *journal) string {
	var unread lineNumbers
	for _, line := range j.logs.Unread() {
		unread.add(line)
	}
	switch unread.n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("L%s of the journal has a refused item that names no field; it may have been meant for this one.", unread.String()[1:])
	}
	return fmt.Sprintf("L%s of the journal have refused items that name no field; they may have been meant for this one.", unread.String()[1:])
}

// tellerOf returns the teller that puts a log into words; c counts all clients of the journal.
func tellerOf(l *fieldlog.Log, c *counts) teller {
	t := teller{numbering: make(numbering)}
	all := maps.Clone(c.clients)
	for i, e := range l.Events {
		if !e.Incoming.IsZero() {
			t.assign(e.Field, e.Incoming, i+1)
			all[e.Incoming.Stamp.Client] = struct{}{}
		}
	}
	t.names = namesOf(all, c.devices)
	return t
}

// printLog prints the story of one field.
func printLog(out *bufio.Writer, l *fieldlog.Log, tell teller) {
	fmt.Fprintf(out, "%s\nThe writes to this field%s.\n", bold(fieldlog.Printable(place{l.Key, l.Field}.String())),
		pick(l.Field == record.DeletedField, "", ", and the deletions and restorations of its record"))
	fmt.Fprint(out, "They are in the order of the journal, where each line is one push.\n",
		"Of two writes, the one stamped later by its author's clock wins, whenever it\n",
		"was pushed. Times are in UTC.\n")
	notices := l.Notices()
	for i, e := range l.Events {
		for len(notices) > 0 && notices[0].Line < e.Line {
			tell.printNotice(out, notices[0])
			notices = notices[1:]
		}
		head, lines := tell.pushed(e, i+1)
		if e.Found {
			head, lines = tell.unpushed(e, i+1)
		}
		fmt.Fprintf(out, "\n%s  %s\n", bold(fmt.Sprintf("%5d", i+1)), head)
		for _, l := range lines {
			fmt.Fprintf(out, "       %s\n", l)
		}
	}
	for _, n := range notices {
		tell.printNotice(out, n)
	}
	fmt.Fprintln(out)
	for _, line := range tell.endingOf(l) {
		fmt.Fprintln(out, line)
	}
}

// printNotice prints what happened at the server between two writes.
func (t teller) printNotice(out *bufio.Writer, n fieldlog.Notice) {
	fmt.Fprintf(out, "\n       line %d: at the server at %s\n       %s\n", n.Line, when(n.Wall), n.Sentence(t.names.of))
}

// pushed describes a write that was pushed, and the server's answer.
func (t teller) pushed(e fieldlog.Event, number int) (head string, lines []string) {
	who := "an unnamed client"
	if !e.Actor.IsZero() {
		who = t.names.of(e.Actor)
	}
	head = fmt.Sprintf("line %d: pushed by %s at %s", e.Line, who, when(e.Wall))
	lines = []string{t.what(e)}
	if r := e.Refusal; r != nil {
		lines = append(lines, red("refused")+", "+fieldlog.Reason(r), advice(r.Code))
		if r.Retryable {
			lines = append(lines, "The same item may be accepted later.")
		}
		return head, lines
	}
	lines = append(lines, fmt.Sprintf("accepted, %s: %s", outcomeWord(e.Outcome), t.why(e.Decision, number)))
	lines = append(lines, t.lost(e.Decision)...)
	lines = append(lines, e.Effect()...)
	for _, code := range e.Notes {
		lines = append(lines, fmt.Sprintf("%s: %s", code, code.Advice()))
	}
	return head, lines
}

// what describes the written value and its time.
func (t teller) what(e fieldlog.Event) string {
	w := e.Incoming
	if w.IsZero() {
		return "a write that is not in the journal"
	}
	if e.IncomingImported {
		return noun(e.Field, w, mostShown) + ", imported by " + t.names.of(w.Stamp.Client)
	}
	s := noun(e.Field, w, mostShown) + ", written"
	if w.Stamp.Client != e.Actor {
		s += " by " + t.names.of(w.Stamp.Client)
	}
	s += " at " + when(w.Stamp.Time.Time())
	if e.Found || e.Refusal != nil {
		return s
	}
	ms := w.Stamp.Time.Millis() - clock.TimestampOf(e.Wall).Millis()
	return s + apart(time.Duration(ms)*time.Millisecond)
}

// apart describes the difference between the times of a write and its push, if it is a minute or
// more.
func apart(d time.Duration) string {
	switch {
	case d <= -time.Minute:
		return ", " + fieldlog.Margin(-d) + " before it was pushed"
	case d >= time.Minute:
		return ", by a clock that is " + fieldlog.Margin(d) + " ahead of the server's"
	}
	return ""
}

// why returns the reason for the outcome of a write.
func (t teller) why(d merge.Decision, number int) string {
	switch {
	case d.Step() == merge.FirstWrite:
		// The write need not be the first of its field: an earlier one may have vanished.
		return t.again(d, number) + "there was nothing to replace"
	case d.Outcome == merge.Superseded:
		return t.outcome(d, number) + ", which is kept"
	}
	return t.outcome(d, number)
}

// mostLost is the number of characters of a lost value that are shown. It is large, because there
// may be no other copy of the value.
const mostLost = 1000

// lost describes the lost edit that a decision caused, if any.
func (t teller) lost(d merge.Decision) []string {
	if !d.Lost() {
		return nil
	}
	w, l := d.Winner(), d.Loser()
	loser, winner := t.names.of(l.Stamp.Client), t.names.of(w.Stamp.Client)
	head := fmt.Sprintf(red("Lost edit")+": this write never took effect, and %s had not seen it when it made write %d. The lost write:", winner, t.of(d.Field, w))
	if d.Won() {
		head = fmt.Sprintf(red("Lost edit")+": write %d by %s was replaced, and %s had not seen it. The lost write:", t.of(d.Field, l), loser, winner)
	}
	return []string{head, "  " + noun(d.Field, l, mostLost)}
}

// unpushed describes a stored write that no push of the journal brought.
func (t teller) unpushed(e fieldlog.Event, number int) (head string, lines []string) {
	if e.Since == 0 {
		return fmt.Sprintf("before line %d: already stored", e.Line),
			[]string{t.what(e), "The journal does not show its origin: this is the first line to find it stored."}
	}
	head = fmt.Sprintf("between lines %d and %d: a change without a push in this journal", e.Since, e.Line)
	if e.Incoming.IsZero() {
		return head, []string{
			fmt.Sprintf("Write %d was no longer stored, and no other write had replaced it.", t.of(e.Field, e.Before)),
			pick(e.Purged, "It was deleted data that is older than the retention, so the server purged it.", "It was removed, or the server did not load it."),
		}
	}
	what := t.what(e)
	if first := t.of(e.Field, e.Incoming); first < number {
		what = fmt.Sprintf("write %d again: %s", first, what)
	}
	instead := ""
	if !e.Before.IsZero() {
		instead = fmt.Sprintf(", and replaced write %d", t.of(e.Field, e.Before))
	}
	return head, []string{what, "It came from an exchange with another server, a repair or a backup" + instead + "."}
}

// endingOf describes the write that is stored at the end, and whether users see it.
func (t teller) endingOf(l *fieldlog.Log) []string {
	var lines []string
	w := l.Stands()
	if w.IsZero() {
		lines = append(lines, "At the end, nothing is stored in this field.")
	} else {
		lines = append(lines, t.ending(l.Field, w))
	}
	if w.Deleted() {
		lines = append(lines, "The field therefore has no value and is not shown.")
	}
	mark := l.Mark()
	deleted, _ := mark.Value.Bool()
	switch {
	case l.Field == record.DeletedField || mark.IsZero():
		return lines
	case !deleted:
		return append(lines, fmt.Sprintf("The record is not deleted: write %d restored it.", t.of(record.DeletedField, mark)))
	}
	lines = append(lines, fmt.Sprintf("The record is deleted (write %d by %s at %s), so none of its fields is shown.",
		t.of(record.DeletedField, mark), t.names.of(mark.Stamp.Client), when(mark.Stamp.Time.Time())))
	if !w.IsZero() && !w.Deleted() {
		lines = append(lines, "If the record is restored, the value above is shown again.")
	}
	return lines
}
