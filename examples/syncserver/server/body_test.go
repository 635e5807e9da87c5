package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// link is a simulated connection on which bytes arrive at a fixed rate until the connection stalls.
// It has its own clock.
type link struct {
	*httptest.ResponseRecorder
	clock    time.Time
	deadline time.Time
	rate     int // bytes a second
	stall    int // after this many bytes, no more arrive
	sent     int // bytes
}

func (l *link) SetReadDeadline(at time.Time) error {
	l.deadline = at
	return nil
}

// Read delivers the bytes that arrive within a second.
func (l *link) Read(p []byte) (int, error) {
	next := l.clock.Add(time.Second)
	if next.After(l.deadline) || l.sent >= l.stall {
		l.clock = l.deadline
		return 0, os.ErrDeadlineExceeded
	}
	n := min(l.rate, len(p))
	l.clock = l.clock.Add(time.Second * time.Duration(n) / time.Duration(l.rate))
	l.sent += n
	return n, nil
}

// TestSlowUploadsAreServedAndStalledOnesCut checks that a body may arrive slowly for minutes, but
// must not be silent, or slower than the minimum rate, for half a minute.
func TestSlowUploadsAreServedAndStalledOnesCut(t *testing.T) {
	for _, c := range []struct {
		what              string
		size, rate, stall int
		arrives           bool
		least, most       time.Duration
	}{
		{"a phone", 890_000, 12_000, maxBody, true, 74 * time.Second, 75 * time.Second},
		{"the largest body at the minimum rate", maxBody, readRate, maxBody, true, 500 * time.Second, 9 * time.Minute},
		{"below the minimum rate", maxBody, readRate / 2, maxBody, false, 30 * time.Second, 61 * time.Second},
		{"silent from the beginning", 890_000, 12_000, 0, false, 30 * time.Second, 30 * time.Second},
		{"silent after half of the body", maxBody, 1 << 20, maxBody / 2, false, 30 * time.Second, 33 * time.Second},
	} {
		l := &link{ResponseRecorder: httptest.NewRecorder(), clock: time.Unix(0, 0), rate: c.rate, stall: c.stall}
		b := &body{Reader: io.LimitReader(l, int64(c.size)), control: http.NewResponseController(l), now: func() time.Time { return l.clock }}
		text, err := readAll(b)
		took := l.clock.Sub(time.Unix(0, 0))
		require.GreaterOrEqual(t, took, c.least, c.what)
		require.LessOrEqual(t, took, c.most, c.what)
		if c.arrives {
			require.NoError(t, err, c.what)
			require.Len(t, text, c.size)
			l.deadline = time.Time{}
			_, err = b.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
			require.Zero(t, l.deadline, "a read after the end of the body set the deadline")
			continue
		}
		fail := new(failure)
		require.ErrorAs(t, err, &fail, c.what)
		require.Equal(t, http.StatusRequestTimeout, fail.status)
		require.Equal(t, "timeout", fail.Code)
	}
}

// TestWaitingForASlotIsNotSlowness checks that the time in which the server does not read does not
// count.
func TestWaitingForASlotIsNotSlowness(t *testing.T) {
	l := &link{ResponseRecorder: httptest.NewRecorder(), clock: time.Unix(0, 0), rate: 12_000, stall: maxBody}
	b := &body{Reader: io.LimitReader(l, 200_000), control: http.NewResponseController(l), now: func() time.Time { return l.clock }}
	_, err := readAll(io.LimitReader(b, smallBody))
	require.NoError(t, err)
	l.clock = l.clock.Add(time.Hour)
	text, err := readAll(b)
	require.NoError(t, err)
	require.Len(t, text, 200_000-smallBody)
}

// TestPushesAreReadUnderADeadline checks that each part of a body is read with a deadline, even if
// the request is refused before its body is read.
func TestPushesAreReadUnderADeadline(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	url := listen(t, s)
	ana := joined(t, url, "demo", "")
	for _, token := range []string{ana.Token, "x"} {
		l := &link{ResponseRecorder: httptest.NewRecorder()}
		m := ana.set(board.Tasks, "a", board.Notes, strings.Repeat("x", 60_000)).AppendJSON(nil)
		parts := small{bytes.NewReader(m), func() {
			require.NotZero(t, l.deadline)
			l.deadline = time.Time{}
		}}
		r := httptest.NewRequest("POST", "/v1/push", parts)
		r.Header.Set("Authorization", "Bearer "+token)
		s.Handler().ServeHTTP(l, r)
		if token == "x" {
			require.Equal(t, http.StatusUnauthorized, l.Code)
			require.NotZero(t, l.deadline)
			continue
		}
		require.Equal(t, http.StatusOK, l.Code, l.Body)
	}
}

// small is a reader that reads in small parts, and calls its function "each" before every part.
type small struct {
	io.Reader
	each func()
}

func (r small) Read(p []byte) (int, error) {
	r.each()
	return r.Reader.Read(p[:min(len(p), 1000)])
}

// TestTimeoutAndBrokenBodyHaveDifferentStatus: the statuses must differ, because a client halves
// its push after a timeout, and sends the same push again after a broken connection.
func TestTimeoutAndBrokenBodyHaveDifferentStatus(t *testing.T) {
	for err, status := range map[error]int{
		os.ErrDeadlineExceeded:                             408,
		fmt.Errorf("read tcp: %w", os.ErrDeadlineExceeded): 408,
		io.ErrUnexpectedEOF:                                503,
		&http.MaxBytesError{Limit: 1}:                      413,
	} {
		_, got := readAll(io.MultiReader(strings.NewReader("x"), errorReader{err}))
		fail := new(failure)
		require.ErrorAs(t, got, &fail)
		require.Equal(t, status, fail.status, err)
		require.True(t, errors.Is(got, err))
	}
}

type errorReader struct{ error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.error }
