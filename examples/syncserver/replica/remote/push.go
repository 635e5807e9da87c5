package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
)

// The limits of one push. The server's are not lower: as many items, and twice as many bytes.
const (
	maxItems = 1000
	maxBytes = 1 << 20
)

// pushTimeout limits the duration of a push. It is longer than the time that the server waits for a
// push. After a push that took less than quick, the next one may be larger.
const (
	pushTimeout = 2 * time.Minute
	quick       = 15 * time.Second
)

// Push pushes until the outbox is empty. The error is ErrWaiting if the server has temporarily
// refused every waiting item, twice in a row. A batch that is refused as malformed or too large is
// halved until a part is accepted or the invalid item is found, which is dropped. Each batch after
// that may have twice as many items as the one before. A batch that does not arrive in time is
// halved as well. If a batch of one item does not arrive, the item stays and Push returns the
// error. If the quota is used up, the outbox stays as it is: see StatusError.RetryAfter.
//
// If the server was restored from a backup since the last pull, it judges no item. Push then pulls,
// once, and goes on. Push also ends if all items that wait must wait for the next pull.
func (c *Client) Push(ctx context.Context) error {
	items := maxItems // fewer after a batch was refused
	idle := 0         // items answered since an item last left the outbox
	for pulled := false; ; {
		if err := c.save(); err != nil {
			return err
		}
		before := c.Replica.NumWaiting()
		switch {
		case before == 0:
			return nil
		case idle >= 2*before:
			return ErrWaiting
		}
		answer, err := c.pushBatch(ctx, items)
		sent := c.Replica.Sent()
		switch fail := new(StatusError); {
		case sent == 0:
			return nil
		case !errors.As(err, &fail):
		case fail.Code == "epoch_changed" && !pulled:
			pulled, idle = true, 0
			if err := c.Pull(ctx); err != nil {
				return err
			}
			continue
		case fail.isOfBatch() && sent > 1:
			items = sent / 2
			continue
		case fail.isOfBatch():
			answer, err = refusal(fail)
		}
		if isSlow(ctx, err) && sent > 1 {
			continue
		}
		if err != nil {
			return err
		}
		if err := c.Replica.Answer(answer); err != nil {
			return err
		}
		items = min(2*items, maxItems)
		idle += sent
		if c.Replica.NumWaiting() < before {
			idle = 0
		}
	}
}

// pushBatch sends a batch of at most the given number of items, or fewer if the last batch was
// slow, and returns the replies. What it learns about the connection applies to the next batches.
func (c *Client) pushBatch(ctx context.Context, items int) ([]byte, error) {
	if c.slow > 0 {
		items = min(items, c.slow)
	}
	begun := time.Now()
	batch := c.Replica.Batch(items, maxBytes)
	if len(batch) == 0 {
		return nil, nil
	}
	answer, err := c.push(ctx, batch)
	switch {
	case isSlow(ctx, err) || isBroken(ctx, err):
		c.slow = max(1, c.Replica.Sent()/2)
	case err == nil && time.Since(begun) < quick && c.slow > 0:
		if c.slow *= 2; c.slow >= maxItems {
			c.slow = 0
		}
	}
	return answer, err
}

// push sends a batch and returns the replies.
func (c *Client) push(ctx context.Context, batch []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	query := url.Values{"v": {"2"}, "cursor": {c.Replica.Cursor()}}
	response, err := c.do(ctx, "POST", c.Server.asks("/v1/push", query), batch)
	if err != nil {
		return nil, err
	}
	body, err := readAnswer(response)
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

// isOfBatch reports whether the batch itself caused the failure. The code is the server's own: a
// proxy may answer with the same status, but knows nothing about the items.
func (e *StatusError) isOfBatch() bool { return e.Code == "malformed" || e.Code == "too_large" }

// isSlow reports whether a batch did not arrive in time, or was too large for a proxy on the way. A
// smaller batch may then arrive. It is false if the caller's context has ended.
func isSlow(ctx context.Context, err error) bool {
	var fail *StatusError
	if errors.As(err, &fail) {
		switch fail.Status {
		case http.StatusRequestTimeout, http.StatusGatewayTimeout:
			return true
		case http.StatusRequestEntityTooLarge:
			return !fail.isOfBatch()
		}
		return false
	}
	var timeout net.Error
	return ctx.Err() == nil && errors.As(err, &timeout) && timeout.Timeout()
}

// isBroken reports whether a connection broke off. This happens when a server gives up on a batch
// and its answer is lost.
func isBroken(ctx context.Context, err error) bool {
	var fail *StatusError
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	return err != nil && ctx.Err() == nil && !errors.As(err, &fail) && !errors.Is(err, replica.ErrAnswer) && !dialing
}

// refusal returns the answer to a batch of one item that was refused as a whole.
func refusal(fail *StatusError) ([]byte, error) {
	return json.Marshal([]merge.Reply{{Verdict: "refused", Code: merge.Code(fail.Code), Detail: fail.Detail}})
}
