package memory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// appendPage appends the records of a page to lines, and moves the cursor past them.
func (s *Server) appendPage(lines []byte, at *buckets.Cursor, now buckets.Snapshot) []byte {
	limit, first := cmp.Or(s.PageSize, 1000), now.Seq
	for _, granted := range now.Granted {
		after, _ := at.Range(granted)
		first = min(first, after)
	}
	for c := range s.store.since(int(first)) {
		if !s.lacks(*at, now, c) {
			continue
		}
		lines = s.appendChange(lines, c, now)
		at.Reach(int64(c.seq))
		if limit--; limit == 0 {
			return lines
		}
	}
	at.Settle(now.Seq)
	return lines
}

// lacks reports whether a client lacks a change: the record changed in a bucket of the client, or
// left it. A record that left before the client began to load the bucket was never there for it.
func (s *Server) lacks(at buckets.Cursor, now buckets.Snapshot, c change) bool {
	for bucket, granted := range now.Granted {
		if c.at[bucket] != c.seq {
			continue
		}
		after, begun := at.Range(granted)
		if !slices.Contains(s.bucketsOf(c.Record), bucket) {
			after = max(after, begun)
		}
		if int64(c.seq) > after {
			return true
		}
	}
	return false
}

// appendChange appends the line of a changed record for a client.
func (s *Server) appendChange(lines []byte, c change, now buckets.Snapshot) []byte {
	in := now.Has(s.bucketsOf(c.Record))
	if len(in) == 0 {
		return appendJSON(lines, leftLine{c.seq, c.Key().Table, c.Key().ID, true})
	}
	lines = fmt.Appendf(lines, `{"seq":%d,`, c.seq)
	if s.Buckets != nil {
		names, _ := json.Marshal(in) // names always have a JSON form
		lines = fmt.Appendf(lines, `"in":%s,`, names)
	}
	m := record.Mutation{Data: c.Record}
	return append(append(lines, m.AppendJSON(nil)[1:]...), '\n')
}

// firstEpoch is the epoch of a server that was not restored. The text of a cursor leaves it out.
const firstEpoch = "0"

func (s *Server) epochName() string { return cmp.Or(s.epoch, firstEpoch) }

// parse reads a cursor. The text of a buckets.Cursor has a slash instead of its second dot here, so
// that the first epoch can be left out.
func (s *Server) parse(cursor string) (buckets.Cursor, error) {
	text := strings.Replace(cursor, "/", ".", 1)
	switch {
	case cursor == "" && s.Buckets != nil: // a client that has pulled nothing
	case cursor == "":
		text = s.epochName() + ".0"
	case !strings.Contains(cursor, "."):
		text = firstEpoch + "." + text
	}
	return buckets.ParseCursor(text)
}

// format returns the text of a cursor.
func format(c buckets.Cursor) string {
	epoch, text, _ := strings.Cut(c.String(), ".")
	text = strings.Replace(text, ".", "/", 1)
	if epoch != firstEpoch {
		text = epoch + "." + text
	}
	return text
}
