package memory

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
)

// ErrCursor is the error that Pull wraps if the cursor is unknown.
var ErrCursor = errors.New("memory: unknown cursor")

// Pull is the pull handler: it returns the records that changed after the cursor, as JSON
// Lines of mutations, and the next cursor. The first cursor of a client is empty, and no returned
// cursor is. If the returned cursor is the given one, nothing is left to pull. The error for a cursor that this
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
// Every client may read everything, unless Server.Buckets is set. Then each pull has a last line,
// also without a fence, and the lines say in which buckets the client has a record:
//
//	{"reset":["project/42"],"why":"grant"}
//	{"seq":7,"in":["project/42"],"table":"tasks","id":"…","data":{…}}
//	{"seq":8,"table":"tasks","id":"…","left":true}
//	{"cursor":"9~5f0c…","buckets":["project/42"],"level":1,"clock":"2026-05-31T09:00:00.000000000Z"}
//
// The client forgets a record that has left. A reset takes the named buckets from every record that
// the client holds, and so does a last line that no longer names them; see buckets.Loss. If the
// buckets are the same as before, they are left out.
func (s *Server) Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.snapshot(client)
	at, err := s.parse(cursor)
	if err != nil || at.Epoch() == now.Epoch && at.Reached() > now.Seq {
		return nil, "", fmt.Errorf("%w: use a cursor that Pull returned, or the empty cursor to begin again", ErrCursor)
	}
	resets, tells := at.Begin(now)
	for _, r := range resets {
		lines = appendJSON(lines, resetLine{r.Buckets, r.Why})
	}
	lines = s.appendPage(lines, &at, now)
	next = format(at)
	if fence := s.store.fence.stamp; fence > 0 || s.Buckets != nil {
		last := lastLine{Cursor: next, Fence: fence, Level: s.level(), Clock: s.store.greatest}
		if tells && s.Buckets != nil {
			last.Buckets = now.Buckets()
		}
		lines = appendJSON(lines, last)
	}
	return lines, next, nil
}

type resetLine struct {
	Reset []string `json:"reset"`
	Why   string   `json:"why"`
}

type leftLine struct {
	Seq   int    `json:"seq"`
	Table string `json:"table"`
	ID    string `json:"id"`
	Left  bool   `json:"left"`
}

type lastLine struct {
	Cursor  string          `json:"cursor"`
	Buckets []string        `json:"buckets,omitzero"`
	Fence   clock.Timestamp `json:"fence,omitzero"`
	Level   int             `json:"level"`
	Clock   clock.Timestamp `json:"clock,omitzero"`
}

func appendJSON(dst []byte, line any) []byte {
	text, _ := json.Marshal(line) // the lines always have a JSON form
	return append(append(dst, text...), '\n')
}
