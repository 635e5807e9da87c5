package clock

import (
	"errors"
	"fmt"
	"time"
)

// The errors that callers tell apart with [errors.Is]. Each comes wrapped in a type
// that contains the details: [ParseError], [AheadError] or [WallError].
var (
	// ErrSyntax means that the input is not in a form that the decoder accepts.
	ErrSyntax = errors.New("clock: syntax error")

	// ErrRange means that the form is valid but the value must not be used: a
	// timestamp before 1970 or after [MaxTimestamp], or, in a text, the zero
	// timestamp or the nil UUID. The error for a timestamp after MaxTimestamp
	// matches ErrAhead as well, because such a time is ahead of every wall clock.
	ErrRange = errors.New("clock: out of range")

	// ErrAhead means that the stamp lies further ahead of the wall clock than
	// [Options].MaxAhead allows, or that it lies after [MaxTimestamp]. The
	// sender should correct its clock and stamp the write again.
	ErrAhead = errors.New("clock: stamp too far ahead of the wall clock")

	// ErrWall means that the wall clock of this host is below [Options].Floor.
	// It has probably not been set yet, and no stamp can be judged by it. The
	// sender is not at fault and may retry later.
	ErrWall = errors.New("clock: wall clock not set")
)

// ParseError reports input that a decoder refused. All decoders of this package
// (Parse…, UnmarshalText, UnmarshalBinary, Scan) return it and leave their receiver
// unchanged. It never contains the input itself, which may be private. [New],
// [Clock.Observe] and [Clock.Check] return it for a timestamp outside the range.
type ParseError struct {
	// Type names the expected type: "timestamp", "client ID" or "stamp". If
	// only one part of a stamp is invalid, Type names that part. For an error
	// of New, it names the invalid field of [Options].
	Type string
	// Offset is the index of the byte at which the invalid part of the input
	// begins, or -1 if the input as a whole is invalid.
	Offset int
	// Reason describes the problem in a few words.
	Reason string
	// Err is or wraps [ErrSyntax] or [ErrRange].
	Err error
}

// Error returns one line of text without the input.
func (e *ParseError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("clock: %s: %s", e.Type, e.Reason)
	}
	return fmt.Sprintf("clock: %s: %s at offset %d", e.Type, e.Reason, e.Offset)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// AheadError reports a stamp that is further ahead of the wall clock than the
// limit. It unwraps to [ErrAhead].
type AheadError struct {
	// Stamp is the refused timestamp.
	Stamp Timestamp
	// Wall is the reading of the wall clock. A server sends it back so that the
	// client can correct its own clock.
	Wall time.Time
	// Limit is the bound that was exceeded.
	Limit time.Duration
}

// Ahead returns how far the stamp lies ahead of the wall clock, in whole
// milliseconds.
func (e *AheadError) Ahead() time.Duration {
	return lead(e.Stamp, TimestampOf(e.Wall))
}

// Error returns one line of text with the stamp, its lead, the wall clock and
// the limit.
func (e *AheadError) Error() string {
	// The digest of a merge.Answer covers this text, so it must not change.
	return fmt.Sprintf("clock: %v is %v ahead of the wall clock, which reads %v; the limit is %v",
		e.Stamp, e.Ahead(), TimestampOf(e.Wall), e.Limit)
}

// Unwrap returns [ErrAhead].
func (e *AheadError) Unwrap() error { return ErrAhead }

// WallError reports a wall clock below the floor. It is a fault of this host,
// not of the sender of a stamp. It unwraps to [ErrWall].
type WallError struct {
	// Wall is the reading of the wall clock.
	Wall time.Time
	// Floor is the date below which the clock is taken to be unset.
	Floor time.Time
}

// Error returns one line of text with the wall clock and the floor.
func (e *WallError) Error() string {
	// The digest of a merge.Answer covers this text, so it must not change.
	return fmt.Sprintf("clock: this host's wall clock reads %s, before %s: it is not set",
		e.Wall.UTC().Format(time.RFC3339), e.Floor.UTC().Format(time.RFC3339))
}

// Unwrap returns [ErrWall].
func (e *WallError) Unwrap() error { return ErrWall }

func syntaxError(typ string, offset int, reason string) error {
	return &ParseError{Type: typ, Offset: offset, Reason: reason, Err: ErrSyntax}
}

func rangeError(typ, reason string) error {
	return &ParseError{Type: typ, Offset: -1, Reason: reason, Err: ErrRange}
}

const beforeRange = "before 1970"

// errLate means that a timestamp lies after the range.
var errLate error = lateness{}

// lateness is the type of errLate.
type lateness struct{}

// Error returns a text that names the end of the range.
func (lateness) Error() string { return "clock: out of range: after 2262-04-10" }

// Is reports whether target is ErrRange or ErrAhead: the time is out of range,
// and it is ahead of every wall clock.
func (lateness) Is(target error) bool { return target == ErrRange || target == ErrAhead }

func lateError(typ string) error {
	return &ParseError{Type: typ, Offset: -1, Reason: "after 2262-04-10", Err: errLate}
}
