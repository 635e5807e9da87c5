package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// importRows brings the rows on the standard input over, as a run of an import.
func importRows(ctx context.Context, s settings) error {
	table, name := s.words[0], s.words[1]
	input, err := readRows(os.Stdin, table)
	if err != nil {
		return fmt.Errorf("read the rows: none was stored: %w", err)
	}
	return onWorkspace(ctx, s, func(srv *server.Server) error {
		done, err := srv.Import(ctx, s.workspace, server.Source{Name: name}, input.rows)
		if done.Run > 0 {
			printImported(done, name)
		}
		switch {
		case err != nil:
			return fmt.Errorf("import into %s: %w", s.workspace, explained(err, done.Run, input))
		case len(done.Refused) > 0:
			return fmt.Errorf("%s refused, all others are stored", some(len(done.Refused), "row"))
		}
		return done.Err
	})
}

// maxRow is the maximum size of a row, in bytes.
const maxRow = 16 << 20

// input holds the rows of a run.
type input struct {
	rows  []imports.Row
	lines []int // the number of the line of each row, from 1; empty lines count
}

// readRows reads rows from JSON Lines: each line is an object of the columns of a row. The column "id" is the ID of
// its record, a text or an integer. A column that is null is the value null, and one that is absent is not written. A
// number that would be rounded is an error.
func readRows(in io.Reader, table string) (all input, err error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxRow)
	n := 1
	for ; scanner.Scan(); n++ {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		row, err := readRow(scanner.Bytes(), table)
		if err != nil {
			return input{}, fmt.Errorf("line %d: %w", n, err)
		}
		all.rows, all.lines = append(all.rows, row), append(all.lines, n)
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return input{}, fmt.Errorf("line %d: it has more than %d bytes", n, maxRow)
	case err != nil:
		return input{}, err
	case len(all.rows) == 0:
		return input{}, errors.New("there are none")
	}
	return all, nil
}

// explained returns the error of a run with what to do about it. The number of the run is zero if nothing was stored.
func explained(err error, run int64, in input) error {
	switch {
	case errors.Is(err, imports.ErrRun):
		return errors.New("another run of this import has started; it stores its own rows, so let it finish")
	case run == 0:
		return fmt.Errorf("none was stored: %w", in.ofLine(err))
	}
	return fmt.Errorf("some rows may be stored; run the import again to complete it: %w", err)
}

// ofLine returns an error about a row as an error about its line. Other errors stay as they are.
func (in input) ofLine(err error) error {
	var e *record.Error
	var at int
	if !errors.As(err, &e) {
		return err
	}
	if _, other := fmt.Sscanf(e.Path, "[%d]", &at); other != nil || at >= len(in.rows) {
		return err
	}
	if errors.Is(err, imports.ErrDuplicate) {
		first := slices.IndexFunc(in.rows, func(r imports.Row) bool { return r.Key == in.rows[at].Key })
		return fmt.Errorf("line %d: it has the ID of line %d", in.lines[at], in.lines[first])
	}
	_, path, _ := strings.Cut(e.Path, "].")
	return fmt.Errorf("line %d: %s: %w", in.lines[at], path, e.Err)
}

// readRow reads a row. Its errors contain no value.
func readRow(line []byte, table string) (row imports.Row, err error) {
	decoder := record.Decoder{Limits: record.Limits{Value: maxRow, Exact: true}}
	object, err := decoder.Value(line) // refuses two columns with one name
	if err != nil {
		return row, inColumn(line, err)
	}
	var columns map[string]json.RawMessage
	if err := object.Decode(&columns); err != nil || columns == nil {
		return row, errors.New("not an object of columns")
	}
	row.Fields = make(map[string]record.Value, len(columns))
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		if row.Fields[name], err = record.ParseValue(columns[name]); err != nil {
			return row, fmt.Errorf("the column %q: %w", name, err)
		}
	}
	id, ok := row.Fields["id"].Text()
	if n, isInt := row.Fields["id"].Int(); isInt {
		id, ok = fmt.Sprint(n), true
	}
	if !ok {
		return row, errors.New(`the column "id" is not a text or an integer: select it, and give it this name with AS`)
	}
	delete(row.Fields, "id")
	row.Key = record.Key{Table: table, ID: id}
	return row, nil
}

// inColumn returns an error about a line with the name of the column in which it was detected, if there is one.
func inColumn(line []byte, err error) error {
	var e *record.Error
	if !errors.As(err, &e) {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	if begin, other := d.Token(); other != nil || begin != json.Delim('{') {
		return err
	}
	twice := errors.Is(err, record.ErrDuplicate) // which is detected at the end of the object
	for names := make(map[json.Token]bool); d.More(); {
		name, other := d.Token()
		if other != nil {
			return err
		}
		var value json.RawMessage
		if d.Decode(&value) != nil || d.InputOffset() >= int64(e.Offset) || twice && names[name] {
			return fmt.Errorf("the column %q: %w", name, err)
		}
		names[name] = true
	}
	return err
}

// maxRefused is how many refused rows are printed.
const maxRefused = 20

// printImported prints what a run did, without values.
func printImported(done server.Imported, name string) {
	for i, r := range done.Refused {
		if i == maxRefused {
			fmt.Printf("and %s more\n", some(len(done.Refused)-i, "row"))
			break
		}
		fmt.Printf("%s: %v\n", r.Key, r.Refusal)
	}
	if done.Run == 1 {
		fmt.Printf("%s is a new import\n", name)
	}
	fmt.Printf("run %d of the import %s, with the client ID %s: %s read, %s changed", done.Run, name, done.ID, some(done.Rows, "row"), some(done.Changed, "record"))
	if done.Seq > 0 {
		fmt.Printf(", up to the sequence %d", done.Seq)
	}
	fmt.Println()
	if done.Opened > 0 {
		fmt.Println(some(done.Opened, "violation"), "opened")
	}
}
