package server

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestStorageOfAYearIsBounded lets a team create and delete records for a year. Each record lives
// for ten days. The stored records may then take no more bytes than the live records and the records
// deleted within the retention, plus, at level 1, 200 bytes for each record that was ever deleted.
// The IDs have 36 bytes.
func TestStorageOfAYearIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("stores thousands of records")
	}
	const daily, life, days = 10, 10, 365
	for level, perDeleted := range map[int]int{1: 200, 2: 0} {
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			s := openCalendar(t, databasetest.SQLite(t))
			s.options.PurgeLevel = level
			ana := &client{t: t, ID: clock.ClientID{7}}
			push := func(items []record.Mutation) {
				var body []byte
				for _, m := range items {
					body = append(m.AppendJSON(body), '\n')
				}
				_, err := s.push(context.Background(), bound(s.Server, ana.ID), Pushed{Body: body})
				require.NoError(t, err)
			}
			var created [][]record.Mutation
			for day := range days {
				var today []record.Mutation
				for i := range daily {
					id := fmt.Sprintf("%08d-0000-4000-8000-%012d", day, i)
					today = append(today, s.edit(ana, task(id), func(e *record.Edit) {
						e.Set(board.Title, "A task").Set(board.Notes, strings.Repeat("x", 500))
					}))
				}
				push(today)
				if created = append(created, today); day >= life {
					s.wall = s.wall.Add(time.Second)
					var deleted []record.Mutation
					for _, m := range created[day-life] {
						deleted = append(deleted, s.edit(ana, m.Data, deleteRecord))
					}
					push(deleted)
				}
				s.pass(1)
			}
			var records, journal int
			require.NoError(t, s.database.db.QueryRow(`SELECT bytes, lines FROM workspaces`).Scan(&records, &journal))
			one := len(created[0][0].Data.AppendJSON(nil)) + 150 // with its key and its deletion
			const kept = life + 90 + 2                           // days, including the time between two samples
			deleted := daily * (days - life)
			t.Logf("%d bytes of records and %d of the journal, after %d deletions", records, journal, deleted)
			require.LessOrEqual(t, records, kept*daily*one+deleted*perDeleted)
			require.Less(t, journal, kept*daily*one, "the journal is compressed")
			requireCounted(t, s.database)
		})
	}
}
