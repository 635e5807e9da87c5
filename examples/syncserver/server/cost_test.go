package server

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

var costRounds = flag.Int("cost", 0, "the number of rounds in which TestCost measures a workspace with one bucket")

// TestCost measures the CPU time of pushes and pulls in a workspace with the one bucket "", of the server and
// of PostgreSQL, without Options.Buckets and with one bucket of Options.Buckets. It prints the minimum and the
// median of some rounds:
//
//	go test ./server -run TestCost -cost 30 -v
//
// The file also compiles with versions of the server that have no buckets, without the lines that name
// Options.Buckets. The rounds of two versions must alternate to be compared: other programs slow both down.
func TestCost(t *testing.T) {
	if *costRounds == 0 {
		t.Skip("measures, and tests nothing")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		all := map[string]*costs{"nil": newCosts(t, name(t))}
		all["one"] = newCosts(t, name(t))
		all["one"].divide(func(record.Record) []string { return []string{""} }) // Options.Buckets
		took := make(map[string][]time.Duration)
		for range *costRounds {
			for division, c := range all {
				for what, d := range c.round() {
					key := fmt.Sprintf("%-10s %-14s %s", strings.TrimPrefix(t.Name(), "TestCost/"), what, division)
					took[key] = append(took[key], d)
				}
			}
		}
		for key, ds := range took {
			slices.Sort(ds)
			fmt.Printf("COST %s: %d µs, median %d µs\n", key, ds[0].Microseconds(), ds[len(ds)/2].Microseconds())
		}
	})
}

// costs is a server whose costs are measured, and a client.
type costs struct {
	*Server
	t       *testing.T
	handler http.Handler
	ana     *client
	written int
}

func newCosts(t *testing.T, database string) *costs {
	s := open(t, database)
	c := &costs{Server: s, t: t, handler: s.Handler(), ana: &client{t: t}}
	joined := c.do("POST", "/v1/join", `{"workspace":"demo"}`)
	require.NoError(t, json.Unmarshal([]byte(joined), c.ana))
	return c
}

// divide changes Options.Buckets.
func (c *costs) divide(of func(record.Record) []string) {
	c.options.Buckets = of                        // Options.Buckets
	c.division = divisionOf(c.options)            // Options.Buckets
	c.readings = c.database.readings(true, false) // Options.Buckets
}

// do sends a request to the handler, without a network.
func (c *costs) do(method, path, body string) string {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+c.ana.Token)
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	require.Equal(c.t, 200, w.Code, w.Body.String())
	return w.Body.String()
}

// TestCostOfManyBuckets measures the CPU time of an idle pull of a user who has 1,000 buckets, while 1,000 users listen,
// against an idle pull of a user who has one bucket, without listeners. It must grow far less than the buckets do.
// It runs with -cost, as TestCost does.
func TestCostOfManyBuckets(t *testing.T) {
	if *costRounds == 0 {
		t.Skip("measures CPU time")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		const n = 1000
		best := make(map[int]time.Duration)
		all := map[int]*costs{1: newCosts(t, name(t)), n: newCosts(t, name(t))}
		for buckets, c := range all {
			c.divide(func(r record.Record) []string { return []string{fmt.Sprint("bucket-", len(r.Key().ID)%buckets)} })
			roles := make(map[string]string)
			for i := range buckets {
				roles[fmt.Sprint("bucket-", i)] = "writer"
			}
			require.NoError(t, c.Grant(t.Context(), "demo", c.ana.ID.String(), roles))
			require.NoError(t, c.Revoke(t.Context(), "demo", c.ana.ID.String(), ""))
			c.do("POST", "/v1/push?v=2", c.batch(n, true))
		}
		for i := range n {
			user := fmt.Sprint("user-", i)
			l := all[n].feed.listen(Sender{Workspace: "demo", User: user}, user)
			require.NotNil(t, l)
			defer all[n].feed.leave(l)
			all[n].feed.subscribe(l, []string{fmt.Sprint("bucket-", i)})
		}
		for range *costRounds {
			for buckets, c := range all {
				at := c.pull("")
				took := c.cpu(50, func() { c.do("GET", "/v1/pull?cursor="+at, "") })
				if least, ok := best[buckets]; !ok || took < least {
					best[buckets] = took
				}
			}
		}
		fmt.Printf("COST %s: an idle pull takes %d µs with one bucket, %d µs with 1,000\n", t.Name(), best[1].Microseconds(), best[n].Microseconds())
		require.Less(t, best[n], 100*best[1])
	})
}

// batch returns a push of tasks, either new ones or edits of the first ones.
func (c *costs) batch(n int, isNew bool) string {
	var body []byte
	for i := range n {
		id := i
		if c.written++; isNew {
			id = 1_000_000 + c.written
		}
		m, err := record.New(record.Key{Table: board.Tasks, ID: fmt.Sprint("task", id)}).
			Edit(clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: c.ana.ID}).
			Set(board.Title, fmt.Sprint("title ", c.written)).Set(board.Notes, strings.Repeat("x", 100)).Set("points", c.written).Mutation()
		require.NoError(c.t, err)
		body = append(m.AppendJSON(body), '\n')
	}
	return string(body)
}

// pull pulls everything after a cursor, and returns the next one.
func (c *costs) pull(cursor string) string {
	for {
		text := c.do("GET", "/v1/pull?limit=10000&cursor="+cursor, "")
		var end struct {
			Cursor string
			More   bool
		}
		require.NoError(c.t, json.Unmarshal([]byte(text[strings.LastIndexByte(text[:len(text)-1], '\n')+1:]), &end))
		if cursor = end.Cursor; !end.More {
			return cursor
		}
	}
}

// round returns the CPU time that each operation takes.
func (c *costs) round() map[string]time.Duration {
	took := make(map[string]time.Duration)
	push := func(body string) func() { return func() { c.do("POST", "/v1/push?v=2", body) } }
	took["push 1000 new"] = c.cpu(1, push(c.batch(1000, true)))
	took["push 1000 edit"] = c.cpu(1, push(c.batch(1000, false)))
	took["push 1"] = c.cpu(20, func() { push(c.batch(1, false))() })
	took["pull 1000"] = c.cpu(1, func() { c.do("GET", "/v1/pull?cursor=&limit=1000", "") })
	at := c.pull("")
	took["pull 0"] = c.cpu(50, func() { c.do("GET", "/v1/pull?cursor="+at, "") })
	return took
}

// cpu returns the CPU time that a call takes: the mean of n calls.
func (c *costs) cpu(n int, f func()) time.Duration {
	pids := c.backends()
	before := cpuTime(pids)
	for range n {
		f()
	}
	return (cpuTime(pids) - before) / time.Duration(n)
}

// backends returns the processes of PostgreSQL that serve the server.
func (c *costs) backends() (pids []string) {
	if !c.database.postgres {
		return nil
	}
	pids, err := c.database.names(c.t.Context(), `SELECT CAST(pid AS TEXT) FROM pg_stat_activity WHERE datname = current_database()`)
	require.NoError(c.t, err)
	return pids
}

// cpuTime returns the CPU time of this process and of some others.
func cpuTime(pids []string) time.Duration {
	var self syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &self) != nil {
		return math.MinInt64
	}
	total := time.Duration(self.Utime.Nano() + self.Stime.Nano())
	for _, pid := range pids {
		text, _ := os.ReadFile(filepath.Join("/proc", pid, "schedstat"))
		if fields := strings.Fields(string(text)); len(fields) > 0 {
			n, _ := strconv.ParseInt(fields[0], 10, 64)
			total += time.Duration(n)
		}
	}
	return total
}
