package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// writeTimeout is how long a client may take to read an answer, or a part of a stream.
const writeTimeout = time.Minute

// endpoint answers a request, or fails; see Server.handle.
type endpoint func(http.ResponseWriter, *http.Request) error

// Handler returns the routes of the server. Every answer has the header Server-Time: the wall
// clock of the server when the answer began, as the text of a clock.Timestamp. Joins and event
// streams are limited by the RemoteAddr of requests: behind a proxy, set it to what the proxy says.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range []struct {
		method, path string
		handler      http.Handler
	}{
		{http.MethodGet, "/v1/health", s.handle(s.serveHealth)},
		{http.MethodPost, "/v1/join", s.handle(s.serveJoin)},
		{http.MethodPost, "/v1/push", compressed(s.handle(s.members(s.servePush)))},
		{http.MethodGet, "/v1/pull", compressed(s.handle(s.members(s.servePull)))},
		{http.MethodGet, "/v1/events", s.handle(s.members(s.serveEvents))},
	} {
		mux.Handle(route.method+" "+route.path, route.handler)
		mux.Handle(route.path, s.handle(allowOnly(route.method)))
	}
	mux.Handle("/", s.handle(serveNothing))
	return mux
}

// allowOnly refuses all methods but one.
func allowOnly(method string) endpoint {
	if method == http.MethodGet {
		method += ", " + http.MethodHead
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", method)
		return &failure{http.StatusMethodNotAllowed, "method_not_allowed", "allowed: " + method, errors.New(r.Method)}
	}
}

// serveNothing refuses a path that is not a route.
func serveNothing(_ http.ResponseWriter, r *http.Request) error {
	return &failure{http.StatusNotFound, "not_found", "no such path", errors.New("no such path")}
}

// handle makes a handler of an endpoint. If it fails after a part of the answer was written,
// the connection is aborted, so that no client takes that part for the whole.
func (s *Server) handle(f endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Body != http.NoBody {
			// For what the endpoint does not read: net/http reads it after the answer.
			http.NewResponseController(w).SetReadDeadline(time.Now().Add(readPatience))
		}
		written := &writer{ResponseWriter: w, now: s.options.Now}
		err := plainBody(r)
		if err == nil {
			err = f(written, r)
		}
		if err == nil {
			written.begin() // it may have written nothing
			return
		}
		var fail *failure
		if !errors.As(err, &fail) {
			fail = &failure{status: http.StatusInternalServerError, Code: "internal", err: err}
		}
		if r.Context().Err() == nil {
			s.logFailure(r, fail, err)
		}
		if written.begun {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		setWriteDeadline(w)
		if fail.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		if wait := retryAfter(fail); wait != "" {
			w.Header().Set("Retry-After", wait)
		}
		written.WriteHeader(fail.status)
		json.NewEncoder(written).Encode(fail)
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

// writer knows whether an answer has begun, and sets the header Server-Time when it does. A
// request that took a minute to arrive is answered with the time of the answer.
type writer struct {
	http.ResponseWriter
	now   func() time.Time
	begun bool
}

// begin notes that the answer has begun: from now on, its status cannot be changed.
func (w *writer) begin() {
	if !w.begun {
		w.begun = true
		w.Header().Set("Server-Time", clock.TimestampOf(w.now()).String())
	}
}

// WriteHeader begins the answer.
func (w *writer) WriteHeader(status int) {
	w.begin()
	w.ResponseWriter.WriteHeader(status)
}

// Write begins the answer, unless it has begun.
func (w *writer) Write(p []byte) (int, error) {
	w.begin()
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

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	setWriteDeadline(w)
	return json.NewEncoder(w).Encode(v)
}
