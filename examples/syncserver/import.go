package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// importRows brings the rows on the standard input over, as a run of an import.
func importRows(ctx context.Context, s settings) error {
	table, name := s.words[0], s.words[1]
	rows, err := readRows(os.Stdin, table)
	if err != nil {
		return fmt.Errorf("read the rows; none was stored: %w", err)
	}
	return onServer(ctx, s, func(srv *server.Server) error {
		done, err := srv.Import(ctx, s.workspace, server.Source{Name: name}, rows)
		if done.Run > 0 {
			printImported(done, name)
		}
		switch {
		case err != nil:
			return fmt.Errorf("import into %s; run the import again to complete it: %w", s.workspace, err)
		case len(done.Refused) > 0:
			return fmt.Errorf("%s refused, all others are stored", some(len(done.Refused), "row"))
		}
		return done.Err
	})
}

// maxRow is the maximum size of a row, in bytes.
const maxRow = 16 << 20

// readRows reads rows from JSON Lines: each line is an object of the columns of a row. The column "id" is the ID of
// its record, a text or an integer. A column that is null is the value null, and one that is absent is not written.
func readRows(in io.Reader, table string) (rows []imports.Row, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRow)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		row, err := readRow(lines.Bytes(), table)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("there are none")
	}
	return rows, nil
}

// readRow reads a row. Its errors contain no value.
func readRow(line []byte, table string) (row imports.Row, err error) {
	object, err := record.ParseValue(line) // refuses two columns with one name
	if err != nil {
		return row, err
	}
	var columns map[string]json.RawMessage
	if err := object.Decode(&columns); err != nil || columns == nil {
		return row, errors.New("not an object of columns")
	}
	row.Fields = make(map[string]record.Value, len(columns))
	for name, text := range columns {
		if row.Fields[name], err = record.ParseValue(text); err != nil {
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
	fmt.Printf("run %d of the import %s, with the client ID %s: %s read, %s changed", done.Run, name, done.ID, some(done.Rows, "row"), some(done.Changed, "record"))
	if done.Seq > 0 {
		fmt.Printf(", up to the sequence %d", done.Seq)
	}
	fmt.Println()
	if done.Opened > 0 {
		fmt.Println(some(done.Opened, "violation"), "opened")
	}
}
