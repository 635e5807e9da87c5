package server

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestPreparedStatements uses one connection whose statements fail, are used twice at once, outlive a change
// of the table, and are too many to be kept.
func TestPreparedStatements(t *testing.T) {
	d := open(t, databasetest.SQLite(t)).database.db
	d.SetMaxOpenConns(1)
	ctx := context.Background()
	c, err := d.Conn(ctx)
	require.NoError(t, err)
	idle := func() (n int) {
		require.NoError(t, c.Raw(func(c any) error { n = len(c.(*preparedConn).idle); return nil }))
		return n
	}
	_, err = c.ExecContext(ctx, `CREATE TABLE numbers (n BIGINT PRIMARY KEY)`)
	require.NoError(t, err)
	before := idle()
	const insert, read = `INSERT INTO numbers (n) VALUES ($1)`, `SELECT * FROM numbers WHERE n >= $1 ORDER BY n`
	for n := range 3 {
		_, err = c.ExecContext(ctx, insert, n)
		require.NoError(t, err)
	}
	require.Equal(t, before+1, idle(), "the statement is prepared once")
	_, err = c.ExecContext(ctx, insert, 0)
	require.ErrorContains(t, err, "UNIQUE")
	_, err = c.ExecContext(ctx, insert, 3)
	require.NoError(t, err)

	list := func(from int) (all []int) {
		rows, err := c.QueryContext(ctx, read, from)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var n int
			require.NoError(t, rows.Scan(&n))
			all = append(all, n)
		}
		require.NoError(t, rows.Err())
		return all
	}
	outer, err := c.QueryContext(ctx, read, 0)
	require.NoError(t, err)
	require.True(t, outer.Next())
	require.Equal(t, []int{2, 3}, list(2))
	var n int
	require.True(t, outer.Next())
	require.NoError(t, outer.Scan(&n))
	require.Equal(t, 1, n, "the inner use has not moved the outer one")
	require.NoError(t, outer.Close())
	require.Equal(t, before+2, idle())

	_, err = c.ExecContext(ctx, `DROP TABLE numbers; CREATE TABLE numbers (n BIGINT PRIMARY KEY); INSERT INTO numbers (n) VALUES (7)`)
	require.NoError(t, err)
	require.Equal(t, []int{7}, list(0))

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = c.QueryContext(ended, read, 0)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []int{7}, list(0))

	for i := range 2 * maxIdle {
		_, err = c.ExecContext(ctx, fmt.Sprintf(`DELETE FROM numbers WHERE n = %d AND n <> $1`, i), 0)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, idle(), maxIdle)
	require.NoError(t, c.Close())
}
