package record

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// The reasons for which input is refused. Every error of this package wraps one of them,
// so that callers can branch with errors.Is. An *Error around the reason says which package
// it is from, so the reasons do not: their text is also what a client is told by a
// merge.Refusal, and part of the digest of an answer.
var (
	// ErrSyntax: the bytes are not JSON.
	ErrSyntax = jsontext.ErrSyntax
	// ErrTruncated: the bytes end in the middle of a JSON text. It is also an
	// ErrSyntax.
	ErrTruncated = jsontext.ErrTruncated
	// ErrUTF8: text that is not valid UTF-8, or an escaped lone surrogate.
	ErrUTF8 = jsontext.ErrUTF8
	// ErrDuplicate: one name twice in one object. Readers disagree on which of
	// the two counts, so neither does.
	ErrDuplicate = jsontext.ErrDuplicate
	// ErrName: a table, ID, field or member name that is not allowed.
	ErrName = errors.New("invalid name")
	// ErrReserved: a field name that is Reserved, where only an application's own fields
	// may be written. It is also an ErrName.
	ErrReserved = fmt.Errorf("%w: names that begin with $ are reserved", ErrName)
	// ErrType: a JSON value of another type than the one expected there, or a
	// field value that does not fit the Go type it is read into.
	ErrType = jsontext.ErrType
	// ErrMissing: a member that must be there is not.
	ErrMissing = errors.New("missing member")
	// ErrValueForm: a field value with both or neither of "value" and "deleted", or a
	// deletion where there is room for a value only.
	ErrValueForm = errors.New("need exactly one of value and deleted")
	// ErrNumber: a number outside float64, or one that would underflow to zero.
	ErrNumber = jsontext.ErrNumber
	// ErrInexact: a number with more digits than a Value keeps, where Limits.Exact
	// or Of refuses it. It is also an ErrNumber.
	ErrInexact = jsontext.ErrInexact
	// ErrStamp: a timestamp or stamp that is malformed, zero or out of range, or
	// that of an edit, which is not greater than what its author saw.
	ErrStamp = errors.New("invalid stamp")
	// ErrClient: a client ID that is malformed or nil.
	ErrClient = errors.New("invalid client ID")
	// ErrLimit: one of the Limits is exceeded; the error is a *LimitError.
	ErrLimit = errors.New("limit exceeded")
	// ErrKeyMismatch: records of different keys cannot be joined.
	ErrKeyMismatch = errors.New("records have different keys")
	// ErrUnsupported: a Go value that has no form as a field value, such as a
	// channel, a function, a byte slice or a cyclic pointer.
	ErrUnsupported = errors.New("unsupported Go value")
)

// Error says where input was refused, and why. It never holds the refused
// value itself, which may be private; the path is cut and quoted, so that it
// is safe to log.
type Error struct {
	// Path leads to the refused part, such as data.title.updatedAt, or
	// [3].data.title for the fourth item of a batch. It is empty where the
	// whole input is meant.
	Path string
	// Offset is the byte of the input at which it was noticed, or -1 where
	// there is no input text, as for values that come from Go code.
	Offset int
	// Err is the reason. It wraps one of the Err variables of this package.
	Err error
}

// Error returns one line: path, reason and offset.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("record: ")
	if e.Path != "" {
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	b.WriteString(e.Err.Error())
	if e.Offset >= 0 {
		b.WriteString(" (at byte ")
		b.WriteString(strconv.Itoa(e.Offset))
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap returns the reason, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// LimitError says which limit was exceeded. errors.Is reports it as ErrLimit.
type LimitError struct {
	// What is "bytes", "depth", "fields", "members", "name", "number",
	// "value", "items" or "refused", and "record" for the size of a stored one.
	What string
	// Limit is the greatest permitted number of them.
	Limit int
}

// Error returns the limit and its bound.
func (e *LimitError) Error() string {
	return "limit exceeded: at most " + strconv.Itoa(e.Limit) + " " + e.unit()
}

func (e *LimitError) unit() string {
	switch e.What {
	case "bytes":
		return "bytes of input"
	case "depth":
		return "levels of nesting"
	case "name", "value", "record":
		return "bytes in a " + e.What
	case "number":
		return "characters in a number"
	case "refused":
		return "refused items"
	}
	return e.What
}

// Is reports whether target is ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// newError returns an *Error for a value that came from Go code.
func newError(reason error) error { return &Error{Offset: -1, Err: reason} }

// at returns err as an *Error with a path, putting segment in front of the
// path that it may have already.
func at(segment string, err error) error {
	e, ok := err.(*Error)
	if !ok {
		return &Error{Path: segment, Offset: -1, Err: err}
	}
	switch {
	case e.Path == "":
		e.Path = segment
	case e.Path[0] == '[':
		e.Path = segment + e.Path
	default:
		e.Path = segment + "." + e.Path
	}
	return e
}

// PathName returns a table, ID or field name in the form that it has in a path: as
// it is when it is plain, else quoted in ASCII, and cut after 64 bytes. That is safe to
// log, whoever chose the name. A Guard names the field that it refuses with it:
//
//	&merge.Refusal{Code: "too_long", Path: "data." + record.PathName(name)}
func PathName(name string) string { return string(appendPathName(nil, []byte(name))) }

// appendPathName appends a name in the form it has in a path: as it is when it
// is plain, else quoted, and cut where it is long.
func appendPathName(dst, name []byte) []byte {
	const most = 64
	cut := len(name) > most
	if cut {
		name = name[:most]
	}
	if isPlain(name) {
		dst = append(dst, name...)
	} else {
		dst = strconv.AppendQuoteToASCII(dst, string(name))
	}
	if cut {
		dst = append(dst, "…"...)
	}
	return dst
}

// isPlain reports whether a name can stand in a path without being quoted.
func isPlain(name []byte) bool {
	for _, c := range name {
		switch {
		case '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'z', c == '_', c == '$', c == '-', c == '/':
		default:
			return false
		}
	}
	return len(name) > 0
}

// detail is one of the reasons above with what is known of the cause. It costs
// less than fmt.Errorf, which counts where every item of a batch is refused.
type detail struct{ reason, cause error }

// Error returns the reason and the cause.
func (d *detail) Error() string { return d.reason.Error() + ": " + d.cause.Error() }

// Unwrap returns both.
func (d *detail) Unwrap() []error { return []error{d.reason, d.cause} }
