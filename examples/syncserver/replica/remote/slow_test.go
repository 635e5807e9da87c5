package remote_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/record"
)

// TestBatchIsHalvedUntilItArrivesInTime: this holds whichever side gives up on the batch.
// Afterwards, batches grow again.
func TestBatchIsHalvedUntilItArrivesInTime(t *testing.T) {
	for name, slow := range map[string]func(http.ResponseWriter, *http.Request){
		"the server gives up": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusRequestTimeout)
			fmt.Fprint(w, `{"code":"timeout"}`)
		},
		"a proxy gives up":                  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusGatewayTimeout) },
		"a proxy finds the batch too large": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusRequestEntityTooLarge) },
		"the client gives up":               func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			s, r := start(t)
			s.answerBy(slow)
			s.most = 100
			r.Server.HTTP.Timeout = 500 * time.Millisecond
			for i := range 300 {
				edit(t, r, fmt.Sprint(i), "x")
			}
			require.NoError(t, r.Push(t.Context()))
			require.Zero(t, r.Replica.NumWaiting())
			require.Equal(t, 300, s.Records().Len())
			batches := s.pushed()
			require.Equal(t, []int{300, 150, 75}, batches[:3])
			require.Greater(t, slices.Max(batches[3:]), 75, "it sends more items after a batch has arrived")
			require.Empty(t, r.Replica.TakeNotices())
			s.answerBy(nil)
			for i := range 3000 {
				edit(t, r, fmt.Sprint("more", i), "x")
			}
			require.NoError(t, r.Push(t.Context()))
			require.Greater(t, slices.Max(s.pushed()), 300)
		})
	}
}

// TestSingleItemThatDoesNotArriveStays: it cannot be split further, so Push returns the error.
func TestSingleItemThatDoesNotArriveStays(t *testing.T) {
	s, r := start(t)
	s.answerBy(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestTimeout) })
	edit(t, r, "a", "x")
	edit(t, r, "b", "x")
	var fail *remote.StatusError
	require.ErrorAs(t, r.Push(t.Context()), &fail)
	require.Equal(t, 408, fail.Status)
	require.Equal(t, 2, r.Replica.NumWaiting())
	require.Equal(t, []int{2, 1}, s.pushed())
	s.answerBy(nil)
	require.NoError(t, r.Push(t.Context()))
}

// expiring is a context whose time is up when passed is closed.
type expiring struct {
	context.Context
	passed chan struct{}
}

func (e expiring) Done() <-chan struct{} { return e.passed }

