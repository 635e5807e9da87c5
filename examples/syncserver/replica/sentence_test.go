package replica_test

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// sentence returns a Why as one sentence with everything that it holds, or "" if there is none.
func (d *device) sentence(key record.Key, field string) string {
	w, ok := d.Why(key, field)
	if !ok {
		return ""
	}
	win, lose := w.Winner(), w.Loser()
	who, other, at := names[win.Stamp.Client], names[lose.Stamp.Client], win.Stamp.Time.Time().Format(time.TimeOnly)
	if who == other {
		other = "it"
	}
	switch {
	case w.Outcome == merge.Collision:
		return fmt.Sprintf("%s wrote two values at %s; this one was kept, not %s.", who, at, lose.Value)
	case w.BeforeUnknown && !w.Won():
		return fmt.Sprintf("%s wrote another value at %s, %s after %s wrote this; that value has not arrived here yet.", who, at, w.Margin(), other)
	}
	s := fmt.Sprintf("%s %s at %s, %s after %s %s", who, did(w, win, "this"), at, w.Margin(), other, did(w, lose, lose.Value.String()))
	if w.Lost() {
		s += ", which it had not seen"
	}
	return s + "."
}

// did returns a phrase for the action of a write's author.
func did(w replica.Why, v record.FieldValue, what string) string {
	switch {
	case w.BeforeUnknown && v == w.Loser():
		return "wrote something"
	case w.Field == record.DeletedField && v.Value == record.Bool(true):
		return "deleted it"
	case w.Field == record.DeletedField:
		return "restored it"
	}
	return "wrote " + what
}

// Clients of the tests.
var (
	ana   = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben   = clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
	names = map[clock.ClientID]string{ana: "Ana's phone", ben: "Ben's laptop"}
)
