package remote_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

func TestJoin(t *testing.T) {
	s, r := start(t)
	m, err := r.Server.Join(context.Background(), "demo", "please")
	require.NoError(t, err)
	require.Equal(t, remote.Membership{Workspace: "demo", ClientID: ana, Token: "t"}, m)
	_, err = r.Server.Join(context.Background(), "demo", "")
	var fail *remote.StatusError
	require.ErrorAs(t, err, &fail)
	require.Equal(t, remote.StatusError{Status: 403, Code: "not_invited", Detail: "why"}, *fail)
	for _, s.nonsense = range []string{"<h1>Yes</h1>", "{}", `{"token":"t"}`, `{"clientId":"` + ana.String() + `"}`} {
		m, err = r.Server.Join(context.Background(), "demo", "please")
		require.ErrorIs(t, err, replica.ErrAnswer, s.nonsense)
		require.Zero(t, m)
	}
}

// TestSync: a large outbox is sent in parts, and all comes back in pages.
func TestSync(t *testing.T) {
	s, r := start(t)
	for i := range 2500 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	require.NoError(t, r.Sync(context.Background()))
	require.Zero(t, r.Replica.NumWaiting())
	require.Equal(t, 2500, s.Records().Len())
	require.Equal(t, map[string]int{"/v1/push": 3, "/v1/pull": 1 + 3}, s.asked)
	require.Equal(t, "2500", r.Replica.Cursor())
	require.NoError(t, r.Sync(context.Background()))
	require.Equal(t, map[string]int{"/v1/push": 3, "/v1/pull": 1 + 3 + 1}, s.asked)
}

// TestPull: the first page that is not full is the last one. If it was not, as with a server of
// smaller pages, the next pull goes on from there.
func TestPull(t *testing.T) {
	s, r := start(t)
	for i := range 2000 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	require.NoError(t, r.Push(context.Background()))
	require.NoError(t, r.Pull(context.Background()))
	require.Equal(t, 3, s.asked["/v1/pull"], "the second page was full")

	other, err := replica.Open(replica.Options{ID: ben})
	require.NoError(t, err)
	r.Replica = other
	s.page = 700
	for _, cursor := range []string{"700", "1400", "2000", "2000"} {
		require.NoError(t, r.Pull(context.Background()))
		require.Equal(t, cursor, other.Cursor())
	}
}

// TestNonsense: an answer that makes no sense is an error, and does not move the cursor;
// otherwise a pull would go on for ever.
func TestNonsense(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	line := `{"table":"tasks","id":"a","data":{}}` + "\n"
	s.nonsense = strings.Repeat(line, 1000)
	var bad *record.Error
	require.ErrorAs(t, r.Pull(context.Background()), &bad)
	require.ErrorIs(t, bad, record.ErrMissing)
	require.ErrorIs(t, r.Push(context.Background()), replica.ErrAnswer)
	s.nonsense = `{"seq":1,"table":"","id":"a","data":{}}` + "\n"
	require.ErrorAs(t, r.Sync(context.Background()), &bad)
	require.ErrorIs(t, bad, record.ErrName)
	s.nonsense = `{"results":[]}`
	require.ErrorIs(t, r.Push(context.Background()), replica.ErrAnswer)
	require.Empty(t, r.Replica.Cursor())
	require.Equal(t, 1, r.Replica.NumWaiting())
}

// TestLarge: what is too large to be sent at once is sent in parts.
func TestLarge(t *testing.T) {
	s, r := start(t)
	for i := range 12 {
		edit(t, r, fmt.Sprint(i), string(make([]byte, 90_000)))
	}
	require.NoError(t, r.Push(context.Background()))
	require.Zero(t, r.Replica.NumWaiting())
	require.Equal(t, 12, s.Records().Len())
	require.Empty(t, r.Replica.TakeNotices())
}

// TestTooManyAtOnce: where the server takes fewer items than the client sends, the client finds
// out how many, and does not begin with all of them again after each batch.
func TestTooManyAtOnce(t *testing.T) {
	s, r := start(t)
	for i := range 1000 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	s.most = 100
	s.answerBy(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		fmt.Fprint(w, `{"code":"too_large","detail":"why"}`)
	})
	require.NoError(t, r.Push(context.Background()))
	require.Equal(t, 1000, s.Records().Len())
	require.Empty(t, r.Replica.TakeNotices())
	batches := s.pushed()
	require.Equal(t, []int{1000, 500, 250, 125, 62, 124, 62, 124}, batches[:8])
	require.Less(t, len(batches), 40)
}

