package server

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// loggedTo makes a server log to a buffer. It returns a pointer to the clock of the log quotas,
// which stands still until the test sets it.
func loggedTo(s *Server, log *bytes.Buffer) *time.Time {
	wall := time.Unix(0, 0)
	s.log.to = slog.New(slog.NewTextHandler(log, nil))
	s.log.quotas.now = func() time.Time { return wall }
	return &wall
}

// TestRepeatedItemsDoNotFillTheLog checks that the log lines of a client are limited, that omitted
// lines are counted, and that the lines of other clients are still written.
func TestRepeatedItemsDoNotFillTheLog(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	var log bytes.Buffer
	wall := loggedTo(s, &log)
	url := listen(t, s)
	ana, eve := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	var losing, refused []record.Mutation
	for i := range 50 {
		losing = append(losing, eve.set(board.Tasks, fmt.Sprint(i), board.Title, "x"))
		refused = append(refused, eve.set("nonsense", fmt.Sprint(i), board.Title, "x"))
	}
	for i := range 50 {
		ana.push(ana.set(board.Tasks, fmt.Sprint(i), board.Title, "y"))
	}
	sent := 0
	for range 20 {
		eve.push(losing...)
		eve.push(refused...)
		sent += 2 * 50
	}
	byEve := regexp.MustCompile(`(?m)^[^…]* by ` + eve.ID.String()[:8] + `… `)
	lines := func() int { return len(byEve.FindAll(log.Bytes(), -1)) }
	require.Equal(t, linesOfUser, lines())

	ana.push(ana.set(board.Tasks, "a", board.Title, "z"))
	all := strings.Split(strings.TrimSpace(log.String()), "\n")
	last := all[len(all)-1]
	require.Contains(t, last, "a push by "+ana.ID.String()[:8]+"…")
	_, count, _ := strings.Cut(last, "omitted=")
	omitted, err := strconv.Atoi(count)
	require.NoError(t, err)
	require.InDelta(t, sent-linesOfUser, omitted, 50, "the count of omitted lines is wrong by more than the number of lines for notes")

	*wall = wall.Add(2 * time.Minute)
	eve.push(losing...)
	require.Greater(t, lines(), linesOfUser+40)
	require.Equal(t, 1, strings.Count(log.String(), fmt.Sprint("omitted=", omitted)), "the count of omitted lines was not logged exactly once")
}

// TestUnauthorizedRequestsDoNotFillTheLog checks the limit for requests without a valid token.
func TestUnauthorizedRequestsDoNotFillTheLog(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	var log bytes.Buffer
	loggedTo(s, &log)
	c := client{t: t, url: listen(t, s)}
	for range 2 * linesOfUser {
		status, _ := c.request("GET", "/v1/pull", "")
		require.Equal(t, 401, status)
	}
	require.Equal(t, linesOfUser, strings.Count(log.String(), "\n"))
	require.Equal(t, linesOfUser, strings.Count(log.String(), "there is no token"))
}

// TestLogLinesAreBounded checks that a line stays short even if names are long.
func TestLogLinesAreBounded(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	var log bytes.Buffer
	loggedTo(s, &log)
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	for _, c := range []*client{ana, ben} {
		c.push(c.set(board.Tasks, strings.Repeat("é", maxName/2), strings.Repeat("f", maxName), "x"), c.set(strings.Repeat("t", 1000), "b", "x", "y"))
	}
	ana.request("GET", "/v1/"+strings.Repeat("x", 10_000), "")
	require.Contains(t, log.String(), " replaced one by ")
	require.Contains(t, log.String(), " was refused: ")
	require.True(t, utf8.Valid(log.Bytes()))
	for line := range strings.Lines(log.String()) {
		most := maxSentence + 200 // with escapes, the time, the level and the workspace
		if strings.Contains(line, "path=") {
			most += maxLogged
		}
		require.Less(t, len(line), most, line)
	}
	require.True(t, utf8.ValidString(beginning(strings.Repeat("é", maxLogged), maxLogged+1)), "a text was cut within a character")
	require.Equal(t, maxLoggedError+len("…"), len(shortened(slog.AnyValue(errors.New(strings.Repeat("x", 5000)))).String()))
}
