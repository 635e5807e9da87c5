package powersync

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/fieldlww/fieldlww/record"
)

// Schema names the tables and columns that clients may write. An entry for another table or column
// is refused, so add a column here before an app with that column is released.
type Schema map[string]Table

// Table maps the names of columns to their types. The column id is not one of them, nor is
// StampsColumn.
type Table map[string]Column

// Column is the type of a column. SQLite has integers, floats and texts only, so the type says which
// value they stand for. NULL is the value null in every column.
type Column int

// The types of columns.
const (
	// Text is a TEXT column: a string.
	Text Column = iota
	// Integer is an INTEGER column. JavaScript rounds integers beyond 2^53, perhaps before they are
	// sent, so these are refused: use Digits.
	Integer
	// Real is a REAL column: a number.
	Real
	// Bool is an INTEGER column with the values 0 and 1.
	Bool
	// JSON is a TEXT column that holds a JSON text: any value, which is merged as a whole.
	JSON
	// Digits is a TEXT column with the decimal digits of an int64.
	Digits
)

// maxSafe is the greatest integer below which JavaScript rounds none.
const maxSafe = 1<<53 - 1

// value returns the value that a client sent for a column. The error is a *record.Error.
func (c Column) value(text json.RawMessage) (record.Value, error) {
	sent, err := record.ParseValue(text)
	if err != nil || sent.Kind() == record.KindNull {
		return sent, err
	}
	value, ok := sent, false
	switch c {
	case Text:
		_, ok = sent.Text()
	case Integer:
		n, integral := sent.Int()
		ok = integral && -maxSafe <= n && n <= maxSafe
	case Real:
		_, ok = sent.Float()
	case Bool:
		var n int64
		n, ok = sent.Int()
		value, ok = record.Bool(n == 1), ok && (n == 0 || n == 1)
	case JSON:
		var inner string
		if inner, ok = sent.Text(); ok {
			return record.ParseValue([]byte(inner))
		}
	case Digits:
		inner, _ := sent.Text()
		n, err := strconv.ParseInt(inner, 10, 64)
		value, ok = record.Int(n), err == nil
	}
	if !ok {
		return record.Value{}, &record.Error{Offset: -1, Err: fmt.Errorf("%w: not a value of a column of type %s", record.ErrType, c)}
	}
	return value, nil
}

// String returns the name of the type.
func (c Column) String() string {
	names := [...]string{"Text", "Integer", "Real", "Bool", "JSON", "Digits"}
	if c < 0 || int(c) >= len(names) {
		return "Column(" + strconv.Itoa(int(c)) + ")"
	}
	return names[c]
}
