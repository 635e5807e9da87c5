package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
)

// Request is a request of PROTOCOL.md.
type Request struct {
	Method string
	Path   string // for example v1/pull, without a slash before it
	Query  map[string]string
	Token  string // "" for none
	Body   []byte
}

// Answer is the answer to a Request.
type Answer struct {
	Status int
	Time   clock.Timestamp // of the server, for the header Server-Time
	Body   []byte
	Saves  []Entry // what to save before the answer is sent, sorted by key
}

// failure describes to a client why a request failed.
type failure struct {
	status int
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// Error returns the code and the detail.
func (f *failure) Error() string { return f.Code + ": " + f.Detail }

func malformed(err error) error { return &failure{400, "malformed", err.Error()} }

// Serve answers a request. See the section Saving of the package.
func (s *Server) Serve(r Request) Answer {
	body, err := s.answer(r)
	a := Answer{Status: 200, Time: clock.TimestampOf(s.now()), Body: body}
	if err != nil {
		fail := &failure{500, "internal", ""}
		errors.As(err, &fail)
		a.Status = fail.status
		a.Body, _ = json.Marshal(fail) // a failure always has a JSON form
	}
	a.Saves = s.takeSaves()
	return a
}

// answer returns the body of the answer. A request that fails changes nothing.
func (s *Server) answer(r Request) ([]byte, error) {
	route := r.Method + " " + strings.TrimSuffix(r.Path, "/")
	if route == "POST v1/join" {
		return s.join(r)
	}
	serve := map[string]func(device, Request) ([]byte, error){
		"POST v1/push":      s.push,
		"GET v1/pull":       s.pull,
		"GET v1/events":     s.events,
		"GET v1/members":    s.serveMembers,
		"POST v1/members":   s.grant,
		"DELETE v1/members": s.revoke,
	}[route]
	if serve == nil {
		return nil, &failure{404, "not_found", "no such path"}
	}
	d, ok := s.devices[r.Token]
	if !ok {
		return nil, &failure{401, "unauthorized", "the token is missing or invalid: join the workspace"}
	}
	return serve(d, r)
}

// events returns the first event of a stream: the sequence of the last change. The caller adds an event whenever
// [Server.Seq] has grown.
func (s *Server) events(device, Request) ([]byte, error) {
	return fmt.Appendf(nil, "data: %d\n\n", s.seq), nil
}
