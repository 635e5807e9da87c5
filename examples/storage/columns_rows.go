package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// tasksTable is the table whose records this layout stores.
const tasksTable = "tasks"

// stampedColumns returns the columns with a stamp.
func stampedColumns() []column {
	return []column{
		{field: "title", name: "title"}, {field: "estimate", name: "estimate"}, {field: "done", name: "done"},
		{field: record.DeletedField, name: "deleted"},
	}
}

// scanColumns reads (seq, id, three columns for each field, rest, was). In a dirty row, the
// record has the values that the stamps belong to, and the values in the columns are foreign.
func scanColumns(rows *sql.Rows, found *contents) (seq int64, err error) {
	key := record.Key{Table: tasksTable}
	columns := stampedColumns()
	var rest record.Record
	var was oldColumns
	into := []any{&seq, &key.ID}
	for i := range columns {
		into = append(into, &columns[i].value, &columns[i].stamp.Time, &columns[i].stamp.Client)
	}
	if err = rows.Scan(append(into, &rest, &was)...); err != nil {
		return 0, err
	}
	found.Add(rest.WithKey(key))
	written := foreignWrites{key: key, fields: make(map[string]record.Value)}
	for _, c := range columns {
		now, err := c.write()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", key, err)
		}
		stored, err := was.of(c).write()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", key, err)
		}
		if !stored.Stamp.IsZero() {
			if _, err := found.Write(key, c.field, stored); err != nil {
				return 0, err
			}
		}
		if now.Value != stored.Value {
			written.fields[c.field] = now.Value
		}
	}
	if was != nil {
		found.foreign = append(found.foreign, written)
	}
	return seq, nil
}

// column holds the three columns of one field.
type column struct {
	field, name string
	value       any
	stamp       clock.Stamp
}

// write returns the write in the columns. SQLite has no booleans: it returns 0 or 1. There, a
// foreign writer may also have stored text that is not valid UTF-8, and in a table that is not
// STRICT, blobs and infinite numbers. An infinite number becomes the text +Inf or -Inf, and NaN, which
// a column of PostgreSQL may have, the text NaN.
func (c column) write() (record.FieldValue, error) {
	switch v := c.value.(type) {
	case int64:
		if c.name == "done" || c.name == "deleted" {
			c.value = v != 0
		}
	case []byte:
		c.value = strings.ToValidUTF8(string(v), "\uFFFD")
	case string:
		c.value = strings.ToValidUTF8(v, "\uFFFD")
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			c.value = fmt.Sprint(v)
		}
	}
	v, err := record.Of(c.value)
	if err != nil {
		return record.FieldValue{}, fmt.Errorf("the column %s: %w", c.name, err)
	}
	return record.FieldValue{Value: v, Stamp: c.stamp}, nil
}

// oldColumns is the document was: the columns that foreign writes changed, as they were before. It
// is nil in a clean row.
type oldColumns map[string]column

// of returns a column as it was when its stamp was stored.
func (o oldColumns) of(c column) column {
	if old, ok := o[c.name]; ok {
		c.value, c.stamp = old.value, old.stamp
	}
	if c.stamp.IsZero() {
		c.value = nil // the server has not stored this value
	}
	return c
}

// Scan reads the document from a database.
func (o *oldColumns) Scan(src any) error {
	var text sql.NullString
	if err := text.Scan(src); err != nil || !text.Valid {
		return err
	}
	var document map[string][3]any // the value, the time and the client
	d := json.NewDecoder(strings.NewReader(text.String))
	d.UseNumber()
	if err := d.Decode(&document); err != nil {
		return err
	}
	*o = make(oldColumns)
	for name, parts := range document {
		c := column{value: integer(parts[0])}
		if err := errors.Join(c.stamp.Time.Scan(integer(parts[1])), c.stamp.Client.Scan(parts[2])); err != nil {
			return err
		}
		(*o)[name] = c
	}
	return nil
}

// integer returns a number of a document as an int64, and any other value as it is.
func integer(v any) any {
	if n, ok := v.(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return i
		}
	}
	return v
}

// encodeColumns returns the one row of an update.
func encodeColumns(u update) ([]any, error) {
	key := u.After.Key()
	row := map[string]any{"id": key.ID, "seq": u.seq}
	rest := make(map[string]record.FieldValue)
	for name, w := range u.After.All() {
		if !fits(name, w.Value) {
			rest[name] = w
			continue
		}
		column := strings.TrimPrefix(name, "$")
		row[column] = w.Value.Any()
		row[column+"_at"] = int64(w.Stamp.Time)
		row[column+"_by"] = w.Stamp.Client
	}
	var b record.Builder
	r, err := b.Record(key, maps.All(rest))
	row["rest"] = string(r.AppendJSON(nil))
	return []any{row}, err
}

// fits reports whether the field has a column that can hold the value.
func fits(name string, v record.Value) bool {
	null := v.Kind() == record.KindNull
	switch name {
	case "title":
		s, ok := v.Text()
		return null || ok && !strings.Contains(s, "\x00") // PostgreSQL has no text with U+0000
	case "estimate":
		_, ok := v.Int()
		return null || ok
	case "done", record.DeletedField:
		_, ok := v.Bool()
		return null || ok
	}
	return false
}
