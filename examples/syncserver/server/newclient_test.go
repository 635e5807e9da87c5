package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestNewClientGetsNoDeadRecords checks what a client gets that has pulled nothing, in pulls of one record and of all: each
// deletion above the fence, but no record that was dead when it began. A record that dies while it loads is
// taken away again.
func TestNewClientGetsNoDeadRecords(t *testing.T) {
	for _, level := range []int{1, 2} {
		for _, limit := range []int{1, 10} {
			s := openCalendar(t, databasetest.SQLite(t))
			s.options.PurgeLevel, s.options.Retention = level, 3*sampleEvery
			address := listen(t, s.Server)
			ana, old := joined(t, address, "demo", ""), newCopy(joined(t, address, "demo", ""))
			write := func(id string, change func(*record.Edit)) {
				s.wall = s.wall.Add(time.Second)
				require.Equal(t, "accepted", ana.push2(s.edit(ana, s.stored(id), change))[0].Verdict)
			}
			for _, id := range []string{"late", "dead", "deleted", "live"} {
				write(id, title(id))
			}
			old.pullAll(10)
			s.wall = s.wall.Add(time.Second)
			late := s.edit(ana, s.stored("late"), deleteRecord)
			write("dead", deleteRecord)
			s.pass(8)
			write("deleted", deleteRecord)

			got := newCopy(joined(t, address, "demo", ""))
			got.pullOnce(1)
			require.Contains(t, got.holds, task("late").Key())
			require.Equal(t, "accepted", ana.push2(late)[0].Verdict)
			got.pullAll(limit)
			fence := s.fenced().stamp
			require.Contains(t, got.holds, task("deleted").Key())
			require.Contains(t, got.holds, task("live").Key())
			require.NotContains(t, got.holds, task("dead").Key())
			require.NotContains(t, living(got.holds, fence), task("late").Key())
			require.GreaterOrEqual(t, got.Clock, fence)
			old.pullAll(limit)
			require.Equal(t, living(old.holds, fence), living(got.holds, fence))
			if level == 1 {
				require.Contains(t, got.holds, task("late").Key(), "the client judges its edits by the deletion")
				require.Contains(t, old.holds, task("dead").Key(), "a client that is reset gets the dead records")
			}
			// The new client may create the record again, because its clock is above the fence.
			s.wall = s.wall.Add(time.Second)
			require.Equal(t, "accepted", got.push2(s.edit(got.client, task("dead"), title("again")))[0].Verdict)
			got.pullAll(limit)
			require.Contains(t, got.holds, task("dead").Key())
		}
	}
}

// stored returns a stored record of the table tasks, or the record without fields.
func (c *calendar) stored(id string) record.Record {
	if r, ok := c.normals()[task(id).Key()]; ok {
		return r
	}
	return task(id)
}
