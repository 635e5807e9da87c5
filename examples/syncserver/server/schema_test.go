package server

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// firstTables creates the tables of the first version.
const firstTables = `
	CREATE TABLE secrets (one INTEGER PRIMARY KEY CHECK (one = 1), key TEXT NOT NULL);
	CREATE TABLE workspaces (name TEXT PRIMARY KEY, seq BIGINT NOT NULL, entries BIGINT NOT NULL);
	CREATE TABLE records (
		workspace TEXT NOT NULL, tbl TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL, seq BIGINT NOT NULL,
		PRIMARY KEY (workspace, tbl, id)
	);
	CREATE UNIQUE INDEX records_by_seq ON records (workspace, seq);
	CREATE TABLE marks (client TEXT PRIMARY KEY, at BIGINT NOT NULL);
	CREATE TABLE scopes (
		workspace TEXT NOT NULL, rule TEXT NOT NULL, name TEXT NOT NULL, tbl TEXT NOT NULL, id TEXT NOT NULL,
		PRIMARY KEY (workspace, rule, name, tbl, id)
	);
	CREATE INDEX scopes_by_key ON scopes (workspace, tbl, id);
	CREATE TABLE journal (workspace TEXT NOT NULL, entry BIGINT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (workspace, entry));`

// TestFirstVersionOfTheDatabaseIsMigrated checks that a database of the first version is migrated
// when it is opened, even by two processes at once, and keeps its data.
func TestFirstVersionOfTheDatabaseIsMigrated(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		driver := "sqlite"
		if IsPostgres(database) {
			driver = "pgx"
		}
		old, err := sql.Open(driver, database)
		require.NoError(t, err)
		defer old.Close()
		_, err = old.Exec(firstTables + `INSERT INTO secrets (one, key) VALUES (1, 'key'); INSERT INTO journal VALUES ('demo', 1, 'é'); INSERT INTO workspaces VALUES ('demo', 250, 1), ('other', 1, 0), ('empty', 0, 0);`)
		require.NoError(t, err)
		ana := clock.ClientID{7}
		_, err = old.Exec(`INSERT INTO marks VALUES ($1, 1)`, ana)
		require.NoError(t, err)
		for i := range 250 {
			at := clock.Stamp{Time: now.Now(), Client: ana}
			// PostgreSQL cannot read fields of a JSON document that contains U+0000.
			m, err := record.New(record.Key{Table: board.Tasks, ID: fmt.Sprint(i)}).Edit(at).Set(board.Title, "é\x00").Set(board.Due, i).Mutation()
			require.NoError(t, err)
			_, err = old.Exec(`INSERT INTO records VALUES ('demo', $1, $2, $3, $4)`, board.Tasks, fmt.Sprint(i), m.Data, i+1)
			require.NoError(t, err)
		}
		_, err = old.Exec(`INSERT INTO records VALUES ('other', 'tasks', 'x', '{}', 1)`)
		require.NoError(t, err)

		var servers [2]*Server
		var opening sync.WaitGroup
		for i := range servers {
			opening.Go(func() { servers[i] = open(t, database) })
		}
		opening.Wait()
		require.False(t, t.Failed())
		s := servers[0]
		requireCounted(t, s.database)
		out, err := s.push(context.Background(), bound(s, ana), Pushed{Body: (&client{t: t, ID: ana}).set(board.Tasks, "1", board.Title, "x").AppendJSON(nil)})
		require.NoError(t, err)
		require.True(t, out.Answer.Results[0].Changed)
		requireCounted(t, s.database)
		var workspace string
		require.NoError(t, s.database.db.QueryRow(`SELECT workspace FROM marks`).Scan(&workspace))
		require.Equal(t, "demo", workspace)

		c := &calendar{Server: s, t: t, wall: time.Now()}
		s.options.Now = func() time.Time { return c.wall }
		require.Equal(t, "é", c.dump()[0])
		c.pass(1)
		require.Equal(t, "é", c.dump()[0])
		require.Zero(t, c.count("journal"), "the entries of the first version are compressed too")
		c.pass(91)
		require.Positive(t, c.fenced().stamp)
		require.Len(t, c.journalEvents(), len(c.dump()), "the pushes are removed, and the fence is told")
		c.pass(92)
		require.Zero(t, c.count("segments"), "nothing has happened since")
		require.Zero(t, c.count("journal"))
		requireCounted(t, s.database)
	})
}

