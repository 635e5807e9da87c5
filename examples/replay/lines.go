package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/record"
)

// maxLine is the greatest length of a line, in bytes.
const maxLine = 64 << 20

// scan makes the input read its lines from r.
func (in *input) scan(r io.Reader) {
	in.lines = bufio.NewScanner(r)
	in.lines.Buffer(make([]byte, 0, 64<<10), maxLine+len("\r\n"))
}

// next advances to the next line that is not empty, and reports whether there is one. It must not
// be called again after it has returned false.
func (in *input) next() bool {
	if more := in.ahead; more != nil {
		in.ahead = nil
		return *more
	}
	for in.lines.Scan() {
		in.n++
		if len(bytes.TrimSpace(in.lines.Bytes())) > 0 {
			return true
		}
	}
	return false
}

// each calls the function do for each line that is not empty; do must not keep the line. An error
// names the input and the line.
func (in *input) each(do func(line []byte) error) error {
	for in.next() {
		if err := do(in.lines.Bytes()); err != nil && in.lines.Err() == nil {
			return in.lineError(in.n, err)
		}
	}
	switch err := in.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return in.lineError(in.n+1, &record.LimitError{What: "bytes", Limit: maxLine})
	case err != nil:
		return fmt.Errorf("%s, near line %d: %w", in.name, max(1, in.n), readError(err))
	}
	return nil
}

// lineError returns an error that names the input, line, path and reason of a refusal. It never
// contains the refused text.
func (in *input) lineError(line int, err error) error {
	var e *record.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s, line %d: %w", in.name, line, err)
	}
	path, at := "", ""
	switch {
	case e.Path != "":
		path = e.Path + ": "
	case errors.Is(e, record.ErrSyntax), errors.Is(e, record.ErrType):
		path = pick(in.journal, "each line must be one entry of a journal: ", "each line must be one mutation, a JSON object: ")
	}
	if e.Offset >= 0 {
		at = fmt.Sprintf(" (byte %d)", e.Offset+1)
	}
	return fmt.Errorf("%s, line %d: %s%w%s", in.name, line, path, e.Err, at)
}

// readError replaces an error of the decompression with a clearer one.
func readError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the compressed data ends too early")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return errors.New("the compressed data is damaged")
	}
	return err
}

// lineNumbers counts the lines that are added to it and remembers the numbers of the first 20.
type lineNumbers struct {
	n     int
	last  int
	first []string
}

// add adds a line. Lines must be added in ascending order, but the last one may be added again.
func (l *lineNumbers) add(line int) {
	const most = 20
	if line == l.last {
		return
	}
	l.last = line
	if l.n++; l.n <= most {
		l.first = append(l.first, fieldlog.Number(line))
	}
}

// String returns a text such as "lines 3, 7 and 2 others".
func (l *lineNumbers) String() string {
	s := pick(l.n == 1, "line ", "lines ") + strings.Join(l.first, ", ")
	if more := l.n - len(l.first); more > 0 {
		s += " and " + count(more, "other")
	}
	return s
}
