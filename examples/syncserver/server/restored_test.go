package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// TestErasuresAreRepeatedAfterARestore restores a backup from before an erasure. Restored must erase
// again, with the same stamps, including a record and a workspace that the backup lacks.
func TestErasuresAreRepeatedAfterARestore(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx, database := context.Background(), name(t)
		s, _ := openEraser(t, database)
		p := s.fill()
		s.backUp()
		p.push(task("late"), title("covert"))
		p.push(task("gone"), title("covert-later"))
		invite, err := s.Invitation("other")
		require.NoError(t, err)
		other := joined(t, p.ana.url, "other", invite)
		other.push2(s.edit(other, task("gone"), title("covert")))
		keys := append(keysGone(), task("late").Key())
		for i := range 2 * maxWords {
			keys = append(keys, task(fmt.Sprint("unknown-", i)).Key())
		}
		done, err := s.Erase(ctx, "demo", keys...)
		require.NoError(t, err)
		require.Len(t, done.Unknown, 2*maxWords)
		require.Empty(t, done.Earlier)
		_, err = s.Erase(ctx, "other", keys[0])
		require.NoError(t, err)
		s.wall = s.wall.Add(time.Minute)
		before := make(map[record.Key]record.Record)
		for _, key := range keys {
			before[key] = s.normals()[key]
			require.True(t, before[key].Erased())
		}
		synced := newCopy(p.ana)
		synced.pullAll(9)

		s.restore()
		require.NotEmpty(t, databasetest.Residue(t, database, p.texts...))
		workspaces, done, err := s.Restored(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, workspaces)
		require.Equal(t, [2]int{3, 6}, [2]int{done.Records, done.Rows})
		require.Positive(t, done.Lines)
		require.NoError(t, s.database.Rewrite(ctx))
		p.requireNoResidue(database)
		for _, key := range keys {
			require.Equal(t, before[key], s.normals()[key], "the stamp is the same")
		}
		requireCounted(t, s.database)
		s.requireReplay()
		synced.pullAll(9)
		require.Equal(t, []string{buckets.WhyEpoch}, synced.whys)
		require.Equal(t, s.normals(), synced.holds)
		for _, m := range p.gone[:3] {
			require.Equal(t, merge.Gone, p.ana.push2(m)[0].Code)
		}
		require.Equal(t, merge.Gone, other.push2(s.edit(other, task("gone"), title("covert")))[0].Code)
		p.requireNoResidue(database)

		_, done, err = s.Restored(ctx)
		require.NoError(t, err)
		require.Equal(t, Erased{}, done)
		remembered, err := readErasures(s.options.Erasures)
		require.NoError(t, err)
		require.Len(t, remembered["demo"], len(keys))
	})
}

// backUp copies all tables within the database, and restore brings the copies back.
func (c *calendar) backUp() {
	c.t.Helper()
	for _, table := range c.tables() {
		c.exec(`CREATE TABLE old_` + table + ` AS SELECT * FROM ` + table)
	}
}

func (c *calendar) restore() {
	c.t.Helper()
	for _, table := range c.tables() {
		if old, ok := strings.CutPrefix(table, "old_"); ok {
			c.exec(`DELETE FROM ` + old)
			c.exec(`INSERT INTO ` + old + ` SELECT * FROM ` + table)
			c.exec(`DROP TABLE ` + table)
		}
	}
}

