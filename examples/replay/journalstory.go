package main

import (
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// journalStories holds the stories of all fields that the path of -explain can mean.
type journalStories struct {
	path string
	all  []*journalStory
	// unread lists the lines with refused items whose writes the journal does not contain, because
	// the items could not be read or were refused as gone. Such a write may have been meant for one
	// of these fields.
	unread lineNumbers
}

// journalStory holds the events of one field and of the deletion mark of its record, in the order
// of the journal.
type journalStory struct {
	place
	numbering
	events []event
	// touched is set once the field has been stored or a push has tried to write it.
	touched bool
	line    int // line of the last entry that listed the record; 0 before the first
	stands  map[string]record.FieldValue
}

// event is one write of an item, or a write that a push found stored although no push brought it.
type event struct {
	// If the item was refused, only Field and Incoming of the Decision are known. If the item could
	// not be read, only Field is known.
	merge.Decision
	line    int
	wall    time.Time
	actor   clock.ClientID
	refusal *merge.Refusal
	notes   []merge.Code
	stays   bool // whether the write is stored after its push
	found   bool // whether the write was found stored, without a push
	since   int  // if found, the last earlier line that listed the record, or 0
}

// touched returns the stories of fields that were stored, or that a push wrote or tried to write.
func (s *journalStories) touched() []*journalStory {
	return slices.DeleteFunc(slices.Clone(s.all), func(t *journalStory) bool { return !t.touched })
}

// add adds one push.
func (s *journalStories) add(p push) {
	for _, r := range p.Stored.Records {
		if t := s.storyOf(r.Key()); t != nil {
			t.addUnpushed(p)
		}
	}
	for i, r := range p.answer.Results {
		t := s.storyOf(r.Key)
		unread := !r.Accepted() && p.Request.Items[i].Mutation.Data.Len() == 0
		nameless := r.Key.Table == "" || r.Key.ID == ""
		switch {
		case unread && (nameless || t != nil && !t.names(r.Refusal.Path)):
			s.unread.add(p.line)
		case t != nil:
			t.addItem(p, i)
		}
	}
	for _, r := range p.Stored.Records {
		if t := s.storyOf(r.Key()); t != nil {
			t.setStands(p)
		}
	}
}

// storyOf returns the story of the requested field in the given record, or nil. A story begins with
// the first push that names the record, because the record may be deleted before the field is
// written.
func (s *journalStories) storyOf(key record.Key) *journalStory {
	field, ok := fieldIn(key, s.path)
	if !ok {
		return nil
	}
	at := place{key, field}
	i := slices.IndexFunc(s.all, func(t *journalStory) bool { return t.place == at })
	if i < 0 {
		i = len(s.all)
		s.all = append(s.all, &journalStory{
			place: at, numbering: make(numbering), stands: make(map[string]record.FieldValue),
		})
	}
	return s.all[i]
}

// fields returns the fields that the story covers.
func (t *journalStory) fields() []string {
	if t.field == record.DeletedField {
		return []string{t.field}
	}
	return []string{record.DeletedField, t.field}
}

// addUnpushed adds the writes that a push found stored but the previous push had not left there.
func (t *journalStory) addUnpushed(p push) {
	before := p.before(t.Key)
	for _, field := range t.fields() {
		w, _ := before.Get(field)
		if w == t.stands[field] {
			continue
		}
		e := event{line: p.line, found: true, since: t.line}
		e.Field, e.Before, e.Incoming = field, t.stands[field], w
		t.add(e)
	}
}

// addItem adds one item of a push.
func (t *journalStory) addItem(p push, i int) {
	r, m := p.answer.Results[i], p.Request.Items[i].Mutation
	e := event{line: p.line, wall: p.Request.Wall, actor: p.Request.Actor, refusal: r.Refusal}
	after := p.after(t.Key)
	var all []event
	for n, field := range fieldsOfItem(m.Data) {
		if !slices.Contains(t.fields(), field) {
			continue
		}
		if r.Accepted() {
			e.Decision = r.Fields[n]
			w, _ := after.Get(field)
			e.stays = w == e.Incoming
		} else {
			e.Field = field
			e.Incoming, _ = m.Data.Get(field)
		}
		all = append(all, e)
	}
	if !r.Accepted() && m.Data.Len() == 0 {
		e.Field = t.field
		all = append(all, e)
	}
	if len(all) == 0 {
		return
	}
	all[len(all)-1].notes = notesOn(all, r.Notes)
	for _, e := range all {
		t.add(e)
	}
}

// names reports whether the path of a refusal leads to the field.
func (t *journalStory) names(path string) bool {
	rest, ok := strings.CutPrefix(path, "data."+record.PathName(t.field))
	return ok && (rest == "" || rest[0] == '.')
}

// fieldsOfItem returns the names of the fields that an item writes, in the order of the Decisions
// in its Result.
func fieldsOfItem(data record.Record) []string {
	names := make([]string, 0, data.Len())
	for name := range data.All() {
		names = append(names, name)
	}
	return names
}

// notesOn returns the notes on an item, without those about fields that the story does not cover.
func notesOn(events []event, notes []merge.Code) []merge.Code {
	return slices.DeleteFunc(slices.Clone(notes), func(code merge.Code) bool {
		switch code {
		case merge.LostEdit:
			return !slices.ContainsFunc(events, func(e event) bool { return e.Lost() })
		case merge.StampCollision:
			return !slices.ContainsFunc(events, func(e event) bool { return e.Outcome == merge.Collision })
		}
		return false
	})
}

// add adds one event. Its values get their own memory, so that they do not keep whole records
// alive.
func (t *journalStory) add(e event) {
	e.Before.Value, e.Incoming.Value = e.Before.Value.Clone(), e.Incoming.Value.Clone()
	t.events = append(t.events, e)
	t.touched = t.touched || e.Field == t.field
	if !e.Incoming.IsZero() {
		t.numbering.assign(e.Field, e.Incoming, len(t.events))
	}
}

// setStands records which writes are stored after a push.
func (t *journalStory) setStands(p push) {
	t.line = p.line
	after := p.after(t.Key)
	for _, field := range t.fields() {
		w, _ := after.Get(field)
		w.Value = w.Value.Clone()
		t.stands[field] = w
	}
}
