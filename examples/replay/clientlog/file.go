package clientlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fieldlww/fieldlww/clock"
)

// File is an exported log.
type File struct {
	Client  clock.ClientID
	Dropped int // how many events were dropped before the first one
	Events  []Event
}

// The bounds of a file: Read refuses longer lines and more events.
const (
	maxLine   = 1 << 20
	maxEvents = 1_000_000
)

var (
	errHead   = errors.New("this is not the log of a client")
	errEvents = fmt.Errorf("more than %d events", maxEvents)
)

// Read reads an exported log. An error names the line and the reason, and no value.
func Read(r io.Reader) (File, error) {
	var f File
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if err := f.add(n, lines.Bytes()); err != nil {
			return File{}, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return File{}, fmt.Errorf("line %d: %w", n+1, err)
	}
	if n == 0 {
		return File{}, errHead
	}
	return f, nil
}

// add reads a line.
func (f *File) add(n int, line []byte) error {
	switch {
	case n == 1:
		var h head
		if err := json.Unmarshal(line, &h); err != nil || h.Version == 0 {
			return errHead
		}
		if h.Version != 1 {
			return fmt.Errorf("version %d: only version 1 is known", h.Version)
		}
		f.Client, f.Dropped = h.Client, h.Dropped
		return nil
	case len(bytes.TrimSpace(line)) == 0:
		return nil
	case len(f.Events) == maxEvents:
		return errEvents
	}
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		return errors.New("this is not an event of a client's log") // the error of encoding/json can hold a value
	}
	for _, r := range e.Records {
		if err := r.Key().Check(); err != nil {
			return err
		}
	}
	f.Events = append(f.Events, e)
	return nil
}
