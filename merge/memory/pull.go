package memory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// ErrCursor is the error that Pull wraps if the cursor is unknown.
var ErrCursor = errors.New("memory: unknown cursor")

// Pull is the pull handler: it returns the records that changed after the cursor, as JSON
// Lines of mutations, and the next cursor. The first cursor of a client is empty. If the
// returned cursor is the given one, nothing is left to pull. The error for a cursor that this
// server did not return is ErrCursor.
//
// Once Purge has raised the fence, each pull ends with one more line, and a pull from a cursor
// below the fence also begins with one:
//
//	{"reset":[""],"why":"fence"}
//	{"seq":7,"table":"tasks","id":"…","data":{…}}
//	{"cursor":"7","fence":"2026-03-02T12:00:00.000000000Z","level":1,"clock":"2026-05-31T09:00:00.000000000Z"}
//
// A server that Restored returned has an epoch, which its cursors begin with, followed by a dot. If
// a pull has a cursor with another epoch, or with none, it begins with such a line as well, but
// with "why":"epoch".
//
// After a reset, the client forgets everything that it pulled before. A pulled record replaces
// the one that the client has, with all its fields. The last line gives the arguments of
// merge.Purge, with which the client purges its own records, and the told stamp, which the clock of
// the client must observe: otherwise the next edit could lie below a later fence. Package merge
// says under "Purging" what the told stamp is. This server trusts its wall clock, so it tells the
// greatest stamp that was ever stored, which includes the stamps of erasures.
//
// Every client may read everything. The client is a parameter for servers that restrict reading.
func (s *Server) Pull(_ clock.ClientID, cursor string) (lines []byte, next string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, err := parsePosition(cursor)
	restored := cursor != "" && at.epoch != s.epoch
	if err != nil || !restored && max(at.after, at.loading) > s.store.sequence() {
		return nil, "", fmt.Errorf("%w: use a cursor that Pull returned, or the empty cursor to begin again", ErrCursor)
	}
	if restored || max(at.after, at.loading) < s.store.fence.seq {
		why := map[bool]string{true: "epoch", false: "fence"}[restored]
		lines = fmt.Appendf(lines, "{\"reset\":[\"\"],\"why\":%q}\n", why)
		at = position{loading: s.store.sequence()}
	}
	at.epoch = s.epoch
	lines, at = s.appendPage(lines, at)
	if next = at.String(); next == "" {
		next = cursor
	}
	if s.store.fence.stamp > 0 {
		lines = fmt.Appendf(lines, "{\"cursor\":%q,\"fence\":%q,\"level\":%d,\"clock\":%q}\n",
			next, s.store.fence.stamp.String(), s.level(), s.store.greatest.String())
	}
	return lines, next, nil
}

// appendPage appends the records of a page to lines, and returns the position after it.
func (s *Server) appendPage(lines []byte, at position) ([]byte, position) {
	limit := s.PageSize
	if limit == 0 {
		limit = 1000
	}
	for r := range s.store.since(at.after) {
		line := record.Mutation{Data: r.Record}.AppendJSON(nil)
		lines = fmt.Appendf(lines, "{\"seq\":%d,%s\n", r.seq, line[1:])
		at.after = r.seq
		if limit--; limit == 0 {
			return lines, at
		}
	}
	// The load is complete, even if its last records were purged.
	return lines, position{epoch: at.epoch, after: max(at.after, at.loading)}
}

// position is a decoded cursor. The client has all changes up to the sequence in after. While
// the client loads everything again, loading is the sequence at which the load began. Without
// loading, a page below the fence would begin the load again, forever.
type position struct {
	epoch          string // of the server that returned the cursor
	after, loading int
}

// parsePosition reads a cursor. The empty cursor is the zero position.
func parsePosition(cursor string) (at position, err error) {
	if cursor == "" {
		return at, nil
	}
	epoch, rest, hasEpoch := strings.Cut(cursor, ".")
	if hasEpoch {
		at.epoch, cursor = epoch, rest
	}
	after, loading, isLoading := strings.Cut(cursor, "/")
	if at.after, err = parseSequence(after); err == nil && isLoading {
		at.loading, err = parseSequence(loading)
	}
	return at, err
}

func parseSequence(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

// String returns the cursor of the position, which is empty for the zero position.
func (p position) String() (cursor string) {
	switch {
	case p.loading > p.after:
		cursor = fmt.Sprintf("%d/%d", p.after, p.loading)
	case p.after > 0 || p.epoch != "":
		cursor = strconv.Itoa(p.after)
	}
	if p.epoch != "" {
		cursor = p.epoch + "." + cursor
	}
	return cursor
}
