package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// team is the built-in history. The program beside it, in simulate, makes it.
//
//go:embed team.jsonl
var team string

// maxLine is the greatest length of a line.
const maxLine = 64 << 20

// limits are wide: the user chose the file, and nobody else suffers.
func limits() record.Limits { return record.Limits{Bytes: maxLine, Fields: -1, Value: -1} }

// history is an edit history that is ready to be read.
type history struct {
	name      string // as messages call it
	simulated bool
	in        io.Reader
	close     func() error
	mutations int // read so far
}

// openHistory opens what the command line names. Whether it is compressed shows
// in its first bytes.
func openHistory(o options, stdin io.Reader) (*history, error) {
	h := &history{name: o.file, close: func() error { return nil }}
	switch o.file {
	case "":
		h.name, h.simulated, h.in = "the built-in history", true, strings.NewReader(team)
	case "-":
		h.name, h.in = "standard input", stdin
	default:
		f, err := os.Open(o.file)
		if err != nil {
			return nil, err
		}
		h.in, h.close = f, f.Close
	}
	plain := bufio.NewReaderSize(h.in, 64<<10)
	h.in = plain
	if magic, _ := plain.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(plain)
		if err != nil {
			h.close()
			return nil, fmt.Errorf("%s: %w", h.name, readError(err))
		}
		h.in = z
	}
	return h, nil
}

// place names one field of one record.
type place struct {
	record.Key
	field string
}

// String returns the three names, parted by slashes, as -explain takes them.
func (p place) String() string { return p.Table + "/" + p.ID + "/" + p.field }

// write is one write of one field, as it was delivered.
type write struct {
	place
	record.FieldValue
	// base is the stamp of the write that the author saw there, if known says
	// that the history tells: it is zero if the author saw none.
	base  clock.Stamp
	known bool
}

// read hands each write to deliver, as they come. It holds one line at a time. An
// error says where in which input it occurred.
func (h *history) read(deliver func(write) error) error {
	decoder := record.Decoder{Limits: limits()}
	lines := bufio.NewScanner(h.in)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine+len("\r\n"))
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		m, err := decoder.Mutation(lines.Bytes())
		if err == nil {
			h.mutations++
			err = deliverAll(m, deliver)
		}
		if err != nil && lines.Err() == nil {
			return h.lineError(n, err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return h.lineError(n+1, &record.LimitError{What: "bytes", Limit: maxLine})
	case err != nil:
		return fmt.Errorf("%s, near line %d: %w", h.name, max(1, n), readError(err))
	}
	return nil
}

// deliverAll delivers the writes of one mutation in the order of names. Each value
// has memory of its own, so that one that stays does not keep those that go.
func deliverAll(m record.Mutation, deliver func(write) error) error {
	for name, w := range m.Data.All() {
		w.Value = w.Value.Clone()
		base, known := m.Base[name]
		if err := deliver(write{place{m.Data.Key(), name}, w, base, known}); err != nil {
			return err
		}
	}
	return nil
}

// lineError says where the history is refused: input, line, path and reason. It
// never holds what was refused.
func (h *history) lineError(line int, err error) error {
	var e *record.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s, line %d: %w", h.name, line, err)
	}
	path, at := "", ""
	switch {
	case e.Path != "":
		path = e.Path + ": "
	case errors.Is(e, record.ErrSyntax), errors.Is(e, record.ErrType):
		path = "each line must be one mutation, a JSON object: "
	}
	if e.Offset >= 0 {
		at = fmt.Sprintf(" (byte %d)", e.Offset+1)
	}
	return fmt.Errorf("%s, line %d: %s%w%s", h.name, line, path, e.Err, at)
}

// readError puts what reading compressed data may end with into words.
func readError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the compressed data end too early")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return errors.New("the compressed data are damaged")
	}
	return err
}