// TestWritesOfAnOldServerAreCounted lets an old server, which does not maintain the counters, write
// while servers are upgraded one by one. A new server must update the counters with its next
// pushes, or when it starts.
func TestWritesOfAnOldServerAreCounted(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		s := open(t, database)
		ana := joined(t, listen(t, s), "demo", "")
		write := func(id string) string {
			return string(ana.set(board.Tasks, id, board.Title, "é\x00"+id).Data.AppendJSON(nil))
		}
		oldPush := func(seq int, ids ...string) {
			tx, err := s.database.db.Begin()
			require.NoError(t, err)
			defer tx.Rollback()
			for i, id := range ids {
				_, err := tx.Exec(`
					INSERT INTO records (workspace, tbl, id, data, seq) VALUES ('demo', 'tasks', $1, $2, $3)
					ON CONFLICT (workspace, tbl, id) DO UPDATE SET data = excluded.data, seq = excluded.seq`, id, write(id), seq+i+1)
				require.NoError(t, err)
			}
			_, err = tx.Exec(`UPDATE workspaces SET seq = $1, entries = entries + 1 WHERE name = 'demo'`, seq+len(ids))
			require.NoError(t, err)
			_, err = tx.Exec(`INSERT INTO journal SELECT name, entries, 'é' FROM workspaces WHERE name = 'demo'`)
			require.NoError(t, err)
			require.NoError(t, tx.Commit())
		}
		ana.push(ana.set(board.Tasks, "a", board.Title, "x"), ana.set(board.Tasks, "b", board.Title, "x"))
		var many []string
		for i := range recountRecords + 500 {
			many = append(many, fmt.Sprint(i))
		}
		oldPush(2, append(many, "a")...)
		ana.push(ana.set(board.Tasks, "b", board.Title, "y"))
		ana.push(ana.set(board.Tasks, "b", board.Title, "z")) // each push recounts a part
		requireCounted(t, s.database)

		require.NoError(t, s.closeJournal(context.Background(), "demo", 3))
		oldPush(recountRecords+505, "b", "c")
		open(t, database)
		requireCounted(t, s.database)
	})
}

// requireCounted requires that the stored summaries agree with the records and the journal.
func requireCounted(t *testing.T, d *Database) {
	t.Helper()
	rows, err := d.db.Query(`SELECT workspace, tbl, id, data, latest, purge FROM records`)
	require.NoError(t, err)
	defer rows.Close()
	want := make(map[string]int64)
	for rows.Next() {
		var workspace, tbl, id, data string
		var kept, latest clock.Timestamp
		var due int64
		require.NoError(t, rows.Scan(&workspace, &tbl, &id, &data, &kept, &due))
		want[workspace] += int64(len(tbl) + len(id) + len(data))
		var r record.Record
		require.NoError(t, r.Scan(data))
		for _, w := range r.All() {
			latest = max(latest, w.Stamp.Time)
		}
		require.Equal(t, latest, kept, data)
		require.Equal(t, dueOf(r.WithKey(record.Key{Table: tbl, ID: id})), due, data)
	}
	require.NoError(t, rows.Err())
	logged, err := d.db.Query(`SELECT workspace, octet_length(tbl) + octet_length(id) + octet_length(bucket) FROM log`)
	require.NoError(t, err)
	defer logged.Close()
	for logged.Next() {
		var workspace string
		var size int64
		require.NoError(t, logged.Scan(&workspace, &size))
		want[workspace] += size
	}
	require.NoError(t, logged.Err())
	for workspace, bytes := range want {
		var counted int64
		require.NoError(t, d.db.QueryRow(`SELECT bytes FROM workspaces WHERE name = $1`, workspace).Scan(&counted))
		require.Equal(t, bytes, counted, workspace)
	}
	var wrong int
	require.NoError(t, d.db.QueryRow(`SELECT count(*) FROM workspaces
		WHERE lines <> (SELECT coalesce(sum(octet_length(line)), 0) FROM journal WHERE workspace = name) +
			(SELECT coalesce(sum(octet_length(data)), 0) FROM segments WHERE workspace = name)`).Scan(&wrong))
	require.Zero(t, wrong, "some workspaces have a wrong journal size")
}

// TestWritesOfAnEarlierVersionAreAudited: an earlier version uses other scopes, so the rules do not
// find the records that it wrote. Health must name the rules until a server starts. That server
// must audit the workspace and find the violation.
func TestWritesOfAnEarlierVersionAreAudited(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		s := open(t, database)
		ana := joined(t, listen(t, s), "demo", "")
		ana.push(ana.set(board.Meetings, "a", "slot", taken(9)))
		unchecked := func() []string {
			rules, err := s.database.unchecked(context.Background())
			require.NoError(t, err)
			return rules
		}
		require.Empty(t, unchecked())

		old := ana.set(board.Meetings, "old", "slot", taken(14)).Data
		_, err := s.database.db.Exec(`INSERT INTO records (workspace, tbl, id, data, seq) VALUES ('demo', 'meetings', 'old', $1, 2)`, string(old.AppendJSON(nil)))
		require.NoError(t, err)
		_, err = s.database.db.Exec(`UPDATE workspaces SET seq = 2 WHERE name = 'demo'`)
		require.NoError(t, err)

		ana.push(ana.set(board.Meetings, "new", "slot", taken(14)))
		require.Len(t, unchecked(), 1, "health must name the rule that did not see the record of the earlier version")
		open(t, database)
		require.Empty(t, unchecked())
		rows := 0
		for _, line := range ana.pull("0") {
			if line.Data.Key().Table == violation.DefaultTable {
				rows++
			}
		}
		require.Equal(t, 1, rows)
	})
}
