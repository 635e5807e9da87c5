package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// team is the built-in history. The program beside it, in simulate, makes it.
//
//go:embed team.jsonl
var team string

// input is what the command line names: a history or a journal, ready to be read
// line by line.
type input struct {
	name      string // as messages call it
	simulated bool
	journal   bool // whether its lines are entries of a journal
	lines     *bufio.Scanner
	n         int   // the number of the line in hand
	ahead     *bool // what next found, if that was not yet asked for
	close     func() error
}

// openInput opens what the command line names. Whether it is compressed shows in
// its first bytes, and what it is in its first line.
func openInput(o options, stdin io.Reader) (*input, error) {
	in := &input{name: o.file, close: func() error { return nil }}
	var raw io.Reader
	switch o.file {
	case "":
		in.name, in.simulated, raw = "the built-in history", true, strings.NewReader(team)
	case "-":
		in.name, raw = "standard input", stdin
	default:
		f, err := os.Open(o.file)
		if err != nil {
			return nil, err
		}
		raw, in.close = f, f.Close
	}
	plain := bufio.NewReaderSize(raw, 64<<10)
	in.scan(plain)
	if magic, _ := plain.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(plain)
		if err != nil {
			in.close()
			return nil, fmt.Errorf("%s: %w", in.name, readError(err))
		}
		in.scan(z)
	}
	more := in.next()
	in.journal = more && isJournal(in.lines.Bytes())
	in.ahead = &more
	return in, nil
}

// isJournal reports whether a line is an entry of a journal, and not a mutation.
// One that is damaged is taken for what it was as far as it can be read, so that
// the error speaks of the right thing.
func isJournal(line []byte) bool {
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	found := false
	for d.More() {
		name, err := d.Token()
		if name == "table" {
			return false
		}
		found = found || name == "wall" || name == "items"
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			break
		}
	}
	return found
}
