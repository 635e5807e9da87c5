package merge

import (
	"errors"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Refusal says why an item was refused. It is an error; errors.Is and errors.As
// see what it wraps, such as record.ErrLimit or a *clock.AheadError.
type Refusal struct {
	Code Code
	// Path leads to the refused part, such as data.title.updatedAt, and is empty
	// where the item as a whole is meant.
	Path string
	// Retryable tells that the very same item may be accepted later. Others
	// never are, and a client that keeps them blocks its outbox.
	Retryable bool
	// ServerTime is what the server's clock read, if Code is TooFarAhead, and else
	// zero. It is how the client learns how far off its own clock is.
	ServerTime clock.Timestamp
	// Err is the reason: a *record.Error, a *clock.AheadError, a *clock.WallError,
	// what a Guard returned, or nil.
	Err error
}

// Error returns one line: code, path and reason. It holds no value, unless a Guard put
// one into its error.
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

// detail returns the reason without the path, as far as the client may know it:
// the text of this library's own errors, and not that of others.
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

// refusalIn returns the Refusal that err is or wraps, if it has a code. A server time that
// no text can tell is left out.
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
	if errors.Is(err, record.ErrLimit) {
		r.Code = LimitExceeded
	}
	var e *record.Error
	if errors.As(err, &e) {
		r.Path = withoutIndex(e.Path)
	}
	return r
}

// withoutIndex returns a path without the index of an item in its batch, which
// is not the item's own.
func withoutIndex(path string) string {
	if !strings.HasPrefix(path, "[") {
		return path
	}
	_, path, _ = strings.Cut(path, "]")
	return strings.TrimPrefix(path, ".")
}

// refusalJSON is the part of a Refusal that a client is told, and a journal keeps.
type refusalJSON struct {
	Code       Code            `json:"code"`
	Path       string          `json:"path,omitempty"`
	Retryable  bool            `json:"retryable,omitempty"`
	ServerTime clock.Timestamp `json:"serverTime,omitzero"`
	Detail     string          `json:"detail,omitempty"`
}

// refusal returns the Refusal that was given.
func (r refusalJSON) refusal() *Refusal {
	given := &Refusal{Code: r.Code, Path: r.Path, Retryable: r.Retryable, ServerTime: r.ServerTime}
	if r.Detail != "" {
		given.Err = &record.Error{Offset: -1, Err: errors.New(r.Detail)}
	}
	return given
}

// wire returns the part of a refusal that a client is told.
func (r *Refusal) wire() refusalJSON {
	return refusalJSON{Code(valid(string(r.Code))), valid(r.Path), r.Retryable, r.ServerTime, valid(r.detail())}
}
