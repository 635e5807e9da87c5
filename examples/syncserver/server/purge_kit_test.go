package server

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

var seeds = flag.Int("seeds", 15, "the number of runs of servers that purge, at each level")

// purging is a pair that purges and erases, and that is restored from backups.
type purging struct {
	*pair
	t *testing.T
	o Options
}

// newPurging returns a function that creates purging pairs.
func newPurging(t *testing.T, name func(*testing.T) string, level int) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		p := purging{&pair{name: name(t), env: env}, t, Options{PurgeLevel: level, Erasures: filepath.Join(t.TempDir(), "erasures")}}
		return p, p.open(p.o)
	}
}

func (p purging) Restart() (mergetest.Backend, error) {
	p.Close()
	return p, p.open(p.o)
}

// Pull reads chunks of one record.
func (p purging) Pull(client clock.ClientID, text string) (lines []byte, next string, err error) {
	return p.pullBy(client, text, nil)
}

// pullBy pulls as a client of a version.
func (p purging) pullBy(client clock.ClientID, text string, version *lens.Lens) (lines []byte, next string, err error) {
	at, err := buckets.ParseCursor(text)
	if err != nil {
		return nil, "", err
	}
	m, err := p.servers[0].admitted(client)
	if err != nil {
		return nil, "", err
	}
	rest := Page{Sender: m, Cursor: at, Limit: 1, chunk: 1, old: version}
	parts, _, err := p.next().pullChunk(context.Background(), &rest)
	lines, _ = (*sealer)(nil).chunk(parts)
	p.env.Pause()
	return lines, rest.Cursor.String(), err
}

// Purge does what Retain does each day, but always takes a sample, and does not wait after a gap
// between samples.
func (p purging) Purge(retention time.Duration) (purged mergetest.Purged, err error) {
	ctx, s := context.Background(), p.next()
	err = s.maintain(ctx, "demo", func(tx *session) error {
		wall := p.env.Now()
		now := sample{at: wall.UnixNano(), greatest: greatest(wall)}
		all, err := tx.samples(ctx)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			now.at = max(now.at, all[0].at+1) // each sample has a time of its own
		}
		if all, err = tx.sample(ctx, all, now); err != nil {
			return err
		}
		tx.fence.level = max(tx.fence.level, s.options.PurgeLevel)
		return tx.raise(ctx, all, retention)
	})
	if err != nil {
		return purged, err
	}
	if err := s.sweep(ctx, "demo"); err != nil {
		return purged, err
	}
	err = s.maintain(ctx, "demo", func(tx *session) error {
		purged = mergetest.Purged{Sequence: tx.fence.seq, Fence: tx.fence.stamp, Level: tx.fence.level}
		found, err := tx.swept(ctx, `SELECT seq, tbl, id, data, bucket FROM records WHERE workspace = 'demo' AND seq <= $1`, tx.fence.seq)
		for _, f := range found {
			purged.Records = append(purged.Records, f.Record)
		}
		return err
	})
	return purged, err
}

// Erase returns the stamp that the server has remembered, also if the kit repeats an erasure: Restored
// has repeated it already.
func (p purging) Erase(key record.Key, at clock.Stamp) (clock.Stamp, error) {
	if at.Time == 0 {
		if _, err := p.next().Erase(context.Background(), "demo", key); err != nil {
			return at, err
		}
	}
	all, err := readErasures(p.o.Erasures)
	return all["demo"][key], err
}

// Backup copies all tables within the database, as an operator copies the database elsewhere.
func (p purging) Backup() (restore func() (mergetest.Backend, error), err error) {
	c := calendar{Server: p.next(), t: p.t}
	for _, table := range c.tables() {
		if strings.HasPrefix(table, "old_") {
			c.exec(`DROP TABLE ` + table)
		}
	}
	c.backUp()
	return func() (mergetest.Backend, error) {
		c := calendar{Server: p.next(), t: p.t}
		c.restore()
		c.backUp()
		if _, err := p.Restart(); err != nil {
			return nil, err
		}
		_, _, err := p.next().Restored(context.Background())
		return p, err
	}, nil
}

// chunked adapts the client of this example to a server whose pulls end in trailers.
type chunked struct{ own }

func (c chunked) Pulled(lines []byte, _ string) error { return c.Replica.Pulled(c.pull, lines) }

// purgingOptions are the options of runs in which every other device is the client of this example.
func purgingOptions(t *testing.T) mergetest.Options {
	return mergetest.Options{
		Seeds: *seeds, Table: board.Tasks, IDs: []string{"a", "b", "c"},
		Fields: map[string][]string{
			board.Title:  {`""`, "null", `"x"`},
			board.Status: {`"todo"`, `"done"`},
			"points":     {`"9"`, `"10"`},
		},
		OnlyFields: true,
		Refused:    map[merge.Code]map[string]string{board.TitleTooLong: {board.Title: `"` + strings.Repeat("x", board.MaxTitle+1) + `"`}},
		NewClient: func(id clock.ClientID, wall func() time.Time) mergetest.Client {
			r, err := replica.Open(replica.Options{ID: id, Wall: wall})
			require.NoError(t, err)
			return chunked{own{r, new(replica.Pull)}}
		},
	}
}

// TestPurgingServersPassTheConvergenceKit lets simulated devices work with two servers that purge and
// erase.
func TestPurgingServersPassTheConvergenceKit(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		o := purgingOptions(t)
		if testing.Short() || strings.HasSuffix(t.Name(), "PostgreSQL") {
			o.Seeds = min(o.Seeds, 3)
		}
		for level := 1; level <= 2; level++ {
			t.Run(fmt.Sprintf("level %d", level), func(t *testing.T) {
				mergetest.Run(t, newPurging(t, name, level), o)
			})
		}
	})
}
