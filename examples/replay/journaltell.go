package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// print tells all stories.
func (s *journalStories) print(out *bufio.Writer, j *journal) {
	found := s.touched()
	places := make([]place, len(found))
	for i, t := range found {
		places[i] = t.place
	}
	for i, t := range found {
		printTitle(out, s.path, places, i)
		t.print(out, t.teller(j.counts.clients))
	}
	if s.unread.n > 0 {
		fmt.Fprintf(out, "\nRefused items that could not be read, and may have been meant for this field too: %s.\n", &s.unread)
	}
}

// teller returns what puts the story into words, given who wrote in the journal.
func (t *journalStory) teller(clients map[clock.ClientID]struct{}) teller {
	all := make(map[clock.ClientID]struct{}, len(clients))
	for c := range clients {
		all[c] = struct{}{}
	}
	for _, e := range t.events {
		if !e.Incoming.IsZero() {
			all[e.Incoming.Stamp.Client] = struct{}{}
		}
	}
	return teller{t.numbering, namesOf(all)}
}

// print tells the story of one field.
func (t *journalStory) print(out *bufio.Writer, tell teller) {
	fmt.Fprintf(out, "%s: what was pushed to this field%s,\n", printable(t.String()),
		pick(t.field == record.DeletedField, "", ", and what deleted or restored its record"))
	fmt.Fprint(out, "in the order of the journal, of which each line is a push. Times are in UTC.\n",
		"Of two writes the one written later wins, by the clocks of those who wrote, whenever it was pushed.\n")
	for i, e := range t.events {
		head, lines := tell.pushed(e, i+1)
		if e.found {
			head, lines = tell.unpushed(e, i+1)
		}
		fmt.Fprintf(out, "\n%5d  %s\n", i+1, head)
		for _, l := range lines {
			fmt.Fprintf(out, "       %s\n", l)
		}
	}
	fmt.Fprintln(out)
	for _, l := range t.ending(tell) {
		fmt.Fprintln(out, l)
	}
}

// pushed tells of a write that was pushed, and what the server answered.
func (t teller) pushed(e event, number int) (head string, lines []string) {
	who := "somebody unnamed"
	if !e.actor.IsZero() {
		who = t.names.of(e.actor)
	}
	head = fmt.Sprintf("line %d: pushed by %s at %s", e.line, who, when(e.wall))
	lines = []string{t.what(e)}
	if r := e.refusal; r != nil {
		lines = append(lines, "refused, "+reason(r), advice(r.Code))
		if r.Retryable {
			lines = append(lines, "The very same item may be accepted later.")
		}
		return head, lines
	}
	lines = append(lines, fmt.Sprintf("accepted, %s: %s", e.Outcome, t.why(e.Decision, number)))
	lines = append(lines, t.lost(e.Decision)...)
	lines = append(lines, effect(e)...)
	for _, code := range e.notes {
		lines = append(lines, fmt.Sprintf("%s: %s", code, code.Advice()))
	}
	return head, lines
}

// what says what was written, and when.
func (t teller) what(e event) string {
	w := e.Incoming
	if w.IsZero() {
		return "a write that could not be read"
	}
	s := noun(e.Field, w, mostShown) + ", written"
	if w.Stamp.Client != e.actor {
		s += " by " + t.names.of(w.Stamp.Client)
	}
	s += " at " + when(w.Stamp.Time.Time())
	if e.found || e.refusal != nil {
		return s
	}
	ms := w.Stamp.Time.Millis() - clock.TimestampOf(e.wall).Millis()
	return s + apart(time.Duration(ms)*time.Millisecond)
}

// apart says how far the time of a write is from that of its push, if it is a
// minute or more.
func apart(d time.Duration) string {
	switch {
	case d <= -time.Minute:
		return ", " + margin(-d) + " before it was pushed"
	case d >= time.Minute:
		return ", by a clock that is " + margin(d) + " ahead of the server's"
	}
	return ""
}

