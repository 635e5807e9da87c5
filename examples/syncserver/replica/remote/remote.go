// Package remote implements sync of a Replica with a server over HTTP, for programs outside a
// browser. In a browser, the page sends the requests. [Server.Join] creates a new client in a
// workspace, and [Client.Sync] sends its edits to the server and fetches the edits of others.
//
// # Map
//
//	server.go  requests, and the errors of refused ones
//	remote.go  the client
//	pull.go    records from the server
//	push.go    edits to the server
//
// # Servers that are restored
//
// After the server was restored from a backup, a pull brings everything again, and the Replica sends
// again what the server lacks; see package replica. If the restored server does not know the token,
// each request fails with status 401: join the workspace again, and open the saved entries under the
// new ID. Writes that the server had accepted from the old ID are then not sent again.
//
// A server that does not know cursors is not supported: its pulls have no trailers, and Pull fails
// with replica.ErrAnswer.
package remote

import (
	"context"
	"errors"
	"net/http"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
)

// ErrWaiting means that edits still wait: the server answers but keeps refusing them temporarily.
// Nothing is lost; sync again later.
var ErrWaiting = errors.New("remote: the server keeps edits waiting: sync again later")

// Client syncs a Replica with a server. Server and Replica must be set. Like the Replica, a Client
// must not be used from two goroutines at once.
//
// Its methods return
//
//   - a *StatusError if the server or a proxy refuses a request;
//   - an error of net/http if no complete answer arrives; it wraps the context's error if the
//     context has ended;
//   - an error of Replica.Pulled or Replica.Answer if an answer is invalid, or replica.ErrAnswer if
//     it is too long or has no trailer;
//   - an error of Save.
//
// After any error nothing is lost, and the methods can be called again. After a *StatusError, wait
// for its RetryAfter first. If its Code is client_taken, the client ID belongs to another user: open the
// entries of the user of the token, or join again for a new client; see replica.Options.
type Client struct {
	Server  Server
	Token   string // from the Membership
	Replica *replica.Replica
	// Renew returns a new token when the server says that Token has ended, for example from
	// Server.Renew, and saves it. The request is then sent again. Nothing in the Replica changes. Nil, or an
	// error of Renew, makes the methods fail.
	Renew func(ctx context.Context) (token string, err error)
	// Save writes entries to the device's storage in one transaction. It is called before anything
	// is sent and after anything has arrived. Entries that it failed to write are passed to it
	// again. Nil means that nothing is saved.
	Save func([]replica.Entry) error

	unsaved []replica.Entry // entries that Save failed to write
	slow    int             // the number of items with which a push arrives in time; 0 means maxItems
}

// Sync pulls. If edits wait, it then pushes them and pulls again to get the result. It pulls first,
// so that the Replica holds the value that an edit is about to replace and Replica.Why can show it.
// Edits that had to wait for the second pull are pushed after it. Sync returns the errors of Pull and
// Push.
func (c *Client) Sync(ctx context.Context) error {
	err := c.Pull(ctx)
	for round := 0; err == nil && round < 2 && c.Replica.NumWaiting() > 0; round++ {
		if err = c.Push(ctx); err == nil {
			err = c.Pull(ctx)
		}
	}
	return err
}

// do sends a request. If the token has ended, it is renewed once. A response with another status than 200
// is returned as a *StatusError.
func (c *Client) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	for renewed := false; ; renewed = true {
		response, err := c.send(ctx, method, path, body)
		if err != nil {
			return nil, err
		}
		if err = statusError(response); err == nil {
			return response, nil
		}
		response.Body.Close()
		var fail *StatusError
		if renewed || c.Renew == nil || !errors.As(err, &fail) || fail.Status != http.StatusUnauthorized || fail.Code != "token_ended" {
			return nil, err
		}
		token, err := c.Renew(ctx)
		if err != nil {
			return nil, err
		}
		c.Token = token
	}
}

// send sends a request with the client's token, and passes the server's time to the Replica.
func (c *Client) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	asked := c.Replica.Now()
	response, err := c.Server.do(ctx, call{method, path, c.Token, body, c.Replica.ID()})
	if err != nil {
		return nil, err
	}
	if at, err := clock.ParseTimestamp(response.Header.Get("Server-Time")); err == nil { // an old server sends no time
		c.Replica.ServerTime(at, c.Replica.Now().Sub(asked))
	}
	return response, nil
}

func (c *Client) save() error {
	c.unsaved = append(c.unsaved, c.Replica.TakeSaves()...)
	if c.Save != nil && len(c.unsaved) > 0 {
		if err := c.Save(c.unsaved); err != nil {
			return err
		}
	}
	c.unsaved = nil
	return nil
}
