package replica

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// chunk is a part of a pull that is applied in one step.
type chunk struct {
	why     string          // why everything is replaced, or "" if nothing is
	records []record.Record // a record without fields has left the workspace
	trailer line
}

// line is a line of a pull that does not hold a record.
type line struct {
	// A reset, the first line of its chunk.
	Reset []string `json:"reset"`
	Why   string   `json:"why"`
	// A record that has left.
	Table string `json:"table"`
	ID    string `json:"id"`
	Left  bool   `json:"left"`
	// A trailer.
	Cursor *string         `json:"cursor"`
	More   bool            `json:"more"`
	Fence  clock.Timestamp `json:"fence"`
	Level  int             `json:"level"`
	Clock  clock.Timestamp `json:"clock"`
}

// The members by which the other lines are told from records.
var markers = [...][]byte{[]byte(`"cursor"`), []byte(`"left"`), []byte(`"reset"`)}

// IsTrailer reports whether a line of a pull is a trailer, which ends a chunk.
func IsTrailer(text []byte) bool {
	if !bytes.Contains(text, markers[0]) {
		return false
	}
	var l line
	return json.Unmarshal(text, &l) == nil && l.isTrailer()
}

func (l *line) isTrailer() bool { return l.Cursor != nil && l.Table == "" }

// parseLine parses a line that does not hold a record. It reports false for a line that does.
func parseLine(text []byte) (l line, ok bool, err error) {
	for _, m := range markers {
		if ok = bytes.Contains(text, m); ok {
			break
		}
	}
	if !ok { // the usual case, without parsing
		return line{}, false, nil
	}
	if json.Unmarshal(text, &l) != nil { // the decoder of records says what is wrong
		return line{}, false, nil
	}
	switch {
	case l.isTrailer():
		if l.Fence < 0 || l.Clock < 0 {
			err = fmt.Errorf("%w: a trailer with a negative stamp", ErrAnswer)
		}
		return l, true, err
	case l.Reset != nil && l.Table == "":
		if l.Why == "" {
			err = fmt.Errorf("%w: a reset without a reason", ErrAnswer)
		}
		return l, true, err
	case l.Left:
		err = record.Key{Table: l.Table, ID: l.ID}.Check()
		return l, true, err
	}
	return line{}, false, nil
}

// parseChunks parses the lines of a pull. Lines after the last trailer are discarded. The error is a
// *record.Error or ErrAnswer.
func (r *Replica) parseChunks(lines []byte) (all []chunk, err error) {
	var c chunk
	begun := false
	records := 0 // where the records that are not parsed yet begin
	end := 0
	for text := range bytes.Lines(lines) {
		start := end
		end += len(text)
		l, special, err := parseLine(text)
		if err != nil {
			return nil, err
		}
		if !special {
			begun = begun || len(bytes.TrimSpace(text)) > 0
			continue
		}
		if err := r.parseRecords(&c, lines[records:start]); err != nil {
			return nil, err
		}
		records = end
		switch {
		case l.isTrailer():
			c.trailer = l
			all, c, begun = append(all, c), chunk{}, false
			continue
		case l.Left:
			c.records = append(c.records, record.New(record.Key{Table: l.Table, ID: l.ID}))
		case begun:
			return nil, fmt.Errorf("%w: a reset that does not begin its chunk", ErrAnswer)
		default:
			c.why = l.Why
		}
		begun = true
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
	if c.records == nil {
		c.records = make([]record.Record, 0, len(items))
	}
	for _, it := range items {
		if it.Err != nil {
			return it.Err
		}
		c.records = append(c.records, it.Mutation.Data)
	}
	return nil
}
