package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
)

// side is one of two servers that are compared, with what was measured of it.
type side struct {
	name    string
	server  remote.Server
	devices []*device
	rates   []float64       // pushes a second, by round
	took    []time.Duration // by push
}

// compare measures the pushes of two servers that take turns: the program in the file earlier, and the
// present one. Each has a database of its own, with one workspace of r.tasks records. In each round,
// some clients push to the one server and then to the other, so what else the machine does slows
// both down.
func (r *run) compare(ctx context.Context, earlier, database, dir string) error {
	present, err := process.Build()
	if err != nil {
		return err
	}
	defer present.Remove()
	sides := [2]*side{{name: "earlier"}, {name: "present"}}
	for i, p := range []*process.Program{process.Existing(earlier), present} {
		name, drop, err := emptyDatabase(ctx, database, filepath.Join(dir, sides[i].name+".db"))
		if err != nil {
			return err
		}
		defer drop()
		running, err := p.Start(name, "-journal=false")
		if err != nil {
			return err
		}
		defer running.Kill()
		sides[i].server.URL = "http://" + running.Address
		if err := sides[i].join(ctx, max(r.clients, 1), r.tasks); err != nil {
			return err
		}
	}
	for _, clients := range []int{1, r.clients} {
		if err := r.takeTurns(ctx, sides, clients); err != nil {
			return err
		}
	}
	return nil
}

// takeTurns lets some clients of each side push in turns, and prints the figures.
func (r *run) takeTurns(ctx context.Context, sides [2]*side, clients int) error {
	for _, s := range sides {
		s.rates, s.took = nil, nil
	}
	for round := range 2 * r.rounds { // each side is the first in half of the rounds
		if err := sides[(round+round/2)%2].round(ctx, clients); err != nil {
			return err
		}
	}
	fmt.Printf("%d clients push single edits to one workspace of %d records, %d rounds of %v\n", clients, r.tasks, r.rounds, roundTime)
	for _, s := range sides {
		slices.Sort(s.rates)
		slices.Sort(s.took)
		fmt.Printf("    %s: %.0f pushes a second (%.0f–%.0f); a push took %.1f ms at the median, %.1f ms at the 99th percentile\n",
			s.name, s.rates[len(s.rates)/2], s.rates[0], s.rates[len(s.rates)-1], inMilliseconds(s.took[len(s.took)/2]), inMilliseconds(s.took[len(s.took)*99/100]))
	}
	median := func(s *side) float64 { return s.rates[len(s.rates)/2] }
	fmt.Printf("    ratio: %.2f\n", median(sides[1])/median(sides[0]))
	return nil
}

func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// emptyDatabase returns the name of an empty database: a schema of the PostgreSQL database with the given
// URL, or the given file. The function drops the schema.
func emptyDatabase(ctx context.Context, url, file string) (name string, drop func(), err error) {
	if !server.IsPostgres(url) {
		return file, func() {}, nil
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		return "", nil, err
	}
	schema := "load_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		db.Close()
		return "", nil, err
	}
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + "search_path=" + schema, func() {
		db.Exec("DROP SCHEMA " + schema + " CASCADE")
		db.Close()
	}, nil
}
