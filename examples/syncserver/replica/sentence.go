package replica

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Words are what a Why is told with.
type Words struct {
	// Client returns what people call a client, such as Ben's laptop. Nil means the first
	// digits of its ID.
	Client func(clock.ClientID) string
	// Time returns what people call a time, such as 14:02:07; nil means that, in local time.
	Time func(time.Time) string
}

// Sentence tells people in one plain sentence why a field is what it is:
//
//	Ben's laptop wrote this at 14:02:07, 3 s after Ana's phone wrote "Paint", which it had not seen.
func (w Why) Sentence(words Words) string {
	win, lose := w.Winner(), w.Loser()
	who, other := words.client(win), words.client(lose)
	if win.Stamp.Client == lose.Stamp.Client {
		other = "it"
	}
	at := words.time(win)
	switch {
	case w.Outcome == merge.Collision:
		return fmt.Sprintf("%s wrote two things at %s under one stamp, so its ID is in use twice; this stays, and not %s.", who, at, value(lose))
	case w.Unknown && !w.Changed():
		return fmt.Sprintf("%s wrote something else at %s, %s %s wrote this; it has not come here yet.", who, at, w.distance(), other)
	}
	s := fmt.Sprintf("%s %s at %s, %s %s %s", who, w.did(win, "this"), at, w.distance(), other, w.lost(lose))
	switch {
	case w.Step() == merge.ByClient:
		s += "; of the same moment, the greater client ID counts"
	case w.Lost():
		s += ", which it had not seen"
	}
	return s + "."
}

func (w Words) client(v record.FieldValue) string {
	if w.Client != nil {
		return w.Client(v.Stamp.Client)
	}
	return v.Stamp.Client.String()[:8]
}

func (w Words) time(v record.FieldValue) string {
	if w.Time != nil {
		return w.Time(v.Stamp.Time.Time())
	}
	return v.Stamp.Time.Time().Local().Format(time.TimeOnly)
}

// lost returns what the author of the loser did.
func (w Why) lost(lose record.FieldValue) string {
	switch {
	case w.Unknown:
		return "wrote something"
	case lose.Value == w.Winner().Value:
		return "did the same"
	}
	return w.did(lose, value(lose))
}

// did returns what the author of a write did.
func (w Why) did(v record.FieldValue, what string) string {
	switch {
	case w.Field == record.DeletedField && v.Value == record.Bool(true):
		return "deleted it"
	case w.Field == record.DeletedField:
		return "restored it"
	case v.Deleted():
		return "removed it"
	}
	return "wrote " + what
}

// longest is how many characters of a value are told.
const longest = 40

// value returns a value as people can read it.
func value(v record.FieldValue) string {
	if v.Deleted() {
		return "nothing"
	}
	runes := []rune(v.Value.JSON())
	if len(runes) <= longest {
		return string(runes)
	}
	return string(runes[:longest]) + "…"
}

// distance returns how long after the loser the winner was written.
func (w Why) distance() string {
	d := w.Margin()
	switch {
	case w.Step() == merge.ByClient:
		return "just when"
	case d == 0:
		return "just after"
	case d < time.Second:
		return fmt.Sprintf("%d ms after", d/time.Millisecond)
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s after", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min after", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h after", d/time.Hour)
	}
	return fmt.Sprintf("%d days after", d/(24*time.Hour))
}
