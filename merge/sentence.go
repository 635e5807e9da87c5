package merge

import (
	"strconv"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// String returns one sentence that says what happened and why. Its times are in UTC, and it
// contains no values, which may be private:
//
//	tasks/42/title: a write by 7f3c61f2… at 2026-03-02 14:02:07.120 UTC replaced one by 91aa04d7…, 3 ms earlier, which it had not seen
//	tasks/42/title: a write by 7f3c61f2… at 2026-03-02 14:02:07.120 UTC replaced one imported by 0d15ea5e…, which it had seen
func (d Decision) String() string { return d.sentence(d.noun(d.Incoming), d.other()) }

// WithValues returns the sentence of String with both values in it. These may be long and
// private.
func (d Decision) WithValues() string {
	incoming, other := d.noun(d.Incoming), d.other()
	if d.Field != record.DeletedField {
		show := func(noun string, w record.FieldValue) string {
			if w.Deleted() {
				return noun
			}
			return noun + " of " + w.Value.String()
		}
		incoming, other = show(incoming, d.Incoming), show(other, d.Before)
	}
	return d.sentence(incoming, other)
}

// sentence puts the parts together, given the nouns for the two writes.
func (d Decision) sentence(incoming, other string) string {
	by, beforeBy := d.clients()
	head := d.place() + ": " + incoming + " " + by + " "
	before := other + " " + beforeBy
	switch d.Step() {
	case 0:
		return head + "came after the field was purged"
	case FirstWrite:
		return head + "is the first write of this field"
	case SameWrite:
		return head + "was already stored"
	case ByKind, ByValue:
		if strings.HasPrefix(other, "one") {
			other = "another " + other
		}
		return head + "has the same stamp as " + other + " already stored, and " + d.tie()
	}
	if d.Won() {
		return head + "replaced " + before + d.distance("earlier") + d.sight("which it had") + d.rule()
	}
	return head + "gave way to " + before + d.distance("later") + d.sight("whose author had") + d.rule()
}

// clients says by whom the two writes are, and when the incoming one was made. The names are in
// short form unless two different clients have the same short form.
func (d Decision) clients() (incoming, before string) {
	v, w := d.Incoming.Stamp.Client, d.Before.Stamp.Client
	name := short
	if short(v) == short(w) && v != w {
		name = clock.ClientID.String
	}
	by := func(imported bool, c clock.ClientID) string {
		if imported {
			return "imported by " + name(c)
		}
		return "by " + name(c)
	}
	incoming, before = by(d.IncomingImported, v), by(d.BeforeImported, w)
	if !d.IncomingImported {
		incoming += " at " + d.Incoming.Stamp.Time.Time().Format("2006-01-02 15:04:05.000 UTC")
	}
	return incoming, before
}

// rule names the rule that decided if the times were equal.
func (d Decision) rule() string {
	if d.Step() == ByClient && !d.isImported() {
		return ": the greater client ID wins"
	}
	return ""
}

// place returns the names of table, record and field.
func (d Decision) place() string {
	return record.PathName(d.Key.Table) + "/" + record.PathName(d.Key.ID) + "/" + record.PathName(d.Field)
}

// noun returns a noun for a write, without its value.
func (d Decision) noun(w record.FieldValue) string {
	deletes, _ := w.Value.Bool()
	switch {
	case d.Field == record.DeletedField && deletes:
		return "a deletion of the record"
	case d.Field == record.DeletedField:
		return "a restoration of the record"
	case w.Deleted():
		return "a deletion"
	}
	return "a write"
}

// other returns a noun for the write that was stored before.
func (d Decision) other() string {
	if noun := d.noun(d.Before); noun != d.noun(d.Incoming) {
		return noun
	}
	return "one"
}

// distance says how far apart the two writes are, unless one is imported. Side is "earlier" or
// "later": the position of the stored write, seen from the incoming one.
func (d Decision) distance(side string) string {
	same := ""
	if d.Before.Value == d.Incoming.Value {
		same = ", of the same value"
	}
	switch {
	case d.isImported():
		return same
	case d.Step() == ByClient:
		return ", at the very same time" + same
	case d.Margin() == 0:
		return ", " + side + " in the same millisecond" + same
	}
	return ", " + span(d.Margin()) + " " + side + same
}

// sight says whether the winner's author had seen the loser.
func (d Decision) sight(who string) string {
	switch {
	case d.Seen == SeenYes:
		return ", " + who + " seen"
	case d.Seen == SeenNo && d.Won():
		return ", " + who + " not seen"
	case d.Seen == SeenNo:
		return ", " + who + " not seen it"
	}
	return ""
}

// tie says how the rule decided between writes with one stamp.
func (d Decision) tie() string {
	rule := "the greater value wins"
	if d.Step() == ByKind {
		rule = "a deletion wins over a value"
	}
	if d.Won() {
		return "replaced it: " + rule
	}
	return "gave way to it: " + rule
}

// short returns a prefix of a client ID.
func short(c clock.ClientID) string { return c.String()[:8] + "…" }

// span returns a positive duration in one suitable unit, rounded down.
func span(d time.Duration) string {
	unit, name := time.Millisecond, "ms"
	switch {
	case d >= 48*time.Hour:
		unit, name = 24*time.Hour, "days"
	case d >= 2*time.Hour:
		unit, name = time.Hour, "h"
	case d >= 2*time.Minute:
		unit, name = time.Minute, "min"
	case d >= 10*time.Second:
		unit, name = time.Second, "s"
	}
	return strconv.Itoa(int(d/unit)) + " " + name
}
