package server

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// noted puts a task in the buckets that its notes name; a dash names the bucket "".
func noted(r record.Record) []string {
	w, _ := r.Get(board.Notes)
	text, _ := w.Value.Text()
	in := strings.Fields(text)
	for i := range in {
		in[i] = strings.TrimPrefix(in[i], "-")
	}
	return in
}

// divided makes a calendar divide its records.
func (c *calendar) divided(f func(record.Record) []string) {
	c.t.Helper()
	c.options.Buckets = f
	c.division, c.options.Rules = divisionOf(c.options), placing(c.options)
	c.readings = c.database.readings(f != nil, c.options.LostEdits)
	require.NoError(c.t, c.divide(context.Background()))
}

// place is a row of a bucket.
type place struct {
	bucket string
	key    record.Key
}

// places returns the sequences of all rows.
func (c *calendar) places() map[place]int64 {
	c.t.Helper()
	rows, err := c.database.db.Query(`
		SELECT bucket, tbl, id, seq FROM records WHERE workspace = 'demo' AND bucket IS NOT NULL
		UNION ALL SELECT bucket, tbl, id, seq FROM log WHERE workspace = 'demo'`)
	require.NoError(c.t, err)
	defer rows.Close()
	all := make(map[place]int64)
	for rows.Next() {
		var p place
		var seq int64
		require.NoError(c.t, rows.Scan(&p.bucket, &p.key.Table, &p.key.ID, &seq))
		require.NotContains(c.t, all, p, "a record is filed twice under a bucket")
		all[p] = seq
	}
	require.NoError(c.t, rows.Err())
	return all
}

// TestRowsAreThoseOfTheProtocol compares the rows of all buckets with a plain log, over random histories of
// records that move between buckets, are deleted, die, live again and are erased. A row of the log may
// be missing only if it counts as a departure and is not above the fence. After a sweep, such a row is
// missing, unless it is the row of a record that is stored.
func TestRowsAreThoseOfTheProtocol(t *testing.T) {
	ctx := context.Background()
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			for seed := range uint64(6) {
				random := rand.New(rand.NewPCG(seed, uint64(level)))
				s := openCalendar(t, name(t))
				s.options.PurgeLevel, s.options.Retention = level, 3*sampleEvery
				s.options.Erasures = filepath.Join(t.TempDir(), "erasures")
				s.divided(noted)
				ana := &client{t: t, ID: clock.ClientID{7}}
				log := make(map[place]int64)
				before := s.normals()
				var late []record.Mutation
				for step := range 60 {
					s.wall = s.wall.Add(time.Duration(1+random.IntN(1000)) * time.Millisecond)
					key := task(string(rune('a' + random.IntN(3)))).Key()
					shown := before[key]
					if shown.Len() == 0 || merge.Purge(shown, s.fenced().stamp, 2).Len() == 0 {
						shown = record.New(key)
					}
					fences := s.fenced()
					switch n := random.IntN(12); {
					case n < 6:
						m := s.edit(ana, shown, func(e *record.Edit) {
							switch random.IntN(5) {
							case 0:
								if shown.Len() > 0 && !shown.Deleted() {
									e.DeleteRecord()
									return
								}
								fallthrough
							case 1:
								e.Set(board.Title, fmt.Sprint(step))
							default:
								var in []string
								for _, b := range []string{"a", "b", "-"} {
									if random.IntN(2) == 0 {
										in = append(in, b)
									}
								}
								e.Set(board.Notes, strings.Join(in, " "))
							}
						})
						if random.IntN(4) == 0 {
							late = append(late, m)
						} else {
							s.store(m)
						}
					case n < 8 && len(late) > 0:
						s.store(late[random.IntN(len(late))])
					case n == 8 && s.fenced().stamp > 0:
						_, err := s.Erase(ctx, "demo", key)
						require.NoError(t, err)
					default:
						s.pass(1 + random.IntN(2))
					}
					// What happened is told by the stored records and their sequences.
					after, seqs, f := s.normals(), s.sequences(), s.fenced()
					for _, key := range slices.SortedFunc(maps.Keys(seqs), record.Key.Compare) {
						was := s.division.of.Of(before[key], fences.stamp)
						is := s.division.of.Of(after[key], f.stamp)
						for _, b := range is {
							log[place{b, key}] = seqs[key]
						}
						for _, b := range was {
							// A record that dies leaves with the sequence that it has.
							if !slices.Contains(is, b) {
								log[place{b, key}] = seqs[key]
							}
						}
					}
					before = after
					have := s.places()
					for p, seq := range log {
						gone := !slices.Contains(s.division.of.Of(after[p.key], f.stamp), p.bucket)
						if at, ok := have[p]; ok || !gone || seq > f.seq {
							require.True(t, ok, "seed %d, step %d: the row %v with the sequence %d is missing", seed, step, p, seq)
							require.Equal(t, seq, at, "seed %d, step %d: %v", seed, step, p)
						}
						delete(have, p)
					}
					require.Empty(t, have, "seed %d, step %d: rows that the protocol does not have", seed, step)
					requireCounted(t, s.database)
				}
				s.pass(4)
				have, seqs := s.places(), s.sequences()
				for p, seq := range have {
					gone := !slices.Contains(s.division.of.Of(s.normals()[p.key], s.fenced().stamp), p.bucket)
					require.False(t, gone && seq <= s.fenced().seq && seq != seqs[p.key], "seed %d: a sweep left %v", seed, p)
				}
			}
		})
	}
}

// sequences returns the sequences of all records.
func (c *calendar) sequences() map[record.Key]int64 {
	c.t.Helper()
	rows, err := c.database.db.Query(`SELECT tbl, id, seq FROM records WHERE workspace = 'demo'`)
	require.NoError(c.t, err)
	defer rows.Close()
	all := make(map[record.Key]int64)
	for rows.Next() {
		var key record.Key
		var seq int64
		require.NoError(c.t, rows.Scan(&key.Table, &key.ID, &seq))
		all[key] = seq
	}
	require.NoError(c.t, rows.Err())
	return all
}