func (e expiring) Err() error {
	select {
	case <-e.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestExpiredContextDoesNotShrinkTheNextBatch: nothing is sent again, and nothing is learned about
// the connection.
func TestExpiredContextDoesNotShrinkTheNextBatch(t *testing.T) {
	s, r := start(t)
	for i := range 100 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	ctx := expiring{t.Context(), make(chan struct{})}
	s.answerBy(func(_ http.ResponseWriter, r *http.Request) {
		close(ctx.passed) // the batch has arrived
		<-r.Context().Done()
	})
	require.ErrorIs(t, r.Push(ctx), context.DeadlineExceeded)
	s.answerBy(nil)
	require.NoError(t, r.Push(t.Context()))
	require.Equal(t, []int{100, 100}, s.pushed())
}

// TestBatchIsHalvedAfterABrokenConnection: the server may have given up on the batch.
func TestBatchIsHalvedAfterABrokenConnection(t *testing.T) {
	s, r := start(t)
	for i := range 100 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	s.answerBy(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	require.Error(t, r.Push(t.Context()))
	s.answerBy(nil)
	require.NoError(t, r.Push(t.Context()))
	require.Equal(t, []int{100, 50, 50}, s.pushed())

	url := r.Server.URL
	r.Server.URL = "http://127.0.0.1:1"
	for i := range 100 {
		edit(t, r, fmt.Sprint("more", i), "x")
	}
	require.ErrorAs(t, r.Push(t.Context()), new(*net.OpError))
	r.Server.URL = url
	s.pushed()
	require.NoError(t, r.Push(t.Context()))
	require.Equal(t, []int{100}, s.pushed(), "a failed connection attempt does not halve the batch")
}

// TestUsedUpQuotaKeepsTheOutboxWhole: the error says how long to wait, and no batch is halved.
func TestUsedUpQuotaKeepsTheOutboxWhole(t *testing.T) {
	s, r := start(t)
	for i := range 100 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	for header, expected := range map[string]time.Duration{
		"17": 17 * time.Second, "": 0, "-5": 0, "x": 0, "99999999999999999": 1 << 31 * time.Second,
		"Mon, 02 Mar 2026 14:02:30 GMT": 30 * time.Second,
	} {
		s.answerBy(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.Header().Set("Date", "Mon, 02 Mar 2026 14:02:00 GMT")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"code":"quota_exceeded","status":7,"retryAfter":9}`)
		})
		var fail *remote.StatusError
		require.ErrorAs(t, r.Sync(t.Context()), &fail, header)
		require.Equal(t, remote.StatusError{Status: 429, Code: "quota_exceeded", RetryAfter: expected}, *fail)
		require.Equal(t, 100, r.Replica.NumWaiting())
	}
	s.answerBy(nil)
	s.pushed()
	require.NoError(t, r.Sync(t.Context()))
	require.Equal(t, []int{100}, s.pushed())
	require.Empty(t, r.Replica.TakeNotices())
}

// TestServerTimeComesWithEachAnswer: refusals are answers, too. An offset is dropped when the
// clocks agree.
func TestServerTimeComesWithEachAnswer(t *testing.T) {
	s, r := start(t)
	s.off = -3 * time.Hour
	require.NoError(t, r.Pull(t.Context()))
	require.InDelta(t, -3*time.Hour, r.Replica.Offset(), float64(time.Minute))
	s.off = 0
	s.down = true
	require.Error(t, r.Pull(t.Context()))
	require.Zero(t, r.Replica.Offset())
	require.Len(t, r.Replica.TakeNotices(), 2)
	s.down, s.off = false, time.Hour
	edit(t, r, "a", "x")
	require.NoError(t, r.Push(t.Context()))
	require.InDelta(t, time.Hour, r.Replica.Offset(), float64(time.Minute))
	s.serverTime = "invalid"
	require.NoError(t, r.Pull(t.Context()))
}

// TestPullIsCompressedAndStreamed: a chunk is applied and saved while the rest is on its way. If the
// answer breaks off, that chunk is not pulled again, and the lines after it are discarded.
func TestPullIsCompressedAndStreamed(t *testing.T) {
	saved := make(chan string, 10)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Contains(t, r.Header.Get("Accept-Encoding"), "gzip")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		line := func(seq int) {
			_, err := fmt.Fprintf(z, `{"seq":%d,"table":"tasks","id":"%d","data":{"title":{"value":%q,"updatedAt":"2026-03-02T12:00:00Z","clientId":%q}}}`+"\n", seq, seq, strings.Repeat("x", 10_000), ben)
			require.NoError(t, err)
		}
		trailer := func(seq int) { fmt.Fprintf(z, "{\"cursor\":\"e.%d\"}\n", seq) }
		if r.FormValue("cursor") != "" {
			trailer(300)
			z.Close()
			return
		}
		for seq := 1; seq <= 200; seq++ {
			line(seq)
		}
		trailer(200)
		require.NoError(t, z.Flush())
		http.NewResponseController(w).Flush()
		<-saved // waits forever if no chunk was applied
		line(201)
		z.Flush()
		panic(http.ErrAbortHandler)
	}))
	defer h.Close()
	device, err := replica.Open(replica.Options{ID: ana})
	require.NoError(t, err)
	c := &remote.Client{Server: remote.Server{URL: h.URL, HTTP: h.Client()}, Replica: device, Save: func([]replica.Entry) error {
		saved <- device.Cursor()
		return nil
	}}
	require.Error(t, c.Pull(t.Context()))
	require.Equal(t, "e.200", device.Cursor())
	require.NotZero(t, device.Shown(record.Key{Table: "tasks", ID: "200"}).Len())
	require.Zero(t, device.Shown(record.Key{Table: "tasks", ID: "201"}).Len())
	require.NoError(t, c.Pull(t.Context()))
	require.Equal(t, "e.300", device.Cursor())
}

// TestAnyAnswerIsReadWithinBounds: whatever a server answers, a client reads a bounded part of it
// and continues.
func TestAnyAnswerIsReadWithinBounds(t *testing.T) {
	line := func(seq int) string {
		return fmt.Sprintf(`{"seq":%d,"table":"tasks","id":"a","data":{"title":{"value":"x","updatedAt":"2026-03-02T12:00:00Z","clientId":%q}}}`+"\n", seq, ben)
	}
	endless := func(text string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(text)); err != nil {
					return
				}
			}
		}
	}
	for name, lie := range map[string]func(http.ResponseWriter, *http.Request){
		"an endless line":     endless(strings.Repeat("x", 1<<16)),
		"endless lines":       endless(line(7)),
		"endless blank lines": endless(strings.Repeat("\n", 1<<16)),
		"endless trailers":    endless(`{"cursor":"e.7","more":true}` + "\n"),
		"an endless chunk":    endless(line(7) + strings.Repeat(" ", 1<<20)),
		"the same cursor": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, line(6)+`{"cursor":"e.6","more":true}`+"\n")
		},
	} {
		s, r := start(t)
		p := r.Replica.BeginPull()
		require.NoError(t, r.Replica.Pulled(&p, []byte(line(6)+`{"cursor":"e.6"}`+"\n")))
		s.lie = lie
		require.ErrorIs(t, r.Pull(t.Context()), replica.ErrAnswer, name)
	}
	for name, lie := range map[string]func(http.ResponseWriter, *http.Request){
		"an endless answer": endless(strings.Repeat(" ", 1<<16)),
		"more replies than items": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"results":[`+strings.Repeat(`{},`, 1<<20)+`{}]}`)
		},
	} {
		s, r := start(t)
		edit(t, r, "a", "x")
		s.lie = lie
		require.ErrorIs(t, r.Push(t.Context()), replica.ErrAnswer, name)
		require.Equal(t, 1, r.Replica.NumWaiting())
	}
	s, r := start(t)
	s.lie = func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(500)
		endless(strings.Repeat("x", 1<<16))(w, r)
	}
	var fail *remote.StatusError
	require.ErrorAs(t, r.Pull(t.Context()), &fail)
	_, err := r.Server.Join(t.Context(), "demo", "")
	require.ErrorAs(t, err, &fail)

	s.lie = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(409)
		fmt.Fprint(w, `{"code":"epoch_changed"}`)
	}
	require.ErrorAs(t, r.Pull(t.Context()), &fail)
	require.Equal(t, "epoch_changed", fail.Code)
}

