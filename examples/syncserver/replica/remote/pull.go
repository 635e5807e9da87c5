package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
)

// A page is processed in parts as it arrives. Each part is held in memory as a whole.
const (
	pageRecords = 1000
	partBytes   = 1 << 20
	maxLine     = 16 << 20 // for one record
)

// Pull pulls pages until one is not full, which is the last. If a page breaks off, the part that
// arrived is kept. If the server was restored and does not know the cursor, or the last pull was so
// long ago that the server has purged deletions since, Pull pulls everything again.
func (c *Client) Pull(ctx context.Context) error {
	for left := false; ; {
		n, err := c.pullPage(ctx)
		if fail := new(StatusError); errors.As(err, &fail) && fail.mustResync() && !left {
			left = true
			c.Replica.Leave()
			if err := c.save(); err != nil {
				return err
			}
			continue
		}
		if err != nil || n < pageRecords {
			return err
		}
	}
}

// mustResync reports whether the client must pull everything again.
func (e *StatusError) mustResync() bool {
	return e.Code == "cursor_ahead" || e.Code == "resync_required"
}

// pullPage pulls one page and returns the number of its records.
func (c *Client) pullPage(ctx context.Context) (n int, err error) {
	query := url.Values{"after": {"0"}, "limit": {strconv.Itoa(pageRecords)}}
	if cursor := c.Replica.Cursor(); cursor != "" {
		query.Set("after", cursor)
	}
	response, err := c.do(ctx, "GET", "/v1/pull?"+query.Encode(), nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if err := statusError(response); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxLine)
	var part []byte
	for lines.Scan() {
		if n++; n > pageRecords {
			return 0, fmt.Errorf("%w: more than the %d requested records", replica.ErrAnswer, pageRecords)
		}
		part = append(append(part, lines.Bytes()...), '\n')
		if len(part) >= partBytes {
			if err := c.takePart(part); err != nil {
				return 0, err
			}
			part = part[:0]
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return 0, fmt.Errorf("%w: a line has more than %d bytes", replica.ErrAnswer, maxLine)
	}
	// After another error, the last line may be incomplete.
	if lines.Err() != nil || len(part) == 0 {
		return n, lines.Err()
	}
	return n, c.takePart(part)
}

// takePart passes a part of a page to the Replica and saves it.
func (c *Client) takePart(part []byte) error {
	next, err := replica.LastSequence(part)
	if err != nil {
		return err
	}
	if !isAfter(next, c.Replica.Cursor()) {
		return fmt.Errorf("%w: want a sequence above the cursor", replica.ErrAnswer)
	}
	if err := c.Replica.Pulled(part, next); err != nil {
		return err
	}
	return c.save()
}

// isAfter reports whether a cursor comes after another one. Every cursor comes after an empty one.
func isAfter(next, cursor string) bool {
	n, err := strconv.ParseInt(next, 10, 64)
	was, _ := strconv.ParseInt(cursor, 10, 64)
	return err == nil && n > was
}
