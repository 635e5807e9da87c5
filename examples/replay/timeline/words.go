package timeline

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// teller puts one event into words.
type teller struct {
	t *Timeline
	b *book
	e fieldlog.Event
	m mark
	r row
}

// rowOf returns the facts about the event of a mark.
func (t *Timeline) rowOf(b *book, e fieldlog.Event, m mark) row {
	k := teller{t: t, b: b, e: e, m: m}
	k.r = row{line: e.Line, arrived: e.Wall, who: t.name(e.Actor)}
	if !e.Incoming.IsZero() {
		k.r.who = t.name(e.Incoming.Stamp.Client)
	}
	if !e.Incoming.IsZero() && !e.IncomingImported {
		k.r.made = e.Incoming.Stamp.Time.Time()
	}
	switch m.shape {
	case removed:
		k.tellRemoved()
	case repeat:
		k.tellRepeat()
		k.r.details = e.Effect()
	case refused:
		k.tellRefused()
	default:
		k.tellWrite()
		k.tellLoss()
		k.r.details = append(k.r.details, e.Effect()...)
	}
	if first := b.first(e); first < m.number && m.shape != repeat && !e.Incoming.IsZero() {
		k.r.details = append(k.r.details, fmt.Sprintf("It is write %d again.", first))
	}
	k.tellClocks()
	for _, code := range e.Notes {
		if code != merge.LostEdit {
			k.r.details = append(k.r.details, "Note "+string(code)+": "+code.Advice())
		}
	}
	if k.r.exact == "" {
		k.r.exact = t.sentence(e)
	}
	return k.r
}

// sentence returns the sentence of a decision.
func (t *Timeline) sentence(e fieldlog.Event) string {
	text := e.Decision.String()
	if t.options.Values {
		text = e.WithValues()
	}
	return fieldlog.Printable(fieldlog.Restated(e.Decision, text))
}

// verb says what a write did, with its value if the reader asked for values.
func (t *Timeline) verb(e fieldlog.Event) string {
	deletes, _ := e.Incoming.Value.Bool()
	switch {
	case e.Field == record.DeletedField && deletes:
		return "deleted the record"
	case e.Field == record.DeletedField:
		return "restored the record"
	case e.Incoming.IsZero():
		return "tried to change this field"
	case e.Incoming.Deleted():
		return "cleared this field"
	case t.options.Values:
		return pick(e.IncomingImported, "imported ", "wrote ") + literal(e.Incoming, 120)
	}
	return pick(e.IncomingImported, "imported", "wrote") + " this field"
}

// literal returns a value as JSON, cut to a number of characters.
func literal(w record.FieldValue, most int) string {
	return cut(fieldlog.Printable(w.Value.String()), most)
}

// tellWrite tells what a write did when it arrived.
func (k *teller) tellWrite() {
	k.r.headline = start(k.r.who) + " " + k.t.verb(k.e) + "."
	if k.e.Found {
		k.tellFound()
		return
	}
	k.r.outcome = k.outcome()
}

// outcome returns what became of a write that the server accepted.
func (k *teller) outcome() string {
	other := k.other()
	switch {
	case isFirst(k.e):
		return "There was nothing to replace."
	case k.e.Won():
		return fmt.Sprintf("It replaced %s%s%s.", other, distance(k.e, "made", "earlier"), k.sight())
	}
	apart := distance(k.e, "made", "later")
	return fmt.Sprintf("%s%s already counted, and stays.", upper(other), apart+pick(apart != "", ",", ""))
}

// other names the write that was stored before, and its author unless it is the same.
func (k *teller) other() string {
	other := fmt.Sprintf("write %d", k.b.number(k.e.Field, k.e.Before))
	if !k.e.Before.IsZero() && k.e.Before.Stamp.Client != k.e.Incoming.Stamp.Client {
		other += pick(k.e.BeforeImported, ", imported by ", " by ") + k.t.name(k.e.Before.Stamp.Client)
	}
	return other
}

// tellRepeat tells that a write was sent again.
func (k *teller) tellRepeat() {
	k.r.headline = fmt.Sprintf("%s sent write %d again.", start(k.t.name(k.e.Actor)), k.b.first(k.e))
	switch {
	case k.e.Outcome == merge.Equal:
		k.r.outcome = "Nothing changed: the server had it already."
	case k.e.Won():
		k.r.outcome = "It came twice in one push. " + k.outcome()
	default:
		k.r.outcome = "Nothing changed. " + k.outcome()
	}
}

// distance says how far apart the two writes of a decision are, or nothing if the times are equal or one of the writes is
// imported.
func distance(e fieldlog.Event, made, side string) string {
	if e.Margin() == 0 || e.BeforeImported || e.IncomingImported {
		return ""
	}
	return fmt.Sprintf(", %s %s %s", made, fieldlog.Margin(e.Margin()), side)
}

// sight says whether the author of a winning write had seen the replaced one.
func (k *teller) sight() string {
	switch k.e.Seen {
	case merge.SeenYes:
		return ", which " + k.r.who + " had seen"
	case merge.SeenNo:
		return ", which " + k.r.who + " had not seen"
	}
	return ""
}

// tellLoss tells how a write became a lost edit.
func (k *teller) tellLoss() {
	n, ok := k.b.losses[written{k.e.Field, k.e.Incoming}]
	if !ok {
		return
	}
	winner := k.t.name(k.b.winners[n].Stamp.Client)
	text := fmt.Sprintf(lostEdit+": write %d by %s replaced this one, and %s had not seen it.", k.b.number(k.e.Field, k.b.winners[n].FieldValue), winner, winner)
	if k.e.Lost() && !k.e.Won() {
		text = fmt.Sprintf(lostEdit+": this write never counted, and %s had not seen it.", winner)
	}
	k.r.details = append(k.r.details, text)
}

// tellFound tells that a stored write came without a push.
func (k *teller) tellFound() {
	if k.e.Since == 0 {
		k.r.outcome = "It was already stored when this journal begins."
		k.r.exact = fmt.Sprintf("before line %d: already stored", k.e.Line)
		return
	}
	k.r.exact = fmt.Sprintf("between lines %d and %d: a change without a push in this journal", k.e.Since, k.e.Line)
	k.r.outcome = "It came another way: from another server, a repair or a backup."
	if !k.e.Before.IsZero() {
		k.r.details = append(k.r.details, fmt.Sprintf("It replaced write %d.", k.b.number(k.e.Field, k.e.Before)))
	}
}

// tellClocks tells about writes that arrived late, and about clocks that were wrong.
func (k *teller) tellClocks() {
	if k.e.Found || k.e.Incoming.IsZero() {
		return
	}
	if k.e.Actor != k.e.Incoming.Stamp.Client {
		k.r.details = append(k.r.details, "It was pushed by "+k.t.name(k.e.Actor)+".")
	}
	switch d := ahead(k.e); {
	case d <= -time.Minute:
		k.r.details = append(k.r.details, "It reached the server "+fieldlog.Margin(-d)+" after it was made.")
	case d >= time.Minute && k.e.Refusal == nil:
		k.r.details = append(k.r.details, "The author's clock was "+fieldlog.Margin(d)+" ahead of the server's.")
	}
	if f := k.b.faults[k.m.number]; f != nil {
		k.r.details = append(k.r.details, fmt.Sprintf("The author's clock was corrected after write %d had been refused.", f.number))
	}
}

// start returns the name of a client for the beginning of a sentence.
func start(who string) string { return pick(who == unnamed, upper(who), who) }

// pick returns its second argument if the first is true, and its third otherwise.
func pick[T any](which bool, yes, no T) T {
	if which {
		return yes
	}
	return no
}
