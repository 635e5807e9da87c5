package main

import (
	"fmt"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// written is a write of one of the fields that a story covers.
type written struct {
	field string
	record.FieldValue
}

// numbering maps each write to the number under which its story first shows it.
type numbering map[written]int

// assign gives a write its number unless it has one.
func (n numbering) assign(field string, w record.FieldValue, number int) {
	if _, repeated := n[written{field, w}]; !repeated {
		n[written{field, w}] = number
	}
}

// teller turns decisions into words. It names writes by their numbers and clients by prefixes of
// their IDs.
type teller struct {
	numbering
	names clientNames
}

// outcome returns the reason for the outcome of a write that the story shows under the given
// number.
func (t teller) outcome(d merge.Decision, number int) string {
	if d.Outcome == merge.Equal {
		return fmt.Sprintf("a retry of write %d, which is already stored", t.of(d.Field, d.Before))
	}
	return t.again(d, number) + t.because(d) + sight(d)
}

// again returns a phrase that names the first arrival of a repeated write, or "" for any other
// write.
func (t teller) again(d merge.Decision, number int) string {
	if first := t.of(d.Field, d.Incoming); first < number {
		return fmt.Sprintf("a retry of write %d; ", first)
	}
	return ""
}

// of returns the number of a write.
func (n numbering) of(field string, w record.FieldValue) int { return n[written{field, w}] }

// because compares an incoming write with the stored one and names the deciding step.
func (t teller) because(d merge.Decision) string {
	in, was := d.Incoming.Stamp, d.Before.Stamp
	won, before := d.Won(), t.of(d.Field, d.Before)
	rule := "the value that sorts last wins"
	byStamp := d.Step() == merge.ByTime || d.Step() == merge.ByClient
	switch {
	case byStamp && d.BeforeImported:
		return fmt.Sprintf("%s write %d, which is imported", pick(won, "above", "below"), before)
	case byStamp && d.IncomingImported:
		return fmt.Sprintf("imported, %s write %d", pick(won, "above", "below"), before)
	}
	switch d.Step() {
	case merge.FirstWrite:
		return "the first write of this field"
	case merge.ByTime:
		if d.Margin() > 0 {
			return fmt.Sprintf("%s %s than write %d", fieldlog.Margin(d.Margin()), pick(won, "later", "earlier"), before)
		}
		return fmt.Sprintf("in the same millisecond as write %d, counter %d %s %d", before,
			in.Time.Counter(), pick(won, "above", "below"), was.Time.Counter())
	case merge.ByClient:
		return fmt.Sprintf("at the same time as write %d, client ID %s %s %s", before,
			t.names.of(in.Client), pick(won, "above", "below"), t.names.of(was.Client))
	case merge.ByKind:
		rule = "a deletion wins over a value"
	}
	return fmt.Sprintf("same stamp as write %d, which %s: %s", before, pick(won, "is replaced", "is kept"), rule)
}

// sight returns a phrase that says whether the author of a winning write had seen the write that it
// replaced.
func sight(d merge.Decision) string {
	switch {
	case !d.Won() || d.Seen == merge.SeenUnknown:
		return ""
	case d.Seen == merge.SeenYes:
		return ", which its author had seen"
	}
	return ", which its author had not seen"
}

// noun describes a write of a field: its value, cut to the given number of characters, or its
// effect.
func noun(field string, w record.FieldValue, most int) string {
	deletes, _ := w.Value.Bool()
	switch {
	case field == record.DeletedField && deletes:
		return "deletion of the record"
	case field == record.DeletedField:
		return "restoration of the record"
	case w.Deleted():
		return "deletion of the field"
	}
	return shown(w.Value, most)
}

// outcomeWord returns the word for an outcome, in its colour.
func outcomeWord(o merge.Outcome) string {
	switch o {
	case merge.Applied:
		return green(o.String())
	case merge.Superseded, merge.Collision:
		return yellow(o.String())
	}
	return dim(o.String())
}

// pick returns its second argument if the first is true, and its third otherwise.
func pick[T any](which bool, yes, no T) T {
	if which {
		return yes
	}
	return no
}
