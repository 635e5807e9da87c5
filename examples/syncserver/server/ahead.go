package server

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// The server refuses a write that is stamped too far ahead. The database can still contain such a
// write, if it was accepted while the server's clock was ahead. Clients that pull it give their own
// writes later stamps, and their pushes are refused until the time of that write has come. So the
// answer to such a push names the stored writes, and Repair restamps them.

// AheadWrite is a stored write that is stamped too far ahead, without its value.
type AheadWrite struct {
	Table     string          `json:"table"`
	ID        string          `json:"id"`
	Field     string          `json:"field"`
	UpdatedAt clock.Timestamp `json:"updatedAt"`
	ClientID  clock.ClientID  `json:"clientId"`
}

// The limits of what an answer names. If the user may read none of the first records, the server looks at
// the next ones.
const (
	maxAheadWrites  = 20
	maxAheadRecords = 5
	maxAheadPages   = 20 // each of maxAheadRecords records
)

// greatest returns the greatest timestamp that is not too far ahead at the given wall clock time.
func greatest(wall time.Time) clock.Timestamp {
	// The limit includes the whole last millisecond, with any value of the logical counter.
	return clock.TimestampOf(wall.Add(clock.DefaultMaxAhead)) + clock.Timestamp(time.Millisecond-1)
}

// tooFarAhead reports whether an item was refused as too far ahead.
func tooFarAhead(answer merge.Answer) bool {
	return slices.ContainsFunc(answer.Results, func(r merge.Result) bool {
		return r.Refusal != nil && r.Refusal.Code == merge.TooFarAhead
	})
}

// ahead returns some stored writes that are too far ahead, of records that the user may read. A nil
// function permits all. It looks at a limited number of records.
func (s *Server) ahead(ctx context.Context, tx *session, wall time.Time, mayRead func(record.Record) bool) (writes []AheadWrite, err error) {
	limit := greatest(wall)
	for _, rows := range []bool{false, true} { // first the records, from which violation rows take their stamps
		for at, pages := (beyond{limit, math.MaxInt64, rows}), maxAheadPages; pages > 0; pages-- {
			found, next, err := tx.beyond(ctx, at, maxAheadRecords)
			if err != nil {
				return nil, err
			}
			for _, r := range found {
				if mayRead != nil && !mayRead(r) {
					continue
				}
				for w := range writesAfter(r, limit) {
					if writes = append(writes, w); len(writes) == maxAheadWrites {
						return writes, nil
					}
				}
			}
			if len(writes) > 0 {
				return writes, nil
			}
			if len(found) < maxAheadRecords {
				break
			}
			at = next
		}
	}
	return nil, nil
}

// writesAfter returns the writes of a record that are stamped after the limit.
func writesAfter(r record.Record, limit clock.Timestamp) iter.Seq[AheadWrite] {
	return func(yield func(AheadWrite) bool) {
		for name, w := range r.All() {
			if w.Stamp.Time > limit && !yield(AheadWrite{r.Key().Table, r.Key().ID, name, w.Stamp.Time, w.Stamp.Client}) {
				return
			}
		}
	}
}

// beyond is a position among the records, which are ordered by greatest timestamp and sequence.
type beyond struct {
	latest clock.Timestamp
	seq    int64
	rows   bool // only violation rows if true, only other records if false
}

// beyond returns the first records after a position, and the position of the last of them.
func (s *session) beyond(ctx context.Context, at beyond, limit int) ([]record.Record, beyond, error) {
	rows, err := s.tx.QueryContext(ctx, `
		SELECT latest, seq, tbl, id, data FROM records
		WHERE workspace = $1 AND (latest, seq) > ($2, $3) AND (tbl = $4) = $5
		ORDER BY latest, seq LIMIT $6`, s.workspace, at.latest, at.seq, violation.DefaultTable, at.rows, limit)
	if err != nil {
		return nil, at, fmt.Errorf("look up records that are too far ahead: %w", err)
	}
	defer rows.Close()
	var found []record.Record
	for rows.Next() {
		var key record.Key
		var data string
		var fields record.Record
		if err := rows.Scan(&at.latest, &at.seq, &key.Table, &key.ID, &data); err != nil {
			return nil, at, fmt.Errorf("read a record that is too far ahead: %w", err)
		}
		if err := fields.Scan(data); err != nil {
			return nil, at, fmt.Errorf("read the record %q: %w", key, err)
		}
		found = append(found, s.normal(fields.WithKey(key), len(data)))
	}
	return found, at, rows.Err()
}
