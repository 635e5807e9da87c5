package server

import (
	"errors"
	"strings"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// form is another form of the app.
type form struct {
	name   func(table, field string) (string, bool) // of a field, or false if the form has no one field for it
	record func(record.Record) (record.Record, error)
}

// inRow returns a violation row in another form of the app. Only the row of a lost edit names a field: the name, the
// two values and the sentence are translated. A row of a field that the other form lacks stays as it is. The row lacks
// values that cannot be translated, and the error says so.
func inRow(row record.Record, to form) (record.Record, error) {
	w, _ := row.Get(lostField)
	field, ok := w.Value.Text()
	v, err := violation.Parse(row)
	if !ok || err != nil {
		return row, nil
	}
	about := lostFrom{record.Key{Table: v.Table, ID: v.RecordID}, field}
	other, ok := to.name(v.Table, field)
	if !ok || other == "" {
		return row, nil
	}
	var b record.Builder
	var failed error
	made, err := b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range row.All() {
			switch name {
			case lostField:
				w.Value = record.MustOf(other)
			case lostWords:
				w.Value = about.renamed(w.Value, other)
			case violation.FieldLostValue, lostValue:
				one, err := about.translated(w, to)
				if failed = errors.Join(failed, err); err != nil {
					continue
				}
				w = one
			}
			if !yield(name, w) {
				return
			}
		}
	})
	return made, errors.Join(failed, err)
}

// lostFrom is the field that a row of a lost edit is about.
type lostFrom struct {
	key   record.Key
	field string
}

// renamed returns a sentence about the field with another name of it; see merge.Decision.
func (f lostFrom) renamed(sentence record.Value, other string) record.Value {
	place := func(name string) string {
		return record.PathName(f.key.Table) + "/" + record.PathName(f.key.ID) + "/" + record.PathName(name) + ":"
	}
	text, _ := sentence.Text()
	rest, ok := strings.CutPrefix(text, place(f.field))
	if !ok {
		return sentence
	}
	return record.MustOf(place(other) + rest)
}

// translated returns a write of the field in another form. Of a field that was split, it is the value of this part
// alone.
func (f lostFrom) translated(w record.FieldValue, to form) (record.FieldValue, error) {
	var b record.Builder
	one, err := b.Record(f.key, func(yield func(string, record.FieldValue) bool) { yield(f.field, w) })
	if err == nil {
		one, err = to.record(one)
	}
	for _, other := range one.All() {
		return other, err
	}
	return w, err
}
