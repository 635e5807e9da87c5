package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestPullBelowTheFenceIsRefused lets clients come back after the retention. A client whose
// cursor is below the fence must pull everything. It may do so page by page, from several servers.
func TestPullBelowTheFenceIsRefused(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		s := openCalendar(t, database)
		url := listen(t, s.Server)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		var items []record.Mutation
		for i := range 10 {
			items = append(items, s.edit(ana, task(fmt.Sprint(i)), title("x")))
		}
		ana.push2(items...)
		require.Len(t, ana.pull("5"), 5)
		s.pass(92)
		f := s.fenced().seq
		require.EqualValues(t, 11, f, "ten records and a sample")
		for _, after := range []string{"5", fmt.Sprint(f - 1)} {
			status, text := ana.request("GET", "/v1/pull?after="+after, "")
			require.Equal(t, 410, status)
			require.Contains(t, text, `"code":"resync_required"`)
		}
		require.Empty(t, ana.pull(fmt.Sprint(f)))

		first := ana.pull("0&limit=4")
		require.Len(t, first, 4)
		other := *ana
		other.url = listen(t, open(t, database))
		require.Len(t, other.pull(fmt.Sprint(first[3].Seq)+"&limit=4"), 4)
		require.Len(t, ana.pull("8"), 2)
		status, _ := ben.request("GET", "/v1/pull?after=4", "")
		require.Equal(t, 410, status, "another client has not begun to pull everything")

		s.wall = s.wall.Add(time.Second)
		ana.push2(s.edit(ana, task("new"), title("y")))
		s.pass(92)
		status, _ = ana.request("GET", "/v1/pull?after=8", "")
		require.Equal(t, 410, status, "the fence has risen since the client began")
		require.Zero(t, s.count("loads"))
	})
}
