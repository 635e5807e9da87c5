package powersync

import (
	"encoding/json"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// StampsColumn is the name of a TEXT column of each table. It holds a JSON object with the stamp of
// each field, and tells the app which stamps it has seen. The app keeps it up to date on the device;
// a Handler ignores what is sent for it.
const StampsColumn = "stamps"

// Row returns the row of the source database, from which PowerSync downloads, that shows a record:
// its columns and StampsColumn, each as a string, an int64, a float64 or nil. It reports false if the
// record is deleted or has no fields: then there is no row.
func (s Schema) Row(r record.Record) (row map[string]any, ok bool) {
	if r.Deleted() || r.Len() == 0 {
		return nil, false
	}
	row = map[string]any{"id": r.Key().ID}
	for name, column := range s[r.Key().Table] {
		w, _ := r.Get(name)
		row[name] = column.cell(w.Value)
	}
	stamps := map[string]clock.Stamp{}
	for name, w := range r.All() {
		stamps[name] = w.Stamp
	}
	text, err := json.Marshal(stamps)
	if err != nil {
		return nil, false // cannot happen: stored stamps are valid
	}
	row[StampsColumn] = string(text)
	return row, true
}

// cell returns the SQLite value of a column. A value that does not fit the type of the column, written
// by another kind of client, is shown as its JSON text.
func (c Column) cell(v record.Value) any {
	if v.Kind() == record.KindNull || v.Kind() == record.KindDeleted {
		return nil
	}
	n, isInt := v.Int()
	switch {
	case c == Bool:
		if b, ok := v.Bool(); ok && b {
			return int64(1)
		} else if ok {
			return int64(0)
		}
	case c == Text:
		if text, ok := v.Text(); ok {
			return text
		}
	case c == Digits && isInt:
		return strconv.FormatInt(n, 10)
	case c == Integer && isInt:
		return n
	case c == Real:
		if f, ok := v.Float(); ok {
			return f
		}
	}
	return v.JSON()
}
