package server

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/buckets"
)

var planned = flag.Int("planned", 100_000, "the number of records in 1,000 buckets whose query plans are checked")

// mostPlanned is how many rows of a table a pull from 1,000 buckets may read: a window of sequences, the
// grants, or twice the first two rows of each bucket. It is also the maximum number of members in an answer.
const mostPlanned = 5000

// fillBuckets stores n records in 1,000 buckets of the workspace demo. Each tenth is in a second bucket too,
// and each fifth has left one.
func fillBuckets(t *testing.T, s *Server, n int) {
	t.Helper()
	d := s.database
	filled := fmt.Sprintf(`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)`, n)
	const data = `'{"title":{"value":"' || n || '","updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"01000000-0000-0000-0000-000000000000"},"notes":{"value":"' ||
		CASE n % 10 WHEN 0 THEN 'bucket-' || (n % 1000) || ' zebra-' || (n % 1000) ELSE 'bucket-' || (n % 1000) END || '","updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"01000000-0000-0000-0000-000000000000"}}'`
	for _, statement := range []string{
		`INSERT INTO records (workspace, tbl, id, data, seq, latest, bucket) ` + filled + ` SELECT 'demo', 'tasks', 'filled-' || n, ` + data + `, n, 1772452800000000000, 'bucket-' || (n % 1000) FROM numbers`,
		`INSERT INTO log (workspace, tbl, id, bucket, seq) ` + filled + ` SELECT 'demo', 'tasks', 'filled-' || n, 'zebra-' || (n % 1000), n FROM numbers WHERE n % 10 = 0`,
		`INSERT INTO log (workspace, tbl, id, bucket, seq) ` + filled + ` SELECT 'demo', 'tasks', 'filled-' || n, 'bucket-' || ((n + 1) % 1000), n FROM numbers WHERE n % 5 = 0`,
	} {
		d.runPatiently(t, statement)
	}
	const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 9999)`
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO workspaces (name, seq, entries, summed, epoch, division) VALUES ('demo', %[1]d, 0, %[1]d, 'E', '%[2]s')
			ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, summed = excluded.summed, epoch = excluded.epoch`, n, s.division.version),
		`INSERT INTO members (workspace, "user", bucket, role, granted)
			WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 999)
			SELECT 'demo', 'many', 'bucket-' || n, 'reader', 0 FROM numbers`,
		`INSERT INTO members (workspace, "user", bucket, role, granted)
			WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 99999)
			SELECT 'demo', 'user-' || (n / 100), 'bucket-' || (n % 1000), 'reader', 0 FROM numbers`,
		`INSERT INTO workspaces (name, seq, entries, summed) ` + numbers + ` SELECT 'workspace-' || n, 1, 1, 1 FROM numbers`,
		`INSERT INTO scopes (workspace, rule, name, tbl, id) ` + numbers + ` SELECT 'demo', 'room_taken', 'scope-' || n, 'tasks', 'filled-' || n FROM numbers`,
		`INSERT INTO users (workspace, "user") ` + numbers + ` SELECT 'demo', 'user-' || n FROM numbers`,
		`INSERT INTO samples (workspace, at, seq, greatest, entry) ` + numbers + ` SELECT 'workspace-' || n, 1, 1, 1, 1 FROM numbers`,
		`INSERT INTO members (workspace, "user", bucket, role, granted) VALUES ('demo', 'few', 'bucket-7', 'reader', 0), ('demo', 'few', 'zebra-10', 'reader', 0)`,
	} {
		d.runPatiently(t, statement)
	}
}

