package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// writeTimeout is how long a client may take to read an answer or a part of a stream.
const writeTimeout = time.Minute

// endpoint answers a request or returns an error; see Server.handle.
type endpoint func(http.ResponseWriter, *http.Request) error

// Handler returns the HTTP handler of the server. Each answer has the header Server-Time: the
// wall clock time of the server when the answer began, as the text of a [clock.Timestamp]. Joins
// and event streams are limited per client address, taken from the RemoteAddr of the request:
// behind a proxy, set RemoteAddr to the address that the proxy reports.
func (s *Frontend) Handler() http.Handler {
	mux := http.NewServeMux()
	allowed := make(map[string]string) // methods by path
	for _, route := range s.routes() {
		mux.Handle(route.method+" "+route.path, route.handler)
		if allowed[route.path] != "" {
			allowed[route.path] += ", "
		}
		if allowed[route.path] += route.method; route.method == http.MethodGet {
			allowed[route.path] += ", " + http.MethodHead
		}
	}
	for path, methods := range allowed {
		mux.Handle(path, s.handle(allowOnly(methods)))
	}
	mux.Handle("/", s.handle(serveNothing))
	return s.crossOrigin(mux)
}

// route is a method of a path.
type route struct {
	method, path string
	handler      http.Handler
}

// routes returns the routes of the server. With Options.Authenticate, it issues no tokens.
func (s *Frontend) routes() []route {
	routes := []route{
		{http.MethodGet, "/v1/health", s.handle(s.serveHealth)},
		{http.MethodPost, "/v1/push", s.compressed(s.handle(s.authenticated(s.servePush)))},
		{http.MethodGet, "/v1/pull", s.compressed(s.handle(s.authenticated(s.servePull)))},
		{http.MethodGet, "/v1/members", s.compressed(s.handle(s.authenticated(s.serveMembers)))},
		{http.MethodPost, "/v1/members", s.handle(s.authenticated(s.serveGrant))},
		{http.MethodDelete, "/v1/members", s.handle(s.authenticated(s.serveRevoke))},
		{http.MethodGet, "/v1/history", s.handle(s.authenticated(s.serveHistory))},
		{http.MethodGet, "/v1/events", s.handle(s.authenticated(s.serveEvents))},
	}
	if s.options.Authenticate == nil {
		routes = append(routes,
			route{http.MethodPost, "/v1/join", s.handle(s.serveJoin)},
			route{http.MethodPost, "/v1/renew", s.handle(s.serveRenew)})
	}
	return routes
}

// allowOnly returns an endpoint that refuses all methods but some.
func allowOnly(methods string) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", methods)
		return &failure{http.StatusMethodNotAllowed, "method_not_allowed", "allowed methods: " + methods, errors.New(r.Method)}
	}
}

// serveNothing refuses a path that is not a route.
func serveNothing(_ http.ResponseWriter, r *http.Request) error {
	return &failure{http.StatusNotFound, "not_found", "no such path", errors.New("no such path")}
}

// handle returns a handler for an endpoint. If the endpoint fails after a part of the answer was
// written, the handler aborts the connection, so that no client mistakes the part for the whole.
func (s *Frontend) handle(f endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Body != http.NoBody {
			// If the endpoint does not read the whole body, net/http reads the rest after the
			// answer, under this deadline.
			http.NewResponseController(w).SetReadDeadline(time.Now().Add(readPatience))
		}
		written := &writer{ResponseWriter: w, now: s.options.Now}
		err := plainBody(r)
		if err == nil {
			err = f(written, r)
		}
		if err == nil {
			written.begin() // in case the endpoint wrote nothing
			return
		}
		var fail *failure
		if !errors.As(err, &fail) {
			fail = &failure{status: http.StatusInternalServerError, Code: "internal", err: err}
		}
		if r.Context().Err() == nil {
			s.logFailure(r, fail, err)
			s.metrics.failures.WithLabelValues(r.Pattern, fail.Code).Inc()
		}
		if written.begun {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Del("Content-Encoding") // of the answer that failed
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

// send writes a part of a stream and flushes it. The client has writeTimeout to read it.
func send(w http.ResponseWriter, part []byte) error {
	setWriteDeadline(w)
	if _, err := w.Write(part); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// setWriteDeadline gives the client writeTimeout from now on to read the answer. The time that it
// took to send the request does not count.
func setWriteDeadline(w http.ResponseWriter) {
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // has no effect if deadlines are not supported
}

// writer records whether an answer has begun, and sets the header Server-Time when it begins. The
// header has the time of the answer, even if the request took a minute to arrive.
type writer struct {
	http.ResponseWriter
	now   func() time.Time
	begun bool
}

// begin marks the answer as begun: from now on, its status is fixed.
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

// Write begins the answer if it has not begun, and writes to it.
func (w *writer) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}

// Unwrap returns the underlying writer, for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writeJSON answers with a value in JSON.
func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	setWriteDeadline(w)
	return json.NewEncoder(w).Encode(v)
}
