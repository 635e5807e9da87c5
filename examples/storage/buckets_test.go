package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dividedServer divides a server by project, and gives Ana and Ben buckets.
func dividedServer(t *testing.T, s *server) *server {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, s.divide(ctx, &division{byProject, logOf(t)}))
	for _, bucket := range []string{"", "project/a"} {
		require.NoError(t, s.grant(ctx, ana, bucket))
	}
	require.NoError(t, s.grant(ctx, ben, ""))
	return s
}

// inProject returns a task in a project.
func inProject(t *testing.T, id, project string, stamp clock.Stamp) record.Record {
	t.Helper()
	m, err := record.New(task(id)).Edit(stamp).Set("project", project).Mutation()
	require.NoError(t, err)
	return m.Data
}

// memberOf returns a client that has pulled nothing.
func memberOf(id clock.ClientID) *member { return &member{device: &device{id: id}} }

// requireHolds lets a client pull, and requires the IDs of what it then holds.
func requireHolds(t *testing.T, s *server, m *member, ids ...string) {
	t.Helper()
	require.NoError(t, m.pull(context.Background(), s))
	require.Equal(t, ids, m.ids())
}

// TestStoredRecordsAreDivided: records that were stored before the server divided them are
// filed once, and a restart files nothing.
func TestStoredRecordsAreDivided(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		push(t, s, titled(t, "x", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		push(t, s, inProject(t, "y", "a", clock.Stamp{Time: at(0), Client: ana}))
		dividedServer(t, s)
		phone, tablet := memberOf(ana), memberOf(ben)
		requireHolds(t, s, phone, "x", "y")
		requireHolds(t, s, tablet, "x")
		before := phone.cursor
		require.NoError(t, s.divide(context.Background(), s.division))
		requireHolds(t, s, phone, "x", "y")
		require.Equal(t, before, phone.cursor)
	})
}

// TestRecordLeavesWithoutDelete: a client that loses a record by a move forgets it, and gets
// it again with the bucket to which it moved.
func TestRecordLeavesWithoutDelete(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		dividedServer(t, s)
		tablet := memberOf(ben)
		push(t, s, titled(t, "x", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		requireHolds(t, s, tablet, "x")
		push(t, s, inProject(t, "x", "a", clock.Stamp{Time: at(1), Client: ana}))
		requireHolds(t, s, tablet)
		require.NoError(t, s.grant(context.Background(), ben, "project/a"))
		requireHolds(t, s, tablet, "x")
	})
}

// TestRightsAreReadInsideTheLock: a push that waits while its client loses a bucket is judged
// without the bucket.
func TestRightsAreReadInsideTheLock(t *testing.T) {
	for _, l := range postgresLayouts() {
		t.Run("PostgreSQL/"+l.name, func(t *testing.T) {
			s := dividedServer(t, serverOn(t, postgres(t), l))
			tx := begin(t, s.db)
			_, err := lockMark(context.Background(), tx, ana)
			require.NoError(t, err)
			_, err = tx.Exec(`DELETE FROM members WHERE client = $1`, ana)
			require.NoError(t, err)
			answers := make(chan []byte, 1)
			go func() {
				answer, _ := s.push(context.Background(), ana, batchOf(titled(t, "x", "Paint", clock.Stamp{Time: at(0), Client: ana})))
				answers <- answer
			}()
			waitFor(func() bool { return len(answers) > 0 || waitsForMark(t, s.db) })
			require.NoError(t, tx.Commit())
			require.Contains(t, string(<-answers), "forbidden")
		})
	}
}

// waitsForMark reports whether a transaction waits for the watermark of a client.
func waitsForMark(t *testing.T, db *sql.DB) (blocked bool) {
	t.Helper()
	require.NoError(t, db.QueryRow(`SELECT EXISTS (
		SELECT 1 FROM pg_stat_activity WHERE query LIKE '%INTO marks%' AND cardinality(pg_blocking_pids(pid)) > 0
	)`).Scan(&blocked))
	return blocked
}

// TestRevocationWaitsForPush: when a revocation has returned, no push of the client that was
// judged by the old rights is still running.
func TestRevocationWaitsForPush(t *testing.T) {
	t.Run("PostgreSQL", func(t *testing.T) {
		s := dividedServer(t, serverOn(t, postgres(t), documents(documentsPostgres())))
		push := begin(t, s.db)
		_, err := lockMark(context.Background(), push, ben)
		require.NoError(t, err)
		revoked := make(chan error, 1)
		go func() { revoked <- s.revoke(context.Background(), ben, "") }()
		waitFor(func() bool { return len(revoked) > 0 || waitsForMark(t, s.db) })
		require.Empty(t, revoked)
		require.NoError(t, push.Commit())
		require.NoError(t, <-revoked)
	})
}

