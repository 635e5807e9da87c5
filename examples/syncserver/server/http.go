package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// writeTimeout is how long a client may take to read an answer, or a part of a stream.
const writeTimeout = time.Minute

// Handler returns the routes of the server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/health", s.handle(s.serveHealth))
	mux.Handle("POST /v1/join", s.handle(s.serveJoin))
	mux.Handle("POST /v1/push", s.members(s.servePush))
	mux.Handle("GET /v1/pull", s.members(s.servePull))
	mux.Handle("GET /v1/events", s.members(s.serveEvents))
	return mux
}

// serveHealth answers GET /v1/health: whether the database answers, and what time it is. It
// writes nothing, so it does not know of a full disk, where pushes get the status 503.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) error {
	// A look at a table: SQLite would answer a ping without its file.
	if _, err := s.database.sequence(r.Context(), ""); err != nil {
		return unavailable(err)
	}
	return writeJSON(w, struct {
		Status     string          `json:"status"`
		ServerTime clock.Timestamp `json:"serverTime"`
	}{"ok", clock.TimestampOf(s.options.Now())})
}

// handle makes a handler of a function that may fail. If it fails when a part of the answer
// is written, the connection is broken off, so that nobody takes that part to be all.
func (s *Server) handle(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		written := &writer{ResponseWriter: w}
		err := f(written, r)
		if err == nil {
			return
		}
		var fail *failure
		if !errors.As(err, &fail) {
			fail = &failure{status: http.StatusInternalServerError, Code: "internal", err: err}
		}
		if r.Context().Err() == nil {
			s.options.Log.Warn("request failed", "method", r.Method, "path", r.URL.Path, "status", fail.status, "err", err)
		}
		if written.begun {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		setWriteDeadline(w)
		switch fail.status {
		case http.StatusUnauthorized:
			w.Header().Set("WWW-Authenticate", "Bearer")
		case http.StatusServiceUnavailable:
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(fail.status)
		json.NewEncoder(w).Encode(fail)
	})
}

// send writes a part of a stream, for which the client has so much time.
func send(w http.ResponseWriter, part []byte) error {
	setWriteDeadline(w)
	if _, err := w.Write(part); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// setWriteDeadline gives the client its time from now on: how long it took to send the
// request does not count.
func setWriteDeadline(w http.ResponseWriter) {
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // of no use where it is not supported
}

// writer knows whether an answer has begun.
type writer struct {
	http.ResponseWriter
	begun bool
}

// Write notes that the answer has begun: from now on, its status cannot be changed.
func (w *writer) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// failure is why a whole request failed, as a client gets it. An item that is refused is
// no failure: it has a reply of its own.
type failure struct {
	status int
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"` // for people
	err    error
}

// Error returns the code and the reason, which is for the log and not for the client.
func (f *failure) Error() string { return f.Code + ": " + f.err.Error() }

// Unwrap returns the reason.
func (f *failure) Unwrap() error { return f.err }

// malformed: the same request will fail again.
func malformed(err error) error {
	return &failure{http.StatusBadRequest, "malformed", err.Error(), err}
}

const tooLargeCode = "too_large"

// tooLarge: the same request will fail again, and a part of it may succeed.
func tooLarge(err error) error {
	return &failure{http.StatusRequestEntityTooLarge, tooLargeCode, err.Error(), err}
}

// unavailable: the same request may succeed later. Whether it has had an effect is not
// known. Of the reason the client is told nothing. What is a failure already stays one.
func unavailable(err error) error {
	if fail := new(failure); errors.As(err, &fail) {
		return err
	}
	return &failure{http.StatusServiceUnavailable, "unavailable", "", err}
}

// readAll reads the body of a request, or a part of it. One that breaks off is no malformed
// one: it says nothing of what the client meant.
func readAll(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(r)
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return nil, tooLarge(err)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return body, nil
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	setWriteDeadline(w)
	return json.NewEncoder(w).Encode(v)
}