// why says why a write became what it became.
func (t teller) why(d merge.Decision, number int) string {
	switch {
	case d.Step() == merge.FirstWrite:
		// It need not be the first that was written: what was there may have vanished.
		return t.again(d, number) + "there was nothing to replace"
	case d.Outcome == merge.Superseded:
		return t.outcome(d, number) + ", which stays"
	}
	return t.outcome(d, number)
}

// mostLost is how many characters of a lost value are shown: it may be all that
// is left of it.
const mostLost = 1000

// lost says which value was lost with a decision, if one was.
func (t teller) lost(d merge.Decision) []string {
	if !d.Lost() {
		return nil
	}
	w, l := d.Winner(), d.Loser()
	loser, winner := t.names.of(l.Stamp.Client), t.names.of(w.Stamp.Client)
	head := fmt.Sprintf("Lost edit: this write never took effect, and %s had not seen it when it made write %d. It was:", winner, t.of(d.Field, w))
	if d.Won() {
		head = fmt.Sprintf("Lost edit: write %d of %s is gone, and %s had not seen it. It was:", t.of(d.Field, l), loser, winner)
	}
	return []string{head, "  " + noun(d.Field, l, mostLost)}
}

// effect says what users see of a write, where its value does not. What another item
// of the same push replaced is never seen.
func effect(e event) []string {
	was, _ := e.Before.Value.Bool()
	is, _ := e.Incoming.Value.Bool()
	switch {
	case !e.stays || !e.Won():
	case e.Field == record.DeletedField && is && !was:
		return []string{"From here on the record is deleted, and none of its fields is shown."}
	case e.Field == record.DeletedField && was && !is:
		return []string{"From here on the record is there again, and its fields are shown."}
	case e.Incoming.Deleted() && !e.Before.Deleted() && !e.Before.IsZero():
		return []string{"From here on the field has no value."}
	}
	return nil
}

// unpushed describes a stored write that no push of the journal brought.
func (t teller) unpushed(e event, number int) (head string, lines []string) {
	if e.since == 0 {
		return fmt.Sprintf("before line %d: stored already", e.line),
			[]string{t.what(e), "The journal does not tell how it came: this line is the first one to find it there."}
	}
	head = fmt.Sprintf("between lines %d and %d: not by a push of this journal", e.since, e.line)
	if e.Incoming.IsZero() {
		return head, []string{
			fmt.Sprintf("Write %d was no longer stored, and nothing in its place.", t.of(e.Field, e.Before)),
			"Somebody removed it, or the server did not load it.",
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
	return head, []string{what, "It came another way" + instead + ": an exchange with another server, a repair or a backup."}
}

// reason says why an item was refused.
func reason(r *merge.Refusal) string {
	var ahead *clock.AheadError
	if errors.As(r.Err, &ahead) {
		return fmt.Sprintf("%s: stamped %s ahead of the server's clock, where %s are allowed", r.Code, margin(ahead.Ahead()), margin(ahead.Limit))
	}
	return printable(strings.TrimPrefix(r.Error(), "merge: "))
}

// ending says what stands at the end, and whether anybody sees it.
func (t *journalStory) ending(tell teller) []string {
	var lines []string
	w := t.stands[t.field]
	if w.IsZero() {
		lines = append(lines, "In the end nothing is stored in this field.")
	} else {
		lines = append(lines, tell.ending(t.field, w))
	}
	if w.Deleted() {
		lines = append(lines, "Hence the field has no value, and is not shown.")
	}
	mark := t.stands[record.DeletedField]
	deleted, _ := mark.Value.Bool()
	switch {
	case t.field == record.DeletedField || mark.IsZero():
		return lines
	case !deleted:
		return append(lines, fmt.Sprintf("The record is not deleted: write %d restored it.", tell.of(record.DeletedField, mark)))
	}
	lines = append(lines, fmt.Sprintf("The record is deleted, by write %d of %s at %s. Hence none of its fields is shown, nor is this one.",
		tell.of(record.DeletedField, mark), tell.names.of(mark.Stamp.Client), when(mark.Stamp.Time.Time())))
	if !w.IsZero() && !w.Deleted() {
		lines = append(lines, "If somebody restores the record, the value above is shown again.")
	}
	return lines
}
