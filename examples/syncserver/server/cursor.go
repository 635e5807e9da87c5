package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// cursor is the position of a client in the records of a workspace. Clients store its text and
// send it back, and do not interpret it.
//
// A client that pulls everything gets old records first. Its position is below the fence until the
// load is done, like the position of a client that was away for long. So the cursor also has the
// sequence at which the load began: the client never had what was dropped before then.
type cursor struct {
	epoch string // "" for a client that has pulled nothing yet
	seq   int64  // the last sequence that the client has
	begun int64  // while the client loads everything, the last sequence when the load began
	loads bool
}

// reached returns a sequence: the client has none of the records that were dropped up to that
// sequence.
func (c cursor) reached() int64 { return max(c.seq, c.begun) }

// String returns the text of a cursor: epoch.seq or epoch.seq.begun, or "".
func (c cursor) String() string {
	switch {
	case c.epoch == "":
		return ""
	case c.loads:
		return fmt.Sprintf("%s.%d.%d", c.epoch, c.seq, c.begun)
	}
	return fmt.Sprintf("%s.%d", c.epoch, c.seq)
}

// parseCursor reads the text of a cursor.
func parseCursor(text string) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	parts := strings.Split(text, ".")
	valid := len(parts) == 2 || len(parts) == 3
	for i, part := range parts {
		n, err := strconv.ParseInt(part, 10, 64)
		switch {
		case i == 0:
			c.epoch, valid = part, valid && part != ""
		case i == 1:
			c.seq, valid = n, valid && err == nil && n >= 0
		default:
			c.begun, c.loads, valid = n, true, valid && err == nil && n >= 0
		}
	}
	if !valid {
		return cursor{}, errors.New("cursor: must be empty or the cursor of an earlier pull")
	}
	return c, nil
}

// cursorOf reads the cursor in the query of a request. Its failure has a code of its own: a client
// drops the items of a push that is refused as malformed, but the cursor says nothing about them.
func cursorOf(r *http.Request) (cursor, error) {
	c, err := parseCursor(r.URL.Query().Get("cursor"))
	if err != nil {
		return c, &failure{http.StatusBadRequest, "invalid_cursor", err.Error(), err}
	}
	return c, nil
}
