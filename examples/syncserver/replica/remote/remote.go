// Package remote syncs a Replica with a server over HTTP, in programs that are not a browser:
// there the page sends the requests. [Server.Join] makes a new client of a workspace, and
// [Client.Sync] brings what it edits to the server, and what others edit to it.
//
// # Map
//
//	server.go  requests, and why they are refused
//	remote.go  a client
//	pull.go    what comes from the server
//	push.go    what goes to it
//
// # Servers that are restored
//
// If the server does not know the cursor any longer, Pull leaves (see replica.Replica.Leave) and
// pulls everything, with the same membership. A Notice of the kind replica.Resync tells it. If the
// server does not know the token either, each request fails with the status 401: join the workspace
// again, and open what was saved under the new ID.
package remote

import (
	"context"
	"errors"
	"net/http"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
)

// ErrWaiting says that edits still wait to be sent: the server answers, and keeps them waiting.
// Nothing is lost; sync again later.
var ErrWaiting = errors.New("remote: the server keeps edits waiting")

// Client syncs a Replica with a server. Server and Replica must be set. It must not be used
// from two goroutines at once, as the Replica.
//
// Its methods return
//
//   - a *StatusError if the server or a proxy refuses a request;
//   - an error of net/http if no whole answer comes, which wraps the error of a context that has
//     ended;
//   - an error of Replica.Pulled or Replica.Answer if an answer is invalid, and replica.ErrAnswer
//     if it is too long;
//   - an error of Save.
//
// After any error nothing is lost, and they can be called again. Wait StatusError.RetryAfter before
// that.
type Client struct {
	Server  Server
	Token   string // of the Membership
	Replica *replica.Replica
	// Save writes entries to the device's storage in one transaction. It is called before
	// anything is sent, and after anything has come; what it failed to write, it is given
	// again. Nil means that nothing is saved.
	Save func([]replica.Entry) error

	unsaved []replica.Entry // what Save has failed to write
	slow    int             // the items of a push that arrives in time; 0 means as many as are permitted
}

// Sync pulls, and if edits wait, pushes them and pulls what the server made of them. It pulls
// first, so that what an edit is about to replace is here and can be told. The errors are those
// of Pull and Push.
func (c *Client) Sync(ctx context.Context) error {
	if err := c.Pull(ctx); err != nil || c.Replica.NumWaiting() == 0 {
		return err
	}
	if err := c.Push(ctx); err != nil {
		return err
	}
	return c.Pull(ctx)
}

// do makes a request of the member, and gives the Replica the server's time.
func (c *Client) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	asked := c.Replica.Now()
	response, err := c.Server.do(ctx, call{method, path, c.Token, body})
	if err != nil {
		return nil, err
	}
	if at, err := clock.ParseTimestamp(response.Header.Get("Server-Time")); err == nil { // else it is an old server
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