// TestEpochThatAlwaysChangesEndsThePush: the client pulls only once.
func TestEpochThatAlwaysChangesEndsThePush(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	s.answerBy(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"code":"epoch_changed"}`)
	})
	var fail *remote.StatusError
	require.ErrorAs(t, r.Push(t.Context()), &fail)
	require.Equal(t, "epoch_changed", fail.Code)
	require.Equal(t, map[string]int{"/v1/push": 2, "/v1/pull": 1}, s.asked)
	require.Equal(t, 1, r.Replica.NumWaiting())
}

// TestEditRefusedDuringAServerClockDipRegainsItsTime: once the server's clock is right, the edit is
// restamped before it is sent again.
func TestEditRefusedDuringAServerClockDipRegainsItsTime(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	before := time.Now()
	s.off = -3 * time.Hour
	s.engineOff = true
	require.NoError(t, r.Push(t.Context()), "the refused edit is restamped by the server's wrong clock and accepted")
	edit(t, r, "b", "x")
	s.off = 0
	require.NoError(t, r.Sync(t.Context()))
	require.Zero(t, r.Replica.NumWaiting())
	b, _ := s.Records().Get(record.Key{Table: "tasks", ID: "b"})
	v, _ := b.Get("title")
	require.WithinDuration(t, before, v.Stamp.Time.Time(), time.Minute)
}
