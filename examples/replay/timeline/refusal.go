package timeline

import (
	"cmp"
	"fmt"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
)

// tellRemoved tells that a write is no longer stored.
func (k *teller) tellRemoved() {
	k.r.who = "the server"
	k.r.headline = fmt.Sprintf("Write %d is no longer stored.", k.b.number(k.e.Field, k.e.Before))
	k.r.outcome = pick(k.e.Purged, "It was deleted data older than the retention, and was purged.", "It was removed, or the server did not load it.")
	k.r.exact = fmt.Sprintf("between lines %d and %d: a change without a push in this journal", k.e.Since, k.e.Line)
}

// tellRefused tells why a write was refused, or why it was too late for a purged field.
func (k *teller) tellRefused() {
	k.r.headline = start(k.r.who) + " " + k.t.verb(k.e) + "."
	if k.e.Incoming.IsZero() {
		k.r.headline = start(k.r.who) + " tried to change this field."
	}
	if k.e.Refusal == nil {
		k.r.outcome = "It is gone: the field had been deleted and purged before it arrived."
		return
	}
	k.r.refuse(k.e.Refusal)
}

// refuse tells why an item was refused. The exact reason is for developers.
func (r *row) refuse(why *merge.Refusal) {
	r.exact = "refused, " + fieldlog.Reason(why)
	r.outcome = "The server refused it: " + pick(why.Code == merge.TooFarAhead, "the author's clock was too far ahead.", fieldlog.Printable(string(why.Code))+".")
	r.details = append(r.details, cmp.Or(why.Code.Advice(), "This is a rule of the application."))
	if why.Retryable {
		r.details = append(r.details, "The same item may be accepted later.")
	}
}

// rowOfUnread returns the facts about an item that could not be read.
func (t *Timeline) rowOfUnread(u fieldlog.Unread) row {
	r := row{line: u.Line, who: t.name(u.Actor), arrived: u.Wall}
	r.headline = start(r.who) + " changed this record, and perhaps this field."
	r.refuse(u.Refusal)
	return r
}
