package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// readRows reads the rows of a table from JSON Lines. The column id is the ID of the record, as text or as an integer. A
// record.Value keeps all digits of a 64-bit integer, and NULL is its null. With Exact, a number that would be rounded is
// an error; so are two columns with one name.
func readRows(in io.Reader, table string) (rows []imports.Row, err error) {
	decoder := record.Decoder{Limits: record.Limits{Exact: true}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20) // the maximum size of a row
	for lines.Scan() {
		var columns map[string]record.Value
		object, err := decoder.Value(lines.Bytes())
		if err == nil {
			err = object.Decode(&columns)
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", len(rows)+1, err)
		}
		id, ok := columns["id"].Text()
		if n, isInt := columns["id"].Int(); isInt {
			id, ok = fmt.Sprint(n), true
		}
		if !ok {
			return nil, fmt.Errorf("row %d has no id", len(rows)+1)
		}
		delete(columns, "id")
		rows = append(rows, imports.Row{Key: record.Key{Table: table, ID: id}, Fields: columns})
	}
	if err := lines.Err(); err != nil { // such as a row that is too long
		return nil, fmt.Errorf("row %d: %w", len(rows)+1, err)
	}
	return rows, nil
}

// Two rows of an older system come over. Then a person renames Ana, both names change in the older system, and the next run
// brings only Ben's name over.
func ExampleServer_Import() {
	ctx := context.Background()
	s, stop := serverOf(ctx, server.Options{})
	defer stop()
	run := func(text string) {
		rows, err := readRows(strings.NewReader(text), "people") // in a command: os.Stdin
		if err != nil {
			log.Fatal(err)
		}
		done, err := s.Import(ctx, "demo", server.Source{Name: "crm"}, rows)
		if err != nil {
			log.Fatal(err)
		}
		for _, r := range done.Refused {
			fmt.Println(r.Key, r.Refusal)
		}
		fmt.Printf("run %d: %d rows, %d changed\n", done.Run, done.Rows, done.Changed)
	}
	run(`{"id":1,"name":"Ana","phone":null,"points":9007199254740993}
		{"id":2,"name":"Ben","phone":"","points":0}`)
	ana := record.Key{Table: "people", ID: "1"}
	if _, err := s.Write(ctx, "demo", ana, func(e *record.Edit) error { e.Set("name", "Ana Lima"); return nil }); err != nil {
		log.Fatal(err)
	}
	run(`{"id":1,"name":"Anna","phone":null,"points":9007199254740993}
		{"id":2,"name":"Benjamin","phone":"","points":0}`)

	stored, err := s.Read(ctx, "demo", ana, record.Key{Table: "people", ID: "2"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored[0].Map())
	fmt.Println(stored[1].Map())
	// Output:
	// run 1: 2 rows, 2 changed
	// run 2: 2 rows, 1 changed
	// map[name:Ana Lima phone:<nil> points:9007199254740993]
	// map[name:Benjamin phone: points:0]
}