// TestRestoredErasureIsFound checks which stored records show that a restored workspace has an
// erasure.
func TestRestoredErasureIsFound(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	at := func(time clock.Timestamp) clock.Stamp { return clock.Stamp{Time: time, Client: clock.ClientID{1}} }
	write := func(fields ...any) record.Record {
		e := task("a").Edit(at(5))
		for i := 0; i < len(fields); i += 2 {
			e.Set(fields[i].(string), fields[i+1])
		}
		m, err := e.Mutation()
		require.NoError(t, err)
		return m.Data
	}
	erased, err := merge.Erase(task("a"), at(5))
	require.NoError(t, err)
	deleted, err := task("a").Edit(at(5)).DeleteRecord().Mutation()
	require.NoError(t, err)
	for i, c := range []struct {
		stored record.Record
		at     clock.Timestamp
		fence  clock.Timestamp
		has    bool
	}{
		{task("a"), 5, 4, false}, {task("a"), 5, 5, true},
		{deleted.Data, 5, 4, false}, {deleted.Data, 5, 5, true},
		{erased, 5, 0, true}, {erased, 6, 0, false}, {erased, 4, 0, true},
		{write("x", 1), 4, 0, true}, {write("x", 1), 5, 0, false}, {write("x", 1), 6, 0, false},
	} {
		err := s.locked(context.Background(), fmt.Sprint("w", i), func(tx *session) error {
			tx.fence.stamp = c.fence
			if err := tx.replace(context.Background(), []merge.Update{{After: c.stored}}); err != nil {
				return err
			}
			has, err := (&erasing{Server: s.Server, session: tx}).has(context.Background(), c.stored.Key(), at(c.at))
			require.Equal(t, c.has, has, i)
			return err
		})
		require.NoError(t, err)
	}
}

// TestRestoredWorkspaceWithoutRecordsHasAnotherEpoch restores a backup from before the first record
// of a workspace. A client that pulled at that time must notice that its later push is lost.
func TestRestoredWorkspaceWithoutRecordsHasAnotherEpoch(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := newCopy(joined(t, listen(t, s.Server), "demo", ""))
	refused := s.edit(ana.client, record.New(record.Key{Table: "no such table", ID: "a"}), title("x"))
	require.Equal(t, "refused", ana.push2(refused)[0].Verdict)
	ana.pullAll(9)
	before := ana.Cursor
	require.NotEmpty(t, before)
	n, _, err := s.Restored(context.Background())
	require.NoError(t, err)
	require.Zero(t, n)
	body := string(s.edit(ana.client, task("b"), title("y")).AppendJSON(nil))
	status, _ := ana.request("POST", "/v1/push?v=2&cursor="+before, body)
	require.Equal(t, 409, status)
	ana.pullAll(9)
	require.Equal(t, []string{buckets.WhyEpoch}, ana.whys)
	status, text := ana.request("POST", "/v1/push?v=2&cursor="+ana.Cursor, body)
	require.Equal(t, 200, status, text)
}

// TestDamagedBackupIsNotRestored overwrites a page in the middle of a file. Restored must fail before it
// changes anything.
func TestDamagedBackupIsNotRestored(t *testing.T) {
	ctx, name := context.Background(), databasetest.SQLite(t)
	s, _ := openEraser(t, name)
	s.fill()
	_, err := s.Erase(ctx, "demo", keysGone()...)
	require.NoError(t, err)
	require.NoError(t, s.database.quickCheck(ctx))
	require.NoError(t, s.database.Rewrite(ctx))
	var root, size int64
	require.NoError(t, s.database.db.QueryRow(`SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`).Scan(&root))
	require.NoError(t, s.database.db.QueryRow(`PRAGMA page_size`).Scan(&size))
	require.NoError(t, s.database.Close())
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(bytes.Repeat([]byte{0xff}, int(size)), (root-1)*size)
	require.NoError(t, errors.Join(err, f.Close()))

	d, err := OpenDatabase(ctx, name)
	require.NoError(t, err)
	defer d.Close()
	damaged, err := New(ctx, d, s.options)
	require.NoError(t, err)
	epochs := func() (text string) {
		require.NoError(t, d.db.QueryRow(`SELECT group_concat(epoch) FROM workspaces`).Scan(&text))
		return text
	}
	before := epochs()
	_, _, err = damaged.Restored(ctx)
	require.ErrorContains(t, err, "if it is damaged, restore another copy")
	require.Equal(t, before, epochs())
}
