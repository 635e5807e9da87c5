package merge

import (
	"errors"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Refusal is the error that says why an item was refused. errors.Is and errors.As see the
// errors that it wraps, such as record.ErrLimit or a *clock.AheadError.
type Refusal struct {
	Code Code
	// Path leads to the refused part, such as data.title.updatedAt. It is empty if the
	// item is refused as a whole.
	Path string
	// Retryable reports whether the very same item may be accepted later. If it is false, the
	// item will never be accepted, and a client that keeps the item blocks its outbox.
	Retryable bool
	// ServerTime is the time by the server's clock if Code is TooFarAhead, and zero otherwise.
	// The client uses it to correct its own clock.
	ServerTime clock.Timestamp
	// Err is the reason: a *record.Error, a *clock.AheadError, a *clock.WallError,
	// the error that a Guard returned, or nil.
	Err error
}

// Error returns one line: code, path and reason. The line contains no user's value, unless a
// Guard put one into its error.
func (r *Refusal) Error() string {
	if r == nil {
		return "merge: no refusal"
	}
	text := "merge: " + string(r.Code)
	if r.Path != "" {
		text += " at " + r.Path
	}
	if detail := r.detail(); detail != "" {
		return text + ": " + detail
	}
	if _, ok := r.Err.(*record.Error); r.Err != nil && !ok {
		text += ": " + r.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (r *Refusal) Unwrap() error {
	if r == nil {
		return nil
	}
	return r.Err
}

// detail returns the part of the reason that the client may know, without the path. It is
// the text of errors of this library, and empty for other errors.
func (r *Refusal) detail() string {
	switch e := r.Err.(type) {
	case *record.Error:
		if e.Err != nil {
			return e.Err.Error()
		}
	case *clock.AheadError, *clock.WallError:
		return e.Error()
	}
	return ""
}

// refusalIn returns the Refusal that err is or wraps, if that Refusal has a code. It leaves out a
// server time that has no text form.
func refusalIn(err error) (*Refusal, bool) {
	var r *Refusal
	if !errors.As(err, &r) || r == nil || r.Code == "" {
		return nil, false
	}
	if r.ServerTime < 0 || r.ServerTime > clock.MaxTimestamp {
		plain := *r
		plain.ServerTime = 0
		return &plain, true
	}
	return r, true
}

// refusalOf returns the Refusal of an item that was read with an error.
func refusalOf(err error) *Refusal {
	if r, ok := refusalIn(err); ok {
		return r
	}
	r := &Refusal{Code: Invalid, Err: err}
	switch {
	case errors.Is(err, record.ErrLimit):
		r.Code = LimitExceeded
	case errors.Is(err, record.ErrNewerName):
		r.Code = NewerName
	}
	var e *record.Error
	if errors.As(err, &e) {
		r.Path = withoutIndex(e.Path)
	}
	return r
}

// withoutIndex returns a path without the index of the item in its batch, which
// is not part of the item.
func withoutIndex(path string) string {
	if !strings.HasPrefix(path, "[") {
		return path
	}
	_, path, _ = strings.Cut(path, "]")
	return strings.TrimPrefix(path, ".")
}

// refusalJSON is the part of a Refusal that a client receives and a journal keeps.
type refusalJSON struct {
	Code       Code            `json:"code"`
	Path       string          `json:"path,omitempty"`
	Retryable  bool            `json:"retryable,omitempty"`
	ServerTime clock.Timestamp `json:"serverTime,omitzero"`
	Detail     string          `json:"detail,omitempty"`
}

// refusal returns the Refusal that r was made of.
func (r refusalJSON) refusal() *Refusal {
	given := &Refusal{Code: r.Code, Path: r.Path, Retryable: r.Retryable, ServerTime: r.ServerTime}
	if r.Detail != "" {
		given.Err = &record.Error{Offset: -1, Err: errors.New(r.Detail)}
	}
	return given
}

// wire returns the part of a refusal that a client receives.
func (r *Refusal) wire() refusalJSON {
	return refusalJSON{Code(valid(string(r.Code))), valid(r.Path), r.Retryable, r.ServerTime, valid(r.detail())}
}