// TestChunkIsOneSnapshot: while a chunk is read, the client loses a bucket, and a record gets a
// value that it may not read. The chunk has the rights and the record as they were.
func TestChunkIsOneSnapshot(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		dividedServer(t, s)
		push(t, s, titled(t, "x", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		ctx := context.Background()
		var c chunk
		require.NoError(t, s.inSnapshot(ctx, func(tx *sql.Tx) error {
			now, err := snapshotOf(ctx, tx, ben)
			require.NoError(t, err)
			require.NoError(t, s.revoke(ctx, ben, ""))
			push(t, s, titled(t, "x", "Secret", clock.Stamp{Time: at(1), Client: ana}))
			c, err = s.chunk(ctx, tx, reading{now, buckets.Cursor{}, 10})
			return err
		}))
		require.Contains(t, string(c.lines), "Paint")
		require.NotContains(t, string(c.lines), "Secret")
		tablet := memberOf(ben)
		require.NoError(t, tablet.take(c))
		requireHolds(t, s, tablet)
	})
}

// TestChunkEndsWhereABucketEnds: a chunk of 20 records reads the first 10 rows of each of two
// buckets. It does not skip the other rows of the bucket with the lower sequences.
func TestChunkEndsWhereABucketEnds(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		dividedServer(t, s)
		var records []record.Record
		for i := range 60 {
			project := []string{"", "a"}[i/30]
			records = append(records, inProject(t, fmt.Sprint("x", i+100), project, clock.Stamp{Time: at(0), Client: ana}))
		}
		_, err := s.push(context.Background(), ana, batchOf(records...))
		require.NoError(t, err)
		phone := memberOf(ana)
		for range 10 {
			c, err := s.pullBuckets(context.Background(), position{ana, phone.cursor, 20})
			require.NoError(t, err)
			require.NoError(t, phone.take(c))
		}
		require.Len(t, phone.ids(), 60)
	})
}

// TestPullReadsOnlyItsBuckets: a pull looks up each of 1,000 buckets in an index, among 2,001
// buckets with 200,000 rows, and reads only the rows that it needs. It reads only the beginning
// of a large bucket.
func TestPullReadsOnlyItsBuckets(t *testing.T) {
	if testing.Short() {
		t.Skip("fills large tables")
	}
	onEachDatabase(t, func(t *testing.T, db *sql.DB) {
		statements := logOf(t)
		fill(t, db, statements.schema)
		wants := map[string][]wantedRow{"large": {{"large", 0}}}
		for n := range 1000 {
			bucket := fmt.Sprint("b", n)
			wants["idle"] = append(wants["idle"], wantedRow{bucket, 200_000})
			wants["15 rows"] = append(wants["15 rows"], wantedRow{bucket, 98_985})
		}
		for _, analyze := range []string{"", "ANALYZE"} {
			exec(t, db, analyze)
			for name, wanted := range wants {
				list, err := json.Marshal(wanted)
				require.NoError(t, err)
				for _, scan := range scans(t, db, statements.next, []any{string(list), 10}) {
					if !strings.HasPrefix(scan, "Function Scan") { // of the list
						t.Errorf("%s %s: %s", analyze, name, scan)
					}
				}
			}
		}
	})
}

// byBooking puts each booking in a bucket of its own, and a violation row in the buckets of the records
// that it is about.
func byBooking(r record.Record) []string {
	if r.Key().Table != violation.DefaultTable {
		return []string{"own/" + r.Key().ID}
	}
	row, err := violation.Parse(r)
	if err != nil {
		return nil
	}
	return row.Buckets
}

// TestConcurrentWritersSeeTheirRows: two clients book a room at the same time in a server that both divides
// its records and flags violations. Each client holds the row about its own booking, and no other. When one
// booking is cancelled, no open row is left.
func TestConcurrentWritersSeeTheirRows(t *testing.T) {
	onEachFlagging(t, func(t *testing.T, open flaggingServer) {
		rules := bookingRules()
		rules.Buckets = byBooking
		s := open(t, rules)
		require.NoError(t, s.divide(context.Background(), &division{byBooking, logOf(t)}))
		writers := map[string]clock.ClientID{"a": ana, "b": ben}
		for id, client := range writers {
			require.NoError(t, s.grant(context.Background(), client, "own/"+id))
		}
		var pushes sync.WaitGroup
		for id, client := range writers {
			batch := batchOf(booking(t, id, "A", client))
			pushes.Go(func() {
				answer, err := s.push(context.Background(), client, batch)
				assert.NoError(t, err)
				assert.NotContains(t, string(answer), "refused")
			})
		}
		pushes.Wait()
		about := 0 // the number of rows that the clients hold
		for id, client := range writers {
			m := memberOf(client)
			require.NoError(t, m.pull(context.Background(), s))
			for key, h := range m.holds {
				if key.Table != violation.DefaultTable {
					require.Equal(t, id, key.ID)
					continue
				}
				row, err := violation.Parse(h.record)
				require.NoError(t, err)
				require.Equal(t, id, row.RecordID)
				require.Equal(t, violation.Open, row.Status)
				about++
			}
		}
		require.Positive(t, about, "the double booking is in no row")
		pushAs(t, s, ben, cancelled(t, "b", ben))
		require.Empty(t, openRows(t, stateOf(t, s)))
	})
}
