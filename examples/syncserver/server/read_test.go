package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestReadIsWhatAWriteSees reads records that are alive, partly purged, dead and unknown, while the workspace is locked.
func TestReadIsWhatAWriteSees(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		s.writes(task("dead"), title("x"))
		s.writes(task("dead"), func(e *record.Edit) { e.DeleteRecord() })
		s.writes(task("alive"), func(e *record.Edit) { e.Set(board.Title, "x").Set(board.Notes, "x") })
		s.writes(task("alive"), func(e *record.Edit) { e.Delete(board.Notes) })
		keys := []record.Key{task("unknown").Key(), task("dead").Key(), task("alive").Key()}
		for level := range 3 {
			if level > 0 {
				s.exec(fmt.Sprintf(`UPDATE workspaces SET fence_seq = seq, fence_stamp = %d, level = %d`, clock.TimestampOf(s.wall.Add(time.Hour)), level))
			}
			_, err := s.WriteAll(t.Context(), "demo", keys, func(all []*record.Edit) error {
				read, err := s.Read(t.Context(), "demo", keys...)
				require.NoError(t, err)
				require.Len(t, read, len(keys))
				for i, e := range all {
					require.True(t, e.Seen().Equal(read[i]), "level %d: %s", level, keys[i])
				}
				require.Equal(t, level == 0, read[2].Len() == 2)
				return nil
			})
			require.NoError(t, err)
		}
		_, err := s.Read(t.Context(), "demo", keys[0], keys[0])
		require.ErrorContains(t, err, "occurs twice")
		s.exec(`UPDATE workspaces SET division = 'other'`)
		_, err = s.Read(t.Context(), "demo", keys...)
		require.ErrorIs(t, err, errDivision, "a server of another version read the records")
	})
}
