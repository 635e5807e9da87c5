package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// The days of a simulated year. Nothing is purged on the first days, so they show by how much the
// storage grows each day.
const (
	yearDays  = 365
	retention = 90            // the default of Options.Retention
	kept      = retention + 2 // a deletion is below the fence, which rises daily, within this number of days
	firstDay  = 60            // of the days that are measured before anything is purged
)

// years simulates a year of a team three times: without a retention, and at both levels of purging.
// It returns an error if the storage is larger at the end of a year than a retention allows.
func years(ctx context.Context, dir string) error {
	fmt.Printf("a year of a team that creates %d tasks a day, edits and deletes them, and books rooms, in virtual time\n", tasksADay)
	for level, perDeleted := range []int64{-1, 200, 0} {
		y, err := startYear(ctx, filepath.Join(dir, fmt.Sprintf("year%d.db", level)), level)
		if err != nil {
			return err
		}
		err = y.run(ctx, perDeleted)
		y.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// year is a simulated year of a server with a virtual wall clock.
type year struct {
	*team
	server   *server.Server
	database *sql.DB
	name     string // of the database file
	level    int    // the level of purging; 0 without a retention
	stop     func()
}

// startYear starts a server on a new SQLite file, and a team that works with it.
func startYear(ctx context.Context, name string, level int) (*year, error) {
	d, err := server.OpenDatabase(ctx, name)
	if err != nil {
		return nil, err
	}
	y := &year{name: name, level: level, team: newTeam()}
	options := server.Options{
		Guard: board.Guard(), Rules: board.Rules(), TableMaxRecord: board.MaxRecords(), Open: "demo", Journal: true,
		PurgeLevel: max(level, 1), Now: y.now, Log: slog.New(slog.DiscardHandler),
	}
	if level == 0 {
		options.Retention = -1
	}
	if y.server, err = server.New(ctx, d, options); err != nil {
		d.Close()
		return nil, err
	}
	if y.database, err = sql.Open("sqlite", name); err != nil {
		d.Close()
		return nil, err
	}
	h := httptest.NewServer(y.server.Handler())
	y.stop = func() {
		h.Close()
		y.database.Close()
		d.Close()
	}
	if err := y.join(ctx, h.URL); err != nil {
		y.stop()
		return nil, err
	}
	return y, nil
}

// run lets the year pass, and prints the storage at its end.
func (y *year) run(ctx context.Context, perDeleted int64) error {
	var first, last, end stored
	for day := range yearDays {
		if err := y.work(ctx, day); err != nil {
			return fmt.Errorf("day %d: %w", day, err)
		}
		y.pass()
		if err := y.server.Retain(ctx); err != nil {
			return err
		}
		var err error
		switch day {
		case firstDay:
			first, err = y.measure(ctx)
		case retention - 1:
			last, err = y.measure(ctx)
		case yearDays - 1:
			end, err = y.measure(ctx)
		}
		if err != nil {
			return err
		}
	}
	return y.report(end, (last.dead()-first.dead())/(retention-1-firstDay), perDeleted)
}

// report prints the storage at the end of the year. The arguments are the storage; the bytes,
// without the live data, by which it grew each day while nothing was purged; and the bytes that may
// be kept of each deleted record. If the last argument is negative, there is no retention.
func (y *year) report(end stored, daily, perDeleted int64) error {
	what := fmt.Sprintf("level %d", y.level)
	if y.level == 0 {
		what = "no retention"
	}
	fmt.Printf("%s: %d bytes of records and %d of the journal; %d are live data, and %d records were deleted\n",
		what, end.records, end.journal, end.live, y.deleted)
	if perDeleted < 0 {
		return nil
	}
	limit := end.live + kept*daily + perDeleted*int64(y.deleted)
	fmt.Printf("    allowed: %d bytes of live data + %d days of %d bytes + %d bytes for each deleted record = %d\n",
		end.live, kept, daily, perDeleted, limit)
	if all := end.records + end.journal; all > limit {
		return fmt.Errorf("%s: %d bytes are stored, more than the %d that are allowed", what, all, limit)
	}
	return nil
}

// stored is what a workspace stores, in bytes.
type stored struct {
	records int64 // all records, with their keys
	journal int64 // compressed
	live    int64 // the part of the records that clients show
}

// dead returns the size of what is stored besides the live data.
func (s stored) dead() int64 { return s.records + s.journal - s.live }

// measure measures what the server stores.
func (y *year) measure(ctx context.Context) (s stored, err error) {
	err = y.database.QueryRowContext(ctx, `
		SELECT (SELECT sum(octet_length(tbl) + octet_length(id) + octet_length(data)) FROM records),
			(SELECT coalesce(sum(octet_length(line)), 0) FROM journal) + (SELECT coalesce(sum(octet_length(data)), 0) FROM segments)`).Scan(&s.records, &s.journal)
	if err != nil {
		return s, err
	}
	s.live, err = y.live(ctx)
	return s, err
}
