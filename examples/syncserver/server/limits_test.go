package server

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestStalledPullsBlockNoPush checks that clients that pull without reading, however many, keep no
// client from pushing.
func TestStalledPullsBlockNoPush(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		s.readers.silence = time.Second / 4
		url := listen(t, s)
		ana := joined(t, url, "demo", "")
		long := strings.Repeat("x", 60_000)
		for i := range 8 {
			var many []record.Mutation
			for j := range 30 {
				many = append(many, ana.set(board.Tasks, fmt.Sprint(i, "/", j), board.Notes, long))
			}
			ana.push(many...)
		}
		m, err := s.admitted(ana.ID)
		require.NoError(t, err)
		chunk, err := s.pull(context.Background(), &page{Sender: m, limit: maxPage, chunk: chunkRecords})
		require.NoError(t, err)
		require.Less(t, len(chunk), chunkBytes+2*len(long), "a chunk takes too much memory")
		for range maxConnections + 4 {
			conn := ana.begin("GET /v1/pull", "\r\n")
			require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
		}
		// Give the stalled pulls time to take all the connections that they can get.
		require.Eventually(t, func() bool { return len(ana.pull("0&limit=1")) == 1 }, time.Minute, time.Millisecond)
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		done := make(chan bool)
		go func() {
			for i := range 20 {
				ana.push(ana.set(board.Tasks, "a", board.Title, fmt.Sprint(i)))
			}
			close(done)
		}()
		select {
		case <-done:
		case <-ctx.Done():
			t.Fatal("pushes wait for clients that do not read")
		}
	})
}

// TestPullReadsFewMoreRecordsThanItSends checks that a pull of large records asks the database for
// only a few more records than it sends.
func TestPullReadsFewMoreRecordsThanItSends(t *testing.T) {
	if testing.Short() {
		t.Skip("stores large records, and does not test concurrency")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, trace := openTraced(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		const small, large = 300, 60
		for i := range small + large {
			text := "x"
			if i >= small {
				text = strings.Repeat("x", 60_000)
			}
			ana.push(ana.set(board.Tasks, fmt.Sprint(i), board.Notes, text))
		}
		statements, _ := trace.during(func() { require.Len(t, ana.pull("0&limit=1000"), small+large) })
		asked := int64(0)
		for statement, times := range statements {
			for _, args := range times {
				if strings.Contains(statement, "ORDER BY seq LIMIT") {
					asked += args[2].(int64)
				}
			}
		}
		require.Less(t, asked, int64(small+4*large+chunkRecords))
	})
}

// TestJoinBodyIsLimited checks that the body of a join, which needs no token, takes little memory.
func TestJoinBodyIsLimited(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	c := client{t: t, url: url}
	status, _ := c.request("POST", "/v1/join", strings.Repeat(" ", 8<<10)+`{"workspace":"demo"}`)
	require.Equal(t, 413, status)
}
