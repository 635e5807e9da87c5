package clock

import (
	"database/sql/driver"
	"fmt"
	"math"
	"time"
)

// Value returns the integer, for a BIGINT column. It implements
// [driver.Valuer]. The error is always nil.
func (t Timestamp) Value() (driver.Value, error) { return int64(t), nil }

// Scan reads an int64, or, as a string or bytes, a text that [ParseTimestamp]
// accepts. NULL and the integer 0 give zero. It implements sql.Scanner, and
// its errors are of type [*ParseError].
//
// Scan reads timestamps that this host stored itself, so it also accepts those
// after [MaxTimestamp], which its clock may have issued.
//
// Scan refuses a [time.Time] on purpose. Databases round a time to
// microseconds or coarser units, which destroys the counter and can even round
// up to the next millisecond. Store timestamps in a BIGINT column, or as text
// that is compared by bytes (in PostgreSQL: COLLATE "C").
func (t *Timestamp) Scan(src any) error {
	v, err := scanTimestamp(src)
	if err != nil {
		return err
	}
	*t = v
	return nil
}

func scanTimestamp(src any) (Timestamp, error) {
	switch src := src.(type) {
	case nil:
		return 0, nil
	case int64:
		return admit(src)
	case string:
		return parseTimestamp(src, math.MaxInt64)
	case []byte:
		return parseTimestamp(src, math.MaxInt64)
	case time.Time:
		return 0, syntaxError("timestamp", -1,
			"a time column rounds to microseconds and destroys the counter: use a BIGINT column, or TEXT compared by bytes")
	}
	return 0, sourceError("timestamp", src)
}

// Value returns the text, for a UUID or text column, and NULL for the zero
// client ID. It implements [driver.Valuer]. The error is always nil.
func (c ClientID) Value() (driver.Value, error) {
	if c.IsZero() {
		return nil, nil
	}
	return c.String(), nil
}

// Scan reads, as a string or bytes, a text that [ParseClientID] accepts, or 16
// raw bytes. NULL and 16 zero bytes give zero. It implements sql.Scanner, and
// its errors are of type [*ParseError].
//
// Raw bytes must be in the order of the text. SQL Server returns a
// uniqueidentifier in another byte order: let the query convert it to text.
func (c *ClientID) Scan(src any) error {
	v, err := scanClientID(src)
	if err != nil {
		return err
	}
	*c = v
	return nil
}

func scanClientID(src any) (ClientID, error) {
	switch src := src.(type) {
	case nil:
		return ClientID{}, nil
	case string:
		return parseClientID(src)
	case []byte:
		if len(src) == clientIDSize {
			return ClientID(src), nil
		}
		return parseClientID(src)
	}
	return ClientID{}, sourceError("client ID", src)
}

// Value returns the text, for a text column, and NULL for the zero stamp. It
// implements [driver.Valuer]. The error is always nil.
//
// Two columns, a BIGINT for the time and a UUID for the client, hold the same
// stamp in a third of the space.
func (s Stamp) Value() (driver.Value, error) {
	if s.IsZero() {
		return nil, nil
	}
	return s.String(), nil
}

// Scan reads, as a string or bytes, a text that [ParseStamp] accepts. Like
// [Timestamp.Scan], it also accepts a time after [MaxTimestamp]. NULL gives
// zero. It implements sql.Scanner, and its errors are of type [*ParseError].
func (s *Stamp) Scan(src any) error {
	v, err := scanStamp(src)
	if err != nil {
		return err
	}
	*s = v
	return nil
}

func scanStamp(src any) (Stamp, error) {
	switch src := src.(type) {
	case nil:
		return Stamp{}, nil
	case string:
		return parseStamp(src, math.MaxInt64)
	case []byte:
		return parseStamp(src, math.MaxInt64)
	}
	return Stamp{}, sourceError("stamp", src)
}

func sourceError(typ string, src any) error {
	return syntaxError(typ, -1, fmt.Sprintf("cannot be read from a %T", src))
}
