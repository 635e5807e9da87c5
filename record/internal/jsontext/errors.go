package jsontext

import (
	"errors"
	"fmt"
	"strconv"
)

// The reasons for refusing a text. Package record exports and documents them.
var (
	ErrSyntax    = errors.New("invalid JSON")
	ErrTruncated = fmt.Errorf("%w: input ends too early", ErrSyntax)
	ErrUTF8      = errors.New("invalid UTF-8")
	ErrDuplicate = errors.New("duplicate name")
	ErrType      = errors.New("wrong type")
	ErrNumber    = errors.New("number out of range")
	ErrInexact   = fmt.Errorf("%w: it would be rounded; send it as a string", ErrNumber)
)

// LimitError reports that one of the Limits, or the limit on the length of a number, is
// exceeded.
type LimitError struct {
	// What names the limit: "depth", "value" or "number".
	What string
	// Limit is the greatest permitted number of levels or bytes.
	Limit int
}

// Error returns a text with the name and the bound of the limit.
func (e *LimitError) Error() string {
	return e.What + ": limit exceeded: at most " + strconv.Itoa(e.Limit)
}
