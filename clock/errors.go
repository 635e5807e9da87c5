package clock

import (
	"errors"
	"fmt"
	"time"
)

// The conditions that callers tell apart with [errors.Is]. They come wrapped in a type
// that says more: see [ParseError], [AheadError] and [WallError].
var (
	// ErrSyntax: the input is not in a form that the decoder accepts.
	ErrSyntax = errors.New("clock: syntax error")

	// ErrRange: the form is right, and the value is one that may not be used:
	// a timestamp before 1970 or after [MaxTimestamp], or, in a text, the zero
	// timestamp or the nil UUID. A timestamp after MaxTimestamp is ErrAhead as
	// well: no wall clock comes close to it.
	ErrRange = errors.New("clock: out of range")

	// ErrAhead: the stamp lies further ahead of the wall clock than
	// [Options].MaxAhead allows, or after [MaxTimestamp]. The sender should
	// correct its clock and stamp again.
	ErrAhead = errors.New("clock: stamp too far ahead of the wall clock")

	// ErrWall: the wall clock of this host is below [Options].Floor. It has
	// probably not been set yet, and no stamp can be judged by it. The sender
	// is not to blame and may try again later.
	ErrWall = errors.New("clock: wall clock not set")
)

// ParseError reports input that a decoder refused. All decoders of this
// package (Parse…, UnmarshalText, UnmarshalBinary, Scan) return it, and leave
// their receiver as it was. It never holds the input itself, which may be
// private. [New], [Clock.Observe] and [Clock.Check] return it for a timestamp
// outside the range.
type ParseError struct {
	// Type names what was expected: "timestamp", "client ID", "stamp", or the
	// field of [Options] that is wrong. If one part of a stamp is wrong, it names
	// the part.
	Type string
	// Offset is the byte of the input at which the problem shows, or -1 if
	// the input as a whole is the problem.
	Offset int
	// Reason says in a few words what is wrong.
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

// AheadError reports a stamp further ahead of the wall clock than the limit.
// It unwraps to [ErrAhead].
type AheadError struct {
	// Stamp is the refused timestamp.
	Stamp Timestamp
	// Wall is what the wall clock read; a server sends it back, so that the
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
	return fmt.Sprintf("clock: %v is %v ahead of the wall clock, which reads %v; the limit is %v",
		e.Stamp, e.Ahead(), TimestampOf(e.Wall), e.Limit)
}

// Unwrap returns [ErrAhead].
func (e *AheadError) Unwrap() error { return ErrAhead }

// WallError reports a wall clock below the floor. It is the fault of this
// host, not of a stamp's sender. It unwraps to [ErrWall].
type WallError struct {
	// Wall is what the wall clock read.
	Wall time.Time
	// Floor is the date below which the clock is taken to be unset.
	Floor time.Time
}

// Error returns one line of text with the wall clock and the floor.
func (e *WallError) Error() string {
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

// errLate says that a timestamp lies after the range.
var errLate error = lateness{}

// lateness is the type of errLate.
type lateness struct{}

// Error says where the range ends.
func (lateness) Error() string { return "clock: out of range: after 2262-04-10" }

// Is reports ErrRange, and ErrAhead as well: the time is ahead of every wall clock.
func (lateness) Is(target error) bool { return target == ErrRange || target == ErrAhead }

func lateError(typ string) error {
	return &ParseError{Type: typ, Offset: -1, Reason: "after 2262-04-10", Err: errLate}
}