// TestMalformed: one item that the server cannot read is found and dropped.
func TestMalformed(t *testing.T) {
	s, r := start(t)
	for i := range 100 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	s.trouble = []byte(`"id":"70"`)
	require.NoError(t, r.Push(context.Background()))
	require.Zero(t, r.Replica.NumWaiting())
	require.Equal(t, 99, s.Records().Len())
	notices := r.Replica.TakeNotices()
	require.Len(t, notices, 1)
	require.Equal(t, replica.Refused, notices[0].Kind)
	require.Equal(t, merge.Code("malformed"), notices[0].Code)
	require.Equal(t, "70", notices[0].Key.ID)
	require.Less(t, s.asked["/v1/push"], 25, "it is found by halves")
}

// TestTrouble: an error loses nothing, and a server that keeps all waiting is not asked for
// ever.
func TestTrouble(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	s.down = true
	err := r.Sync(context.Background())
	var fail *remote.StatusError
	require.ErrorAs(t, err, &fail)
	require.Equal(t, 503, fail.Status)
	require.ErrorAs(t, r.Push(context.Background()), &fail)
	require.Equal(t, 1, r.Replica.NumWaiting())
	s.down, s.keep = false, true
	require.ErrorIs(t, r.Push(context.Background()), remote.ErrWaiting)
	require.Equal(t, 2+1+1, s.asked["/v1/push"]+s.asked["/v1/pull"])
	require.ErrorIs(t, r.Sync(context.Background()), remote.ErrWaiting)
	require.Equal(t, 1, r.Replica.NumWaiting())
	s.keep, r.Token = false, "other"
	require.ErrorAs(t, r.Push(context.Background()), &fail)
	require.Equal(t, 401, fail.Status)
	require.Equal(t, 1, r.Replica.NumWaiting())
	r.Token = "t"
	require.NoError(t, r.Sync(context.Background()))
	require.Zero(t, r.Replica.NumWaiting())
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, r.Sync(canceled), context.Canceled)
}

// TestSave: edits are saved before they are sent, and answers after they came; and if that
// fails, nothing is sent.
func TestSave(t *testing.T) {
	s, r := start(t)
	var saved [][]string
	r.Save = func(entries []replica.Entry) error {
		var keys []string
		for _, e := range entries {
			keys = append(keys, fmt.Sprintf("%.5s %v %d", e.Key, e.Value != "", s.asked["/v1/push"]))
		}
		saved = append(saved, keys)
		return nil
	}
	edit(t, r, "a", "x")
	require.NoError(t, r.Sync(context.Background()))
	require.Equal(t, [][]string{
		{"outbo true 0", "state true 0"}, {"outbo false 1", "recor true 1", "state true 1"}, {"state true 1"},
	}, saved)
	full := errors.New("the disk is full")
	r.Save = func([]replica.Entry) error { return full }
	edit(t, r, "b", "x")
	require.ErrorIs(t, r.Sync(context.Background()), full)
	require.Equal(t, 1, s.asked["/v1/push"])

	disk := make(map[string]string)
	r.Save = func(entries []replica.Entry) error {
		for _, e := range entries {
			disk[e.Key] = e.Value
		}
		return nil
	}
	require.NoError(t, r.Sync(context.Background()))
	require.Contains(t, disk, "outbox/00000000000000000001", "what could not be saved before is saved now")
}

// TestProxy: what stands between may refuse a request with the same status, and that says
// nothing about the edits.
func TestProxy(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	for _, status := range []int{400, 413, 404} {
		s.proxy = status
		var fail *remote.StatusError
		require.ErrorAs(t, r.Push(context.Background()), &fail)
		require.Equal(t, status, fail.Status)
		require.Equal(t, 1, r.Replica.NumWaiting())
	}
}

// TestClockAhead: the clock is corrected before anything is sent. By a server that tells its time with
// refusals only, the edit is refused, and sent again at once.
func TestClockAhead(t *testing.T) {
	for serverTime, pushes := range map[string]int{"": 1, "none": 2} {
		s, r := start(t)
		s.serverTime = serverTime
		s.clockAhead(t, r, pushes)
	}
}

func (s *server) clockAhead(t *testing.T, r *remote.Client, pushes int) {
	var err error
	r.Replica, err = replica.Open(replica.Options{ID: ana, Wall: func() time.Time { return time.Now().Add(time.Hour) }})
	require.NoError(t, err)
	edit(t, r, "a", "x")
	require.NoError(t, r.Sync(context.Background()))
	require.Zero(t, r.Replica.NumWaiting())
	require.Equal(t, pushes, s.asked["/v1/push"])
	require.InDelta(t, -time.Hour, r.Replica.Offset(), float64(time.Minute))
}
