package record

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// The reasons for refusing input. Every error of this package wraps one of them, so callers
// can branch with errors.Is. The text of a reason has no package prefix, because the *Error
// around it names the package. This text is also sent to clients in a merge.Refusal and is
// part of the digest of an answer.
var (
	// ErrSyntax: the bytes are not JSON.
	ErrSyntax = jsontext.ErrSyntax
	// ErrTruncated: the bytes end in the middle of a JSON text. An ErrTruncated is also an
	// ErrSyntax.
	ErrTruncated = jsontext.ErrTruncated
	// ErrUTF8: text that is not valid UTF-8, or an escaped lone surrogate.
	ErrUTF8 = jsontext.ErrUTF8
	// ErrDuplicate: an object has the same name twice. Parsers disagree on which of the two
	// counts, so both are refused.
	ErrDuplicate = jsontext.ErrDuplicate
	// ErrName: a table, ID, field or member name that is not allowed.
	ErrName = errors.New("invalid name")
	// ErrReserved: a Reserved field name where only the application's own fields may be
	// written. An ErrReserved is also an ErrName.
	ErrReserved = fmt.Errorf("%w: names that begin with $ are reserved", ErrName)
	// ErrType: a JSON value of an unexpected type, or a field value that does not fit the Go
	// type into which it is read.
	ErrType = jsontext.ErrType
	// ErrMissing: a required member is missing.
	ErrMissing = errors.New("missing member")
	// ErrValueForm: a field value with both or neither of "value" and "deleted", or a
	// deletion where only a value is allowed.
	ErrValueForm = errors.New("need exactly one of value and deleted")
	// ErrNumber: a number outside the range of float64, or one that would underflow to zero.
	ErrNumber = jsontext.ErrNumber
	// ErrInexact: a number with more digits than a Value keeps, where Limits.Exact or Of
	// refuses it. An ErrInexact is also an ErrNumber.
	ErrInexact = jsontext.ErrInexact
	// ErrStamp: a timestamp or stamp that is malformed, zero or out of range, or the stamp of
	// an edit that is not greater than the stamp of a write that its author saw.
	ErrStamp = errors.New("invalid stamp")
	// ErrClient: a client ID that is malformed or nil.
	ErrClient = errors.New("invalid client ID")
	// ErrLimit: one of the Limits is exceeded; the error is a *LimitError.
	ErrLimit = errors.New("limit exceeded")
	// ErrKeyMismatch: records with different keys cannot be joined.
	ErrKeyMismatch = errors.New("records have different keys")
	// ErrNewerName: a client of an old version of an app wrote a field name of a newer version; see
	// package record/lens.
	ErrNewerName = errors.New("the name of a field of a newer version")
	// ErrUnsupported: a Go value that cannot be a field value, such as a channel, a function,
	// a byte slice or a cyclic pointer.
	ErrUnsupported = errors.New("unsupported Go value")
)

// Error describes where and why input was refused. It never contains the refused value itself,
// which may be private. The path is truncated and quoted, so it is safe to log.
type Error struct {
	// Path leads to the refused part, such as data.title.updatedAt, or [3].data.title for the
	// fourth item of a batch. It is empty if the whole input is refused.
	Path string
	// Offset is the position in the input, in bytes, at which the error was detected. It is
	// -1 if there is no input text, as for Go values.
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

// LimitError names the limit that was exceeded. For a LimitError, errors.Is(err, ErrLimit) is
// true.
type LimitError struct {
	// What names the limit: "bytes", "depth", "fields", "members", "name", "number", "value",
	// "items" or "refused", or "record" for the size of a stored record.
	What string
	// Limit is the greatest permitted number or size.
	Limit int
}

// Error returns a text with the name and the bound of the limit.
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

// at returns err as an *Error with a path. If err already has a path, at prepends segment to
// it.
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

// PathName returns a table, ID or field name in the form in which it appears in a path:
// unchanged if it is plain, otherwise quoted in ASCII, and truncated after 64 bytes. The
// result is safe to log whatever the name is. A Guard uses it to name the field that it
// refuses:
//
//	&merge.Refusal{Code: "too_long", Path: "data." + record.PathName(name)}
func PathName(name string) string { return string(appendPathName(nil, []byte(name))) }

// appendPathName appends a name in the form that PathName describes.
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

// isPlain reports whether a name can appear in a path without quotes.
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

// detail is one of the reasons above together with its cause. It costs less than fmt.Errorf,
// which matters when every item of a batch is refused.
type detail struct{ reason, cause error }

// Error returns the reason and the cause.
func (d *detail) Error() string { return d.reason.Error() + ": " + d.cause.Error() }

// Unwrap returns both.
func (d *detail) Unwrap() []error { return []error{d.reason, d.cause} }
