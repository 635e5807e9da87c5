package fieldlog

import (
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Log holds the events of one field and of the deletion mark of its record, in the order of the
// journal.
type Log struct {
	Key    record.Key
	Field  string
	Events []Event
	// Unread lists the refused items of the record whose writes the journal does not hold. They may
	// have been meant for this field.
	Unread []Unread

	notices []Notice        // since the first line that names the record
	fence   clock.Timestamp // the greatest fence of the notices
	// touched is set once the field has been stored or a push has tried to write it.
	touched bool
	imports []clock.ClientID // of the last push that listed the record
	line    int              // line of the last push that listed the record; 0 before the first
	stands  map[string]record.FieldValue
}

// Stands returns the write of the field that is stored at the end, or the zero FieldValue.
func (l *Log) Stands() record.FieldValue { return l.stands[l.Field] }

// Mark returns the deletion mark of the record at the end, or the zero FieldValue.
func (l *Log) Mark() record.FieldValue { return l.stands[record.DeletedField] }

// Imported reports whether an import made a write that is stored at the end.
func (l *Log) Imported(w record.FieldValue) bool { return slices.Contains(l.imports, w.Stamp.Client) }

// fields returns the fields that the log covers.
func (l *Log) fields() []string {
	if l.Field == record.DeletedField {
		return []string{l.Field}
	}
	return []string{record.DeletedField, l.Field}
}

// addUnpushed adds the writes that a push found stored but the previous push had not left there.
func (l *Log) addUnpushed(p Push) {
	before := p.Before(l.Key)
	deleted, _ := l.Mark().Value.Bool()
	for _, field := range l.fields() {
		w, _ := before.Get(field)
		was := l.stands[field]
		if w == was {
			continue
		}
		e := Event{Line: p.Line, Wall: p.Request.Wall, Found: true, Since: l.line}
		e.Key, e.Field, e.Before, e.Incoming = l.Key, field, was, w
		e.BeforeImported, e.IncomingImported = p.imported(was), p.imported(w)
		e.Purged = w.IsZero() && (deleted || was.Deleted()) && was.Stamp.Time <= p.Stored.Fence
		l.add(e)
	}
}

// addItem adds one item of a push.
func (l *Log) addItem(p Push, i int) {
	r, m := p.Answer.Results[i], p.Request.Items[i].Mutation
	e := Event{Line: p.Line, Wall: p.Request.Wall, Actor: p.Request.Actor, Refusal: r.Refusal}
	after := p.After(l.Key)
	var all []Event
	for n, field := range fieldsOfItem(m.Data) {
		if !slices.Contains(l.fields(), field) {
			continue
		}
		if r.Accepted() {
			e.Decision = r.Fields[n]
			w, _ := after.Get(field)
			e.Stays = w == e.Incoming
		} else {
			e.Key, e.Field = l.Key, field
			e.Incoming, _ = m.Data.Get(field)
			e.IncomingImported = p.imported(e.Incoming)
		}
		all = append(all, e)
	}
	if !r.Accepted() && m.Data.Len() == 0 {
		e.Key, e.Field = l.Key, l.Field
		all = append(all, e)
	}
	if len(all) == 0 {
		return
	}
	all[len(all)-1].Notes = notesOn(all, r.Notes)
	for _, e := range all {
		l.add(e)
	}
}

// names reports whether the path of a refusal leads to the field.
func (l *Log) names(path string) bool {
	rest, ok := strings.CutPrefix(path, "data."+record.PathName(l.Field))
	return ok && (rest == "" || rest[0] == '.')
}

// add adds one event. Its values get their own memory, so that they do not keep whole records
// alive.
func (l *Log) add(e Event) {
	e.Before.Value, e.Incoming.Value = e.Before.Value.Clone(), e.Incoming.Value.Clone()
	l.Events = append(l.Events, e)
	l.touched = l.touched || e.Field == l.Field
}

// setStands records which writes are stored after a push.
func (l *Log) setStands(p Push) {
	l.line, l.imports = p.Line, p.Request.Imports
	after := p.After(l.Key)
	for _, field := range l.fields() {
		w, _ := after.Get(field)
		w.Value = w.Value.Clone()
		l.stands[field] = w
	}
}
