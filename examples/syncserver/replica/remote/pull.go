package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
)

// A chunk is held in memory as a whole, and is applied when its trailer has arrived.
const (
	pageRecords = 10_000   // of one answer
	maxLine     = 16 << 20 // bytes
	maxChunk    = 64 << 20 // bytes
)

// Pull pulls until nothing is left to pull. If an answer breaks off, the chunks that arrived are kept.
// If the server was restored from a backup, or has purged deletions since the last pull, it sends
// everything again. If it does so again and again, the error is replica.ErrAnswer.
func (c *Client) Pull(ctx context.Context) error {
	for {
		pull := c.Replica.BeginPull()
		cursor := pull.Cursor
		if err := c.pullPage(ctx, &pull); err != nil || pull.Settled {
			return err
		}
		if c.Replica.Cursor() == cursor {
			return fmt.Errorf("%w: more records, but the same cursor", replica.ErrAnswer)
		}
	}
}

// pullPage sends a request and applies its answer, which has at least one chunk.
func (c *Client) pullPage(ctx context.Context, p *replica.Pull) error {
	query := url.Values{"cursor": {p.Cursor}, "limit": {strconv.Itoa(pageRecords)}}
	response, err := c.do(ctx, "GET", c.Server.asks("/v1/pull", query), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return c.takeChunks(p, response)
}

// takeChunks applies the chunks of an answer as they arrive.
func (c *Client) takeChunks(p *replica.Pull, response *http.Response) error {
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxLine)
	var chunk []byte
	chunks := 0
	for n := 0; lines.Scan(); n++ {
		chunk = append(append(chunk, lines.Bytes()...), '\n')
		switch {
		case n >= 3*pageRecords: // each record in a chunk of its own, with a reset
			return fmt.Errorf("%w: more than the %d requested records", replica.ErrAnswer, pageRecords)
		case len(chunk) > maxChunk:
			return fmt.Errorf("%w: a chunk has more than %d bytes", replica.ErrAnswer, maxChunk)
		case !replica.IsTrailer(lines.Bytes()):
			continue
		}
		if err := c.Replica.Pulled(p, chunk); err != nil {
			return err
		}
		if err := c.save(); err != nil {
			return err
		}
		chunk, chunks = chunk[:0], chunks+1
	}
	switch {
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		return fmt.Errorf("%w: a line has more than %d bytes", replica.ErrAnswer, maxLine)
	case lines.Err() != nil:
		return lines.Err()
	case len(chunk) > 0 || chunks == 0:
		return fmt.Errorf("%w: it does not end in a trailer", replica.ErrAnswer)
	}
	return nil
}
