package local

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// trailer is the last line of a pull.
type trailer struct {
	Cursor  string          `json:"cursor"`
	More    bool            `json:"more,omitempty"`
	Reached int64           `json:"reached,omitempty"`
	Last    int64           `json:"last,omitempty"`
	Buckets []string        `json:"buckets,omitzero"`
	Level   int             `json:"level"`
	Clock   clock.Timestamp `json:"clock,omitzero"`
}

type resetLine struct {
	Reset []string `json:"reset"`
	Why   string   `json:"why"`
}

type leftLine struct {
	Seq   int64  `json:"seq"`
	Table string `json:"table"`
	ID    string `json:"id"`
	Left  bool   `json:"left"`
}

// pull answers with the records that changed since a cursor, as one chunk.
func (s *Server) pull(d device, r Request) ([]byte, error) {
	at, err := buckets.ParseCursor(r.Query["cursor"])
	if err != nil {
		return nil, &failure{400, "invalid_cursor", err.Error()}
	}
	now := s.snapshot(d.user)
	resets, tells := at.Begin(now)
	var lines []byte
	for _, reset := range resets {
		lines = appendLine(lines, resetLine{reset.Buckets, reset.Why})
	}
	lacking := s.lacking(at, now)
	last := trailer{Level: 1, Clock: s.greatest}
	if most := cmp.Or(s.o.PageSize, defaultPage); len(lacking) > most {
		lacking = lacking[:most]
		last.More, last.Reached, last.Last = true, lacking[most-1].seq, s.seq
		at.Reach(last.Reached)
	} else {
		at.Settle(now.Seq)
	}
	for _, row := range lacking {
		lines = s.appendRow(lines, row, now)
	}
	last.Cursor = at.String()
	if tells {
		last.Buckets = now.Buckets()
	}
	return appendLine(lines, last), nil
}

// snapshot returns what a pull of a user is made from.
func (s *Server) snapshot(user string) buckets.Snapshot {
	now := buckets.Snapshot{Epoch: s.epoch, Seq: s.seq, Granted: make(map[string]int64)}
	for bucket, r := range s.members[user] {
		now.Granted[bucket] = r.Granted
	}
	return now
}

// lacking returns the rows that a client lacks, each with the sequence of the last change that the client lacks, in the order
// of these sequences.
func (s *Server) lacking(at buckets.Cursor, now buckets.Snapshot) []*row {
	var all []*row
	for _, r := range s.rows {
		if r.seq = s.lastLacking(at, now, r); r.seq > 0 {
			all = append(all, &r)
		}
	}
	slices.SortFunc(all, func(a, b *row) int { return cmp.Compare(a.seq, b.seq) })
	return all
}

// lastLacking returns the sequence of the last change of a row that a client lacks, or 0: the record changed in a bucket of
// the client, or left it. A record that left before the client began to load the bucket was never there for it. Changes in
// other buckets do not count: the sequence would be beyond the sequences of other rows, and a cursor that it reaches would
// skip these rows.
func (s *Server) lastLacking(at buckets.Cursor, now buckets.Snapshot, r row) (last int64) {
	in := s.of.Of(r.Record, 0)
	for bucket, granted := range now.Granted {
		after, begun := at.Range(granted)
		if !slices.Contains(in, bucket) {
			after = max(after, begun)
		}
		if seq, was := r.at[bucket]; was && seq > after {
			last = max(last, seq)
		}
	}
	return last
}

// appendRow appends the line of a row.
func (s *Server) appendRow(lines []byte, r *row, now buckets.Snapshot) []byte {
	in := now.Has(s.of.Of(r.Record, 0))
	if len(in) == 0 {
		return appendLine(lines, leftLine{r.seq, r.Key().Table, r.Key().ID, true})
	}
	names, _ := json.Marshal(in) // names always have a JSON form
	lines = fmt.Appendf(lines, `{"seq":%d,"in":%s,`, r.seq, names)
	m := record.Mutation{Data: r.Record}
	return append(append(lines, m.AppendJSON(nil)[1:]...), '\n')
}

func appendLine(dst []byte, line any) []byte {
	text, _ := json.Marshal(line) // the lines always have a JSON form
	return append(append(dst, text...), '\n')
}
