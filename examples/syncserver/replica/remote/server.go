package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
)

// Server is the address of a server.
type Server struct {
	// URL is the prefix of the server's paths, such as https://example.com.
	URL string
	// Schema is the version of the app that the program is, as the server names it. A server with another version
	// translates what this client pushes and pulls. Empty states no version.
	Schema string
	// HTTP sends the requests; nil means http.DefaultClient.
	HTTP *http.Client
}

// Membership is what a client gets when it joins a workspace. Keep it as long as you keep the
// client's data.
type Membership struct {
	Workspace string          `json:"workspace"`
	User      string          `json:"user"` // see replica.Options; empty if the server knows no users
	ClientID  clock.ClientID  `json:"clientId"`
	Token     string          `json:"token"`
	Ends      clock.Timestamp `json:"ends,omitzero"` // of the token; zero if it does not end
}

// StatusError reports a request that was refused as a whole.
type StatusError struct {
	Status int    `json:"-"`      // HTTP status
	Code   string `json:"code"`   // the server's code; empty if something else refused it, such as a proxy
	Detail string `json:"detail"` // for people; empty if Code is empty
	// RetryAfter is how long to wait before the next request, for example with the code
	// quota_exceeded. It is 0 if the server does not say.
	RetryAfter time.Duration `json:"-"`
}

// Error returns the status, the code if there is one, and how long to wait.
func (e *StatusError) Error() string {
	s := fmt.Sprintf("remote: status %d", e.Status)
	if e.Code != "" {
		s += ": " + e.Code
	}
	if e.RetryAfter > 0 {
		s += fmt.Sprintf(": retry after %v", e.RetryAfter)
	}
	return s
}

// Join creates a new client in a workspace. Invite may be empty if the workspace is open. The error
// is a *StatusError if the request is refused, an error of net/http if no complete answer arrives,
// and replica.ErrAnswer if the answer is not a Membership.
func (s Server) Join(ctx context.Context, workspace, invite string) (Membership, error) {
	return s.join(ctx, "", map[string]string{"workspace": workspace, "invite": invite})
}

// JoinAs creates another client, in the workspace of a token and for its user: for a second device, or for a new
// version of the app that begins with an empty store. The token stays valid, and must not have ended. The errors are
// the same as for Join.
func (s Server) JoinAs(ctx context.Context, workspace, token string) (Membership, error) {
	return s.join(ctx, token, map[string]string{"workspace": workspace})
}

func (s Server) join(ctx context.Context, token string, asked map[string]string) (Membership, error) {
	body, err := json.Marshal(asked)
	if err != nil {
		return Membership{}, err
	}
	return s.membership(ctx, call{method: "POST", path: "/v1/join", token: token, body: body})
}

// Renew returns a new token for the client of a token, which may have ended. The client and its user stay
// the same. The errors are the same as for Join.
func (s Server) Renew(ctx context.Context, token string) (Membership, error) {
	return s.membership(ctx, call{method: "POST", path: "/v1/renew", token: token})
}

// membership sends a request that is answered with a Membership.
func (s Server) membership(ctx context.Context, c call) (Membership, error) {
	response, err := s.do(ctx, c)
	if err != nil {
		return Membership{}, err
	}
	answer, err := readAnswer(response)
	if err != nil {
		return Membership{}, err
	}
	var m Membership
	if err := json.Unmarshal(answer, &m); err != nil {
		return Membership{}, fmt.Errorf("%w: %w", replica.ErrAnswer, err)
	}
	if m.ClientID.IsZero() || m.Token == "" {
		return Membership{}, fmt.Errorf("%w: want a membership with a client ID and a token", replica.ErrAnswer)
	}
	return m, nil
}

// call is a request. A server with tokens of its own is told the client ID by them, but other servers need
// the header Client-Id.
type call struct {
	method, path, token string
	body                []byte
	client              clock.ClientID // may be zero
}

// accepted are the media types of answers. A server that knows columns sends the records of a pull so.
const accepted = "application/vnd.fieldlww.columns+jsonl;v=1, application/jsonl;q=0.5, application/json;q=0.5"

// asks returns the path of a push or a pull.
func (s Server) asks(path string, query url.Values) string {
	if s.Schema != "" {
		query.Set("schema", s.Schema)
	}
	return path + "?" + query.Encode()
}

// do sends a request and returns when the answer begins. The caller must close its body. Package
// net/http requests compression and decompresses the body.
func (s Server) do(ctx context.Context, c call) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, c.method, s.URL+c.path, bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accepted)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if !c.client.IsZero() {
		request.Header.Set("Client-Id", c.client.String())
	}
	client := s.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	return client.Do(request)
}

// maxAnswer is the greatest length in bytes of an answer to any request but a pull. maxRefusal is
// the greatest length of an answer that explains a refusal.
const (
	maxAnswer  = 16 << 20
	maxRefusal = 64 << 10
)

// readAnswer reads an answer and closes its body. Unless the status is 200, the error is a
// *StatusError.
func readAnswer(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	if err := statusError(response); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, err // the answer broke off
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("%w: the answer has more than %d bytes", replica.ErrAnswer, maxAnswer)
	}
	return body, nil
}

// statusError returns a *StatusError unless the status is 200.
func statusError(response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	if err != nil {
		return err
	}
	fail := new(StatusError)
	_ = json.Unmarshal(body, fail) // a proxy answers in another form
	fail.Status, fail.RetryAfter = response.StatusCode, retryAfter(response.Header)
	return fail
}

// retryAfter reads the header Retry-After, which holds seconds or a time by the server's clock.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	const longest = 1 << 31 // in seconds, so that no Duration overflows
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), longest)) * time.Second
	}
	at, err := http.ParseTime(text)
	now, nowErr := http.ParseTime(h.Get("Date"))
	if err != nil || nowErr != nil {
		return 0
	}
	return max(0, at.Sub(now))
}
