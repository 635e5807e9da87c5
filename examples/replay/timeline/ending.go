package timeline

import (
	"fmt"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/record"
)

// endingOf tells what users see at the end and why, and which edits are lost.
func (t *Timeline) endingOf(l *fieldlog.Log) []string {
	b := newBook(l)
	w, mark := l.Stands(), l.Mark()
	deleted, _ := mark.Value.Bool()
	var text []string
	switch {
	case deleted && l.Field == record.DeletedField:
		text = []string{fmt.Sprintf("The record is deleted: %s.", t.did(b, l.Field, "deleted it", w))}
	case l.Field == record.DeletedField && !w.IsZero():
		text = []string{fmt.Sprintf("The record is not deleted: %s.", t.did(b, l.Field, "restored it", w))}
	case deleted:
		text = []string{fmt.Sprintf("The field is not shown, because %s.", t.did(b, record.DeletedField, "deleted the record", mark))}
		if !w.IsZero() {
			text = append(text, fmt.Sprintf("Write %d by %s%s.", b.number(l.Field, w), t.name(w.Stamp.Client),
				pick(w.Deleted(), " had cleared the field", " is kept, and is shown again if the record is restored")))
		}
	case w.IsZero():
		text = []string{"The field is empty: nothing is stored in it."}
	case w.Deleted():
		text = []string{fmt.Sprintf("The field is empty: %s.", t.did(b, l.Field, "cleared it", w))}
	default:
		text = []string{fmt.Sprintf("The field shows what %s.", t.wrote(b, l, w))}
		if t.options.Values {
			text = append(text, "The value is "+literal(w, 400))
		}
	}
	if l.Field != record.DeletedField && !deleted && !mark.IsZero() {
		text = append(text, fmt.Sprintf("The record is not deleted: %s.", t.did(b, record.DeletedField, "restored it", mark)))
	}
	return append(text, t.losses(b, l)...)
}

// did tells who made a write, when, and its number.
func (t *Timeline) did(b *book, field, verb string, w record.FieldValue) string {
	return fmt.Sprintf("%s %s on %s (write %d)", t.name(w.Stamp.Client), verb, t.minute(w.Stamp.Time.Time()), b.number(field, w))
}

// wrote tells who wrote a value or imported it, and its number.
func (t *Timeline) wrote(b *book, l *fieldlog.Log, w record.FieldValue) string {
	if l.Imported(w) {
		return fmt.Sprintf("%s imported (write %d)", t.name(w.Stamp.Client), b.number(l.Field, w))
	}
	return t.did(b, l.Field, "wrote", w)
}

// mostLosses is the number of lost edits that the sentences about the end name.
const mostLosses = 3

// lostEdit begins each sentence about a lost edit.
const lostEdit = "Lost edit"

// losses tells which edits are lost.
func (t *Timeline) losses(b *book, l *fieldlog.Log) (text []string) {
	n := 0
	for _, e := range l.Events {
		if !e.Lost() {
			continue
		}
		if n++; n <= mostLosses {
			text = append(text, fmt.Sprintf("%s: write %d by %s. Write %d by %s is later, so it counts, but %[5]s had not seen write %[2]d.",
				lostEdit, b.number(e.Field, e.Loser()), t.name(e.Loser().Stamp.Client), b.number(e.Field, e.Winner()), t.name(e.Winner().Stamp.Client)))
		}
	}
	if more := n - mostLosses; more > 0 {
		text = append(text, fmt.Sprintf("%ss: %s more.", lostEdit, fieldlog.Number(more)))
	}
	return text
}
