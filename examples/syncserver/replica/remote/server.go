package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
)

// Server is where a server is.
type Server struct {
	// URL is what its paths follow, such as https://example.com.
	URL string
	// HTTP sends the requests; nil means http.DefaultClient.
	HTTP *http.Client
}

// Membership is what a client gets when it joins a workspace, and keeps for as long as it
// keeps its data.
type Membership struct {
	Workspace string         `json:"workspace"`
	ClientID  clock.ClientID `json:"clientId"`
	Token     string         `json:"token"`
}

// StatusError says that a request was refused as a whole.
type StatusError struct {
	Status int    // of HTTP
	Code   string `json:"code"`   // the server's own; empty if something else refused it, such as a proxy
	Detail string `json:"detail"` // for people; empty as well
}

// Error returns the status and the code.
func (e *StatusError) Error() string { return fmt.Sprintf("remote: status %d: %s", e.Status, e.Code) }

// Join makes a new client of a workspace. Invite may be empty if the workspace is open. The
// error is a *StatusError if the request is refused, one of net/http if no whole answer comes,
// and replica.ErrAnswer if the answer is not a Membership.
func (s Server) Join(ctx context.Context, workspace, invite string) (Membership, error) {
	body, err := json.Marshal(map[string]string{"workspace": workspace, "invite": invite})
	if err != nil {
		return Membership{}, err
	}
	answer, err := s.do(ctx, call{"POST", "/v1/join", "", body})
	if err != nil {
		return Membership{}, err
	}
	var m Membership
	if err := json.Unmarshal(answer, &m); err != nil {
		return Membership{}, fmt.Errorf("%w: %w", replica.ErrAnswer, err)
	}
	if m.ClientID.IsZero() || m.Token == "" {
		return Membership{}, fmt.Errorf("%w: no membership", replica.ErrAnswer)
	}
	return m, nil
}

// call is a request.
type call struct {
	method, path, token string
	body                []byte
}

// do makes a request, and returns the body of the answer. Unless the status is 200 the error
// is a *StatusError.
func (s Server) do(ctx context.Context, c call) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, c.method, s.URL+c.path, bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	client := s.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err // it broke off
	}
	if response.StatusCode != http.StatusOK {
		fail := &StatusError{Status: response.StatusCode}
		_ = json.Unmarshal(body, fail) // a proxy answers in another form
		return nil, fail
	}
	return body, nil
}
