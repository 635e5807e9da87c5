package replica

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// chunk is a part of a pull that is applied in one step.
type chunk struct {
	resets  []*line       // one for each reason
	items   []record.Item // the records; one without fields has left
	in      [][]string    // the buckets of the records; shorter if the last records are in the one bucket ""
	erased  []record.Key  // of the records that have left because they were erased
	trailer *line
}

// line is a line of a pull that does not hold a record.
type line struct {
	// A reset. All resets precede the records of their chunk.
	Reset []string `json:"reset"`
	Why   string   `json:"why"`
	// A record that has left.
	Table string `json:"table"`
	ID    string `json:"id"`
	Left  bool   `json:"left"`
	// The record has left because the server has erased it.
	Erased bool `json:"erased"`
	// A trailer.
	Cursor  *string         `json:"cursor"`
	More    bool            `json:"more"`
	Buckets told            `json:"buckets"`
	Fence   clock.Timestamp `json:"fence"`
	Level   int             `json:"level"`
	Clock   clock.Timestamp `json:"clock"`
	Seen    record.Seen     `json:"seen"`
}

// The members that distinguish the other lines from records.
var markers = [...][]byte{[]byte(`"cursor"`), []byte(`"left"`), []byte(`"reset"`)}

// IsTrailer reports whether a line of a pull is a trailer, which ends a chunk.
func IsTrailer(text []byte) bool {
	if !bytes.Contains(text, markers[0]) {
		return false
	}
	l := new(line)
	return json.Unmarshal(text, l) == nil && l.isTrailer()
}

func (l *line) isTrailer() bool { return l.Cursor != nil && l.Table == "" }

// holdsRecord reports whether a line holds a record. It parses the line only if it must.
func holdsRecord(text []byte) bool {
	for _, m := range markers {
		if bytes.Contains(text, m) {
			l := new(line)
			return json.Unmarshal(text, l) != nil || !l.isTrailer() && !l.isReset() && !l.Left
		}
	}
	return true
}

func (l *line) isReset() bool { return l.Reset != nil && l.Table == "" }

// parseChunks parses the lines of a pull. Lines after the last trailer are discarded. The error is a
// *record.Error or ErrAnswer.
func (r *Replica) parseChunks(lines []byte) (all []chunk, err error) {
	var c chunk
	records, end := 0, 0 // where the records that are not parsed yet begin, and the lines that were read end
	for text := range bytes.Lines(lines) {
		start := end
		columns := bytes.HasPrefix(text, []byte(`{"packed":`))
		if end += len(text); !columns && holdsRecord(text) {
			continue
		}
		if err := r.parseRecords(&c, lines[records:start]); err != nil {
			return nil, err
		}
		if records = end; columns {
			if err := r.parseColumns(&c, bytes.TrimSuffix(text, []byte("\n"))); err != nil {
				return nil, err
			}
			continue
		}
		l := new(line)
		_ = json.Unmarshal(text, l) // no error: holdsRecord has parsed the line
		switch {
		case l.isTrailer():
			c.trailer = l
			all, c = append(all, c), chunk{}
		case l.Left:
			key := record.Key{Table: l.Table, ID: l.ID}
			if err := key.Check(); err != nil {
				return nil, err
			}
			c.items = append(c.items, record.Item{Mutation: record.Mutation{Data: record.New(key)}})
			if l.Erased {
				c.erased = append(c.erased, key)
			}
		case len(c.items) > 0 || l.Why == "":
			return nil, fmt.Errorf("%w: a reset must have a reason and precede the records of its chunk", ErrAnswer)
		default:
			c.resets = append(c.resets, l)
		}
	}
	return all, nil
}

// parseRecords parses lines that hold records.
func (r *Replica) parseRecords(c *chunk, lines []byte) error {
	if len(bytes.TrimSpace(lines)) == 0 {
		return nil
	}
	items, err := r.decoder.Batch(lines)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Err != nil {
			return it.Err
		}
	}
	if err := r.parseBuckets(c, lines, len(items)); err != nil {
		return err
	}
	if c.items == nil {
		c.items = items
	} else {
		c.items = append(c.items, items...)
	}
	return nil
}

// parseColumns parses a line that holds records as columns.
func (r *Replica) parseColumns(c *chunk, line []byte) error {
	rows, err := r.decoder.Columns(line)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if len(row.In) > 0 && !slices.Equal(row.In, undivided()) {
			c.in = append(c.in, make([][]string, len(c.items)-len(c.in))...)
			c.in = append(c.in, row.In)
		}
		c.items = append(c.items, record.Item{Mutation: record.Mutation{Data: row.Record}})
	}
	return nil
}
