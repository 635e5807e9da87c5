package server_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// serverOf returns a server with a new database. A job that is a process of its own opens the database and calls New with
// the options of the other processes.
func serverOf(ctx context.Context, o server.Options) (s *server.Server, stop func()) {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	database, err := server.OpenDatabase(ctx, filepath.Join(directory, "app.db"))
	if err != nil {
		log.Fatal(err)
	}
	o.Log = slog.New(slog.DiscardHandler)
	if s, err = server.New(ctx, database, o); err != nil {
		log.Fatal(err)
	}
	return s, func() {
		database.Close()
		os.RemoveAll(directory)
	}
}

// guard refuses a phone number that is not a text.
func guard(_ clock.ClientID, m record.Mutation) error {
	if phone, ok := m.Data.Get("phone"); ok && !phone.Deleted() && phone.Value.Kind() != record.KindString {
		return &merge.Refusal{Code: "not_a_text", Path: "data.phone"}
	}
	return nil
}

// A nightly job gives two people one phone number: the write is stored, and the rule opens a violation. Then it writes a
// value that the guard refuses, and nothing is stored.
func ExampleServer_WriteAll() {
	ctx := context.Background()
	s, stop := serverOf(ctx, server.Options{
		Guard: guard,
		Rules: &violation.Checker{Rules: map[string]violation.Rule{
			"phone": violation.Unique{Table: "people", Fields: []string{"phone"}},
		}},
	})
	defer stop()
	people := []record.Key{{Table: "people", ID: "1"}, {Table: "people", ID: "2"}}

	done, err := s.WriteAll(ctx, "demo", people, func(edits []*record.Edit) error {
		for _, e := range edits {
			e.Set("phone", "0042")
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if done.Report.Err != nil {
		fmt.Println("a rule failed:", done.Report.Err) // the write is stored
	}
	for _, u := range done.Report.Updates {
		v, err := violation.Parse(u.After)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(v.Record(), v.Type, v.Status)
	}

	_, err = s.WriteAll(ctx, "demo", people, func(edits []*record.Edit) error {
		edits[0].Set("phone", "0043")
		edits[1].Set("phone", 44)
		return nil
	})
	if refusal := (*merge.Refusal)(nil); errors.As(err, &refusal) {
		fmt.Println("refused:", refusal.Code, "at", refusal.Path)
	}
	// Output:
	// people/2 duplicate_value open
	// refused: not_a_text at data.phone
}
