package server

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// A write that is stamped too far ahead is not accepted, but one may be stored: it was
// accepted when the clock of the server was wrong. Clients that pull it stamp above it, and
// are refused until its time has come. So the answer to a push names such writes, and Repair
// restamps them.

// aheadWrite is a stored write that is stamped too far ahead, without its value.
type aheadWrite struct {
	Table     string          `json:"table"`
	ID        string          `json:"id"`
	Field     string          `json:"field"`
	UpdatedAt clock.Timestamp `json:"updatedAt"`
	ClientID  clock.ClientID  `json:"clientId"`
}

// An answer names at most this many writes, of at most this many records.
const (
	maxAheadWrites  = 20
	maxAheadRecords = 5
)

// greatest returns the greatest time that is not too far ahead at a time of the wall clock.
func (s *Server) greatest(wall time.Time) clock.Timestamp {
	ahead := s.engine.MaxAhead
	if ahead == 0 {
		ahead = clock.DefaultMaxAhead
	}
	// The bound is inclusive and in whole milliseconds, so with any counter.
	return clock.TimestampOf(wall.Add(ahead)) + clock.Timestamp(time.Millisecond-1)
}

// ahead returns stored writes that are too far ahead, if an item was refused because it is.
func (s *Server) ahead(ctx context.Context, tx *session, wall time.Time, answer merge.Answer) (writes []aheadWrite, err error) {
	refused := false
	for _, r := range answer.Results {
		refused = refused || r.Refusal != nil && r.Refusal.Code == merge.TooFarAhead
	}
	if !refused {
		return nil, nil
	}
	limit := s.greatest(wall)
	for _, rows := range []bool{false, true} { // rows of violations have their stamps from the others
		found, _, err := tx.beyond(ctx, beyond{limit, math.MaxInt64, rows}, maxAheadRecords)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			for w := range writesAfter(r, limit) {
				if writes = append(writes, w); len(writes) == maxAheadWrites {
					return writes, nil
				}
			}
		}
		if len(writes) > 0 {
			break
		}
	}
	return writes, nil
}

// writesAfter returns the writes of a record that are stamped after a time.
func writesAfter(r record.Record, limit clock.Timestamp) iter.Seq[aheadWrite] {
	return func(yield func(aheadWrite) bool) {
		for name, w := range r.All() {
			if w.Stamp.Time > limit && !yield(aheadWrite{r.Key().Table, r.Key().ID, name, w.Stamp.Time, w.Stamp.Client}) {
				return
			}
		}
	}
}

// beyond is a place among the records in the order of their greatest stamps.
type beyond struct {
	latest clock.Timestamp
	seq    int64
	rows   bool // the rows of violations, and not the others
}

// beyond returns the first of the records beyond a place, and the place of the last of them.
func (s *session) beyond(ctx context.Context, at beyond, limit int) ([]record.Record, beyond, error) {
	rows, err := s.tx.QueryContext(ctx, `
		SELECT latest, seq, tbl, id, data FROM records
		WHERE workspace = $1 AND (latest, seq) > ($2, $3) AND (tbl = $4) = $5
		ORDER BY latest, seq LIMIT $6`, s.workspace, at.latest, at.seq, violation.DefaultTable, at.rows, limit)
	if err != nil {
		return nil, at, fmt.Errorf("look up stamps of the future: %w", err)
	}
	defer rows.Close()
	var found []record.Record
	for rows.Next() {
		var key record.Key
		var fields record.Record
		if err := rows.Scan(&at.latest, &at.seq, &key.Table, &key.ID, &fields); err != nil {
			return nil, at, fmt.Errorf("read a stamp of the future: %w", err)
		}
		found = append(found, fields.WithKey(key))
	}
	return found, at, rows.Err()
}
