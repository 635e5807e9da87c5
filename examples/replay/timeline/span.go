package timeline

import (
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/record"
)

// state says what users see in the field.
type state uint8

const (
	nothing  state = iota // nothing is stored
	value                 // a value
	cleared               // the field has no value
	deletion              // the record is deleted
)

// span is a time in which one write decided what users see.
type span struct {
	from   int // index of the mark whose arrival begins the span
	state  state
	number int // the number of the deciding write; 0 for nothing
	lane   int // the lane of its author, or server
	text   string
}

// addSpans adds a span for each change of what users see. Users see only the state after a push.
func (t *Timeline) addSpans(l *fieldlog.Log) {
	b := newBook(l)
	var now shown
	from := 0 // index of the mark of the last change
	at := 0   // index of the mark of the event
	for i, e := range l.Events {
		for t.marks[at].number != i+1 {
			at++
		}
		if (e.Stays || e.Found) && now.set(l.Field, e) {
			from = at
		}
		if i+1 == len(l.Events) || l.Events[i+1].Line != e.Line || l.Events[i+1].Found != e.Found {
			t.addSpan(t.spanOf(b, l.Field, now), from)
		}
	}
}

// shown holds the writes that decide what users see.
type shown struct{ field, mark record.FieldValue }

// set takes in a stored write, and reports whether it changes anything.
func (s *shown) set(field string, e fieldlog.Event) bool {
	was := *s
	if e.Field == field {
		s.field = e.Incoming
	}
	if e.Field == record.DeletedField {
		s.mark = e.Incoming
	}
	return *s != was
}

// addSpan adds a span unless nothing changes.
func (t *Timeline) addSpan(s span, from int) {
	s.from = from
	if n := len(t.spans); n > 0 {
		last := t.spans[n-1]
		if last.from = from; last == s {
			return
		}
	}
	t.spans = append(t.spans, s)
}

// spanOf returns the span in which the given writes are stored.
func (t *Timeline) spanOf(b *book, field string, now shown) span {
	deleted, _ := now.mark.Value.Bool()
	w, s := now.field, span{state: value}
	switch {
	case deleted:
		field, w, s.state = record.DeletedField, now.mark, deletion
	case w.IsZero():
		return span{state: nothing, lane: server, text: "nothing yet"}
	case w.Deleted():
		s.state = cleared
	}
	s.number, s.lane = b.number(field, w), t.laneOf(w.Stamp.Client)
	who := t.name(w.Stamp.Client)
	switch {
	case s.state == deletion:
		s.text = "deleted by " + who
	case s.state == cleared:
		s.text = "cleared by " + who
	case field == record.DeletedField:
		s.text = "restored by " + who
	case t.options.Values:
		s.text = literal(w, 60)
	default:
		s.text = "by " + who
	}
	return s
}