// TestNoPullReadsAWholeWorkspace checks the query plans of pulls, writes and sweeps with 1,000 buckets, with and
// without statistics about the tables.
func TestNoPullReadsAWholeWorkspace(t *testing.T) {
	if testing.Short() {
		t.Skip("fills large tables")
	}
	ctx := context.Background()
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, trace := openTraced(t, name(t))
		c := &calendar{Server: s, t: t, wall: time.Now()}
		c.divided(noted)
		fillBuckets(t, s, *planned)
		pull := func(user, cursor string, chunks int) func() {
			return func() {
				p := Page{Sender: Sender{Workspace: "demo", User: user}, Limit: maxPage, chunk: chunkRecords}
				var err error
				p.Cursor, err = buckets.ParseCursor(cursor)
				require.NoError(t, err)
				for range chunks {
					_, _, err := s.pullChunk(ctx, &p)
					require.NoError(t, err)
				}
			}
		}
		s.options.MayGrant = func(Actor, Grant) error { return nil }
		members := func(path, user string) func() {
			return func() {
				w := httptest.NewRecorder()
				require.NoError(t, s.serveMembers(w, httptest.NewRequest("GET", path, nil), Sender{Workspace: "demo", User: user}))
				require.NotZero(t, w.Body.Len())
			}
		}
		end, middle := fmt.Sprint("E.", *planned), fmt.Sprint("E.", *planned/2)
		ana := &client{t: t, ID: [16]byte{7}}
		n := 0
		write := func(id, notes string) {
			n++
			c.wall = time.Now() // else the write is refused as too far ahead after five minutes
			c.store(ana.set(board.Tasks, id, board.Notes, fmt.Sprint(notes, " ", n)))
		}
		all := map[string]func(){
			"an idle pull of many":  pull("many", end, 1),
			"an idle pull of few":   pull("few", end, 1),
			"a late pull of many":   pull("many", middle, 5),
			"a late pull of few":    pull("few", middle, 5),
			"a first pull of many":  pull("many", "", 5),
			"a first pull of few":   pull("few", "", 5),
			"a pull of nothing":     pull("none", "", 2),
			"a new record":          func() { write(fmt.Sprint("new", n), "bucket-1 bucket-2") },
			"a move":                func() { write("filled-78", fmt.Sprint("bucket-", n%2)) },
			"a move of two buckets": func() { write("filled-80", fmt.Sprint("bucket-1 bucket-", 3+n%2)) },
			"a life after a death": func() {
				write("filled-81", "")
				write("filled-81", "bucket-4")
			},
			"a grant": func() {
				require.NoError(t, s.Grant(ctx, "demo", "few", map[string]string{"bucket-8": "reader"}))
				require.NoError(t, s.Revoke(ctx, "demo", "few", "bucket-8"))
			},
			"the members of all buckets of many": members("/v1/members", "many"),
			"the members of a bucket of many":    members("/v1/members?bucket=bucket-7", "many"),
			"a grant that is asked for": func() {
				asked := MemberChange{By: Sender{Workspace: "demo", User: "many"}, Member: Member{User: "user-7", Bucket: "bucket-7", Role: "reader"}}
				asked.Permit = func(Actor, []Member) error { return nil }
				require.ErrorIs(t, s.locked(ctx, "demo", func(tx *session) error {
					require.NoError(t, tx.permit(ctx, asked))
					return errDry
				}), errDry)
			},
			"a sweep of departures": func() {
				require.ErrorIs(t, s.locked(ctx, "demo", func(tx *session) error {
					tx.departed, tx.fence.seq = int64(*planned/2), int64(*planned/2)+1000
					if _, err := sweepLog(ctx, tx); err != nil {
						return err
					}
					return errDry
				}), errDry)
			},
		}
		for _, analyzed := range []bool{false, true} {
			if analyzed {
				_, err := s.database.db.Exec(`ANALYZE`)
				require.NoError(t, err)
			}
			for what, f := range all {
				statements, _ := trace.during(f)
				require.NotEmpty(t, statements, what)
				for statement, times := range statements {
					for _, scan := range s.database.scansAbove(t, mostPlanned, statement, times[len(times)-1]) {
						t.Errorf("%s, analyzed %t: %s in %s", what, analyzed, scan, statement)
					}
				}
			}
		}
	})
}
