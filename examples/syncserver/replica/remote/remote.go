// Package remote syncs a Replica with a server over HTTP, in programs that are not a browser:
// there the page sends the requests. [Server.Join] makes a new client of a workspace, and
// [Client.Sync] brings what it edits to the server, and what others edit to it.
package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
)

// How much is asked for and sent at once: the server takes as much, and more bytes.
const (
	pageRecords = 1000
	maxItems    = 1000
	maxBytes    = 1 << 20
)

// ErrWaiting says that edits still wait to be sent: the server answers, and keeps them waiting.
// Nothing is lost; sync again later.
var ErrWaiting = errors.New("remote: the server keeps edits waiting")

// Client syncs a Replica with a server. Server and Replica must be set. It must not be used
// from two goroutines at once, as the Replica.
//
// Its methods return a *StatusError if the server refuses a request, or what stands between; an
// error of net/http if no whole answer comes, which wraps that of a context that has ended; what
// Replica.Pulled and Replica.Answer return if the answer makes no sense; and what Save returns.
// After any error nothing is lost, and they can be called again.
type Client struct {
	Server  Server
	Token   string // of the Membership
	Replica *replica.Replica
	// Save writes entries to the device's storage in one transaction. It is called before
	// anything is sent, and after anything has come; what it failed to write, it is given
	// again. Nil means that nothing is saved.
	Save func([]replica.Entry) error

	unsaved []replica.Entry // what Save has failed to write
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

// Pull pulls until a page is not full, which is the last one.
func (c *Client) Pull(ctx context.Context) error {
	for {
		n, err := c.pullPage(ctx)
		if err != nil || n < pageRecords {
			return err
		}
	}
}

// pullPage pulls once, and returns how many records came.
func (c *Client) pullPage(ctx context.Context) (int, error) {
	query := url.Values{"after": {"0"}, "limit": {strconv.Itoa(pageRecords)}}
	if cursor := c.Replica.Cursor(); cursor != "" {
		query.Set("after", cursor)
	}
	lines, err := c.Server.do(ctx, call{"GET", "/v1/pull?" + query.Encode(), c.Token, nil})
	if err != nil || len(lines) == 0 {
		return 0, err
	}
	next, err := replica.LastSequence(lines)
	if err != nil {
		return 0, err
	}
	if err := c.Replica.Pulled(lines, next); err != nil {
		return 0, err
	}
	return bytes.Count(lines, []byte("\n")), c.save()
}

// Push pushes until the outbox is empty. The error is ErrWaiting if the server keeps all that
// was sent waiting twice in a row. A batch that is refused as a whole is sent in parts, until
// the item is found that makes no sense to the server. That is dropped.
func (c *Client) Push(ctx context.Context) error {
	items := maxItems
	stuck := 0 // how many answers in a row kept all waiting
	for {
		if err := c.save(); err != nil {
			return err
		}
		before := c.Replica.NumWaiting()
		switch {
		case before == 0:
			return nil
		case stuck == 2:
			return ErrWaiting
		}
		answer, err := c.push(ctx, c.Replica.Batch(items, maxBytes))
		var fail *StatusError
		if errors.As(err, &fail) && fail.isOfBatch() {
			if n := c.Replica.Sent(); n > 1 {
				items = n / 2
				continue
			}
			answer, err = refusal(fail)
		}
		if err != nil {
			return err
		}
		if err := c.Replica.Answer(answer); err != nil {
			return err
		}
		items = maxItems
		stuck++
		if c.Replica.NumWaiting() < before {
			stuck = 0
		}
	}
}

// push sends a batch and returns the replies.
func (c *Client) push(ctx context.Context, batch []byte) ([]byte, error) {
	body, err := c.Server.do(ctx, call{"POST", "/v1/push", c.Token, batch})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("%w: %w", replica.ErrAnswer, err)
	}
	return answer.Results, nil
}

// isOfBatch reports whether something in a batch is why it failed. The code is the
// server's own; a proxy may answer with the same status, and knows nothing of the batch.
func (e *StatusError) isOfBatch() bool { return e.Code == "malformed" || e.Code == "too_large" }

// refusal returns the answer to a batch of one item that was refused as a whole.
func refusal(fail *StatusError) ([]byte, error) {
	return json.Marshal([]merge.Reply{{Verdict: "refused", Code: merge.Code(fail.Code), Detail: fail.Detail}})
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
