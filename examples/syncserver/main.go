// Command syncserver is a sync server to use as a starting point. It also serves a web page with
// two replicas, which sync with the server. Each replica is the JavaScript client of examples/client or, if a person
// chooses it, the replica in Go, compiled to WebAssembly.
//
//	go run -v .
//
// The first build takes a minute or two. With -v, the go command prints the name of each package that it
// has compiled. The server stores records in SQLite, in the file syncserver.db, or in PostgreSQL. Any number of
// processes may share one database:
//
//	go run . -db postgres://user:password@localhost/name
//
// To build an app, copy the packages server and replica. The replica is the client in Go; it runs
// natively and in the page. Replace the folder app, which holds the page and, in the package
// board, the tables and rules of the app. The folder testbed contains helpers for tests, and the
// command load, which measures the server and the page.
//
// When a person chooses the replica in Go for the first time, the server builds it, which needs the
// go command. To build a single binary that needs nothing else:
//
//	go generate ./app/page && go build
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/examples/syncserver/listen"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/record"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	s, err := parse(os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = s.command.run(ctx, s)
	}
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "syncserver:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

// open opens the database, and returns it with a server on it. Only the server itself creates a
// database file; the commands require that the file exists.
func open(ctx context.Context, s settings) (*server.Database, *server.Server, error) {
	if s.command.name != "" && !server.IsPostgres(s.database) {
		if _, err := os.Stat(s.database); err != nil {
			return nil, nil, fmt.Errorf("the database %s does not exist: start the server first, or name another database with -db", s.database)
		}
	}
	database, err := server.OpenDatabase(ctx, s.database)
	if err != nil {
		return nil, nil, err
	}
	retention := time.Duration(s.retention.value) * 24 * time.Hour
	if retention == 0 {
		retention = -1
	}
	o := boardserver.Options()
	o.Open, o.Journal, o.Origins = s.open, s.journal, list(s.origins)
	o.Retention, o.PurgeLevel, o.Erasures = retention, s.level.value, s.erasures
	o.Log = newLog(os.Stderr, s.verbose)
	if (s.command.name == "set" || s.command.name == "import") && !s.verbose {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})) // the command prints what it did
	}
	srv, err := server.New(ctx, database, o)
	if err != nil {
		database.Close()
		return nil, nil, err
	}
	return database, srv, nil
}

// journal prints the journal of a workspace.
func journal(ctx context.Context, s settings) error {
	database, _, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	if err = database.Journal(ctx, os.Stdout, s.workspace); errors.Is(err, server.ErrEmpty) {
		return fmt.Errorf("workspace %s has no journal: check the name, and whether its server runs with -journal=false", s.workspace)
	}
	return err
}

// audit derives all violations of a workspace again.
func audit(ctx context.Context, s settings) error {
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	report, err := srv.Audit(ctx, s.workspace)
	if err != nil {
		return fmt.Errorf("audit %s: %w", s.workspace, err)
	}
	fmt.Printf("open: %s; changed: %s\n", some(report.Open, "violation"), some(len(report.Updates), "row"))
	return report.Err
}

// repair restamps the stored writes that are too far ahead.
func repair(ctx context.Context, s settings) error {
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	done, err := srv.Repair(ctx, s.workspace, server.RepairOptions{Log: os.Stdout, Dry: s.dry})
	if err != nil {
		return fmt.Errorf("repair %s: %w", s.workspace, err)
	}
	verb := "were"
	if s.dry {
		verb = "would be"
	}
	fmt.Printf("%d writes of %d records %s restamped, and %d watermarks lowered\n", done.Writes, done.Records, verb, done.Marks)
	if done.Samples > 0 {
		fmt.Printf("%d samples with a time in the future %s dropped, so that the fence can rise again\n", done.Samples, verb)
	}
	return nil
}

// restored repeats the erasures and gives each workspace a new epoch, after the database was restored
// from a backup.
func restored(ctx context.Context, s settings) error {
	_, missing := os.Stat(s.erasures)
	if missing != nil && s.named {
		return fmt.Errorf("the file of -erasures cannot be read, and nothing was changed: %w", missing)
	}
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	n, erased, err := srv.Restored(ctx)
	if err != nil {
		return err
	}
	switch {
	case s.erasures == "":
		fmt.Println("warning: nothing was erased again, because PostgreSQL needs the flag -erasures: if records were erased, run the command again with the file that remembers them")
	case missing != nil:
		fmt.Printf("nothing was erased again, because no file %s remembers erasures: if records were erased, name their file with -erasures and run the command again\n", s.erasures)
	default:
		// Rewrite even if nothing was erased now: an earlier run of the command may have been
		// killed before it rewrote the files.
		if err := database.Rewrite(ctx); err != nil {
			return err
		}
		fmt.Println(count(erased), "were erased again")
	}
	fmt.Printf("new epoch: %s, whose clients pull everything again\n", some(n, "workspace"))
	return nil
}

// erase erases records, and rewrites the files of the database.
func erase(ctx context.Context, s settings) error {
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	keys := make([]record.Key, len(s.words)-1)
	for i, id := range s.words[1:] {
		keys[i] = record.Key{Table: s.words[0], ID: id}
	}
	erased, err := srv.Erase(ctx, s.workspace, keys...)
	if err != nil {
		return fmt.Errorf("erase records of %s: %w", s.workspace, err)
	}
	if err := database.Rewrite(ctx); err != nil {
		return fmt.Errorf("the records are erased, but the files may still contain their values, so run the command again: %w", err)
	}
	for _, key := range keys {
		fmt.Printf("%s: %s\n", key, outcome(erased, key))
	}
	fmt.Printf("%s were erased; keep the file %s apart from the backups of the database\n", count(erased), s.erasures)
	return nil
}

// outcome describes what erasing one record has done.
func outcome(e server.Erased, key record.Key) string {
	switch {
	case slices.Contains(e.Unknown, key):
		return "not stored: check the table and the ID; from now on items with this ID are refused"
	case slices.Contains(e.Earlier, key):
		return "already erased; the files were rewritten"
	}
	return "erased"
}

// count describes what was erased.
func count(e server.Erased) string {
	return fmt.Sprintf("%s, %s and %s", some(e.Records, "record"), some(e.Rows, "violation row"), some(e.Lines, "journal line"))
}

// some returns a number of things in words.
func some(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprint(n, " ", thing)
}

// invite prints an invitation link to a workspace.
func invite(ctx context.Context, s settings) error {
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	invitation, err := srv.Invitation(s.workspace)
	if len(s.words) > 0 {
		invitation, err = srv.InvitationFor(s.workspace, s.words[0])
	}
	if err != nil {
		return err
	}
	all := listen.Links(s.address)
	fmt.Printf("%s/?workspace=%s#invite=%s\n", all[len(all)-1], s.workspace, invitation)
	return nil
}
