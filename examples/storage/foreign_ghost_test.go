package main

import (
	"context"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// TestLocksLeaveNoRows: the empty row that locks a new record goes if nothing is stored in it, so that
// other programs do not see it, and can insert the row. A row of theirs stays, even without values.
func TestLocksLeaveNoRows(t *testing.T) {
	for name, open := range columnsServers() {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			ctx := context.Background()
			exec(t, s.db, `INSERT INTO tasks (id) VALUES ('theirs')`)
			for _, id := range []string{"ghost", "theirs"} {
				require.NoError(t, s.stamp(ctx, []string{id}), "the row is gone since the sweep saw it")
				require.NoError(t, s.write(ctx, task(id), func(*record.Edit) error { return nil }))

				late := titled(t, id, "Paint", clock.Stamp{Time: at(0), Client: ana})
				s.engine.MaxRecord = 1
				answer := push(t, s, late)
				s.engine.MaxRecord = 0
				require.Contains(t, answer, `"record_full"`)
			}
			var n int
			require.NoError(t, s.db.QueryRow(`SELECT count(*) FROM tasks WHERE id = 'theirs'`).Scan(&n))
			require.Equal(t, 1, n)
			require.NoError(t, s.db.QueryRow(`SELECT count(*) FROM tasks`).Scan(&n))
			require.Equal(t, 1, n)
			exec(t, s.db, `INSERT INTO tasks (id, title) VALUES ('ghost', 'Oil')`)
			push(t, s, titled(t, "new", "Sand", clock.Stamp{Time: at(1), Client: ana}))
			require.NoError(t, s.sweep(ctx))
			require.Equal(t, 2, stateOf(t, s).Len())
		})
	}
}
