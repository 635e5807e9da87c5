package clientlog

import (
	"encoding/json"
	"io"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// The bounds of a log: the size of all lines if MaxBytes is 0, and the fields of one event.
const (
	defaultBytes = 1 << 20
	maxFields    = 100
)

// Log keeps the last events of a client. The zero Log is ready to use, and has no values. It must
// not be used from two goroutines at once.
type Log struct {
	// MaxBytes is the greatest size of all events, in bytes. 0 means 1 MiB.
	MaxBytes int
	// Values says which values the log keeps. If it is nil, the log keeps none. Whether a record
	// is deleted is always kept. The log never keeps the losing and the winning value in the row of a lost edit, which
	// are values of another field. An event of 1 MiB or more loses its values.
	Values func(table, field string) bool

	client  clock.ClientID
	lines   [][]byte
	size    int
	dropped int
}

// Add adds an event. It keeps nothing of e.
func (l *Log) Add(e Event) {
	if !e.Client.IsZero() {
		l.client = e.Client
	}
	e = l.limited(e)
	line, err := json.Marshal(e)
	if len(line) >= maxLine { // Read would refuse the file
		line, err = json.Marshal((&Log{}).limited(e)) // without values
	}
	if err != nil {
		return // the value of a field is not JSON
	}
	l.lines, l.size = append(l.lines, line), l.size+len(line)
	most := l.MaxBytes
	if most == 0 {
		most = defaultBytes
	}
	for l.size > most {
		l.size -= len(l.lines[0])
		l.lines[0] = nil
		l.lines, l.dropped = l.lines[1:], l.dropped+1
	}
}

// limited returns the event without the values that are not kept, and with at most maxFields fields.
func (l *Log) limited(e Event) Event {
	records, left := e.Records, maxFields
	e.Records = nil
	for _, r := range records {
		fields := r.Fields
		r.Fields = nil
		for _, f := range fields {
			if left == 0 {
				e.LeftOut++
				continue
			}
			left--
			if !l.keeps(r.Table, f.Name) {
				f.Value = nil
			}
			r.Fields = append(r.Fields, f)
		}
		if len(r.Fields) > 0 || len(fields) == 0 && len(e.Records) < maxFields {
			e.Records = append(e.Records, r)
		}
	}
	return e
}

// head is the first line of an exported log.
// keeps reports whether the log keeps the values of a field. The row of a lost edit has values of another field, which
// Values may leave out.
func (l *Log) keeps(table, field string) bool {
	switch {
	case field == record.DeletedField:
		return true
	case l.Values == nil, table == violation.DefaultTable && (field == violation.FieldLostValue || field == "winning"):
		return false
	}
	return l.Values(table, field)
}

type head struct {
	Version int            `json:"clientLog"`
	Client  clock.ClientID `json:"client,omitzero"`
	Dropped int            `json:"dropped,omitempty"` // how many events were dropped before the first line
}

// WriteTo exports the log as JSON Lines.
func (l *Log) WriteTo(w io.Writer) (n int64, err error) {
	first, err := json.Marshal(head{1, l.client, l.dropped})
	if err != nil {
		return 0, err
	}
	for _, line := range append([][]byte{first}, l.lines...) {
		k, err := w.Write(append(line[:len(line):len(line)], '\n'))
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
