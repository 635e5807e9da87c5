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

func TestJoinReturnsAMembershipOrTheServersRefusal(t *testing.T) {
	s, r := start(t)
	m, err := r.Server.Join(context.Background(), "demo", "please")
	require.NoError(t, err)
	require.Equal(t, remote.Membership{Workspace: "demo", ClientID: ana, Token: "t"}, m)
	_, err = r.Server.Join(context.Background(), "demo", "")
	var fail *remote.StatusError
	require.ErrorAs(t, err, &fail)
	require.Equal(t, remote.StatusError{Status: 403, Code: "not_invited", Detail: "why"}, *fail)
	for _, s.invalid = range []string{"<h1>Yes</h1>", "{}", `{"token":"t"}`, `{"clientId":"` + ana.String() + `"}`} {
		m, err = r.Server.Join(context.Background(), "demo", "please")
		require.ErrorIs(t, err, replica.ErrAnswer, s.invalid)
		require.Zero(t, m)
	}
}

func TestSyncSendsInPartsAndPullsInPages(t *testing.T) {
	s, r := start(t)
	s.page = 1000
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

// TestPullEndsWhenTheServerSaysSo: the number of records in an answer says nothing.
func TestPullEndsWhenTheServerSaysSo(t *testing.T) {
	s, r := start(t)
	for i := range 2000 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	require.NoError(t, r.Push(context.Background()))
	other, err := replica.Open(replica.Options{ID: ben})
	require.NoError(t, err)
	r.Replica = other
	s.page = 700
	require.NoError(t, r.Pull(context.Background()))
	require.Equal(t, "2000", other.Cursor())
	require.Equal(t, 3, s.asked["/v1/pull"])
}

// TestInvalidAnswerDoesNotMoveTheCursor: otherwise a pull could go on forever.
func TestInvalidAnswerDoesNotMoveTheCursor(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	for _, s.invalid = range []string{
		strings.Repeat(`{"table":"tasks","id":"a","data":{}}`+"\n", 1000), "\n", "{}\n",
		`{"cursor":"","more":true}`,
	} {
		require.ErrorIs(t, r.Pull(context.Background()), replica.ErrAnswer, s.invalid)
	}
	s.invalid = `{"results":1}`
	require.ErrorIs(t, r.Push(context.Background()), replica.ErrAnswer)
	s.invalid = `{"seq":1,"table":"","id":"a","data":{}}` + "\n{\"cursor\":\"1\"}\n"
	var bad *record.Error
	require.ErrorAs(t, r.Sync(context.Background()), &bad)
	require.ErrorIs(t, bad, record.ErrName)
	s.invalid = `{"results":[]}`
	require.ErrorIs(t, r.Push(context.Background()), replica.ErrAnswer)
	require.Empty(t, r.Replica.Cursor())
	require.Equal(t, 1, r.Replica.NumWaiting())
}

func TestEditsTooLargeForOnePushAreSentInParts(t *testing.T) {
	s, r := start(t)
	for i := range 12 {
		edit(t, r, fmt.Sprint(i), string(make([]byte, 90_000)))
	}
	require.NoError(t, r.Push(context.Background()))
	require.Zero(t, r.Replica.NumWaiting())
	require.Equal(t, 12, s.Records().Len())
	require.Empty(t, r.Replica.TakeNotices())
}

// TestClientFindsHowManyItemsTheServerTakes: if the server takes fewer items than the client sends,
// the client halves its batches, and does not start with all items again after each batch.
func TestClientFindsHowManyItemsTheServerTakes(t *testing.T) {
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

// TestUnreadableItemIsFoundAndDropped: the client isolates the one item that the server cannot
// read.
func TestUnreadableItemIsFoundAndDropped(t *testing.T) {
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
	require.Less(t, s.asked["/v1/push"], 25, "the item is found by halving the batch")
}

// TestFailedSyncLosesNothingAndEnds: the client stops asking a server that keeps every item
// waiting.
func TestFailedSyncLosesNothingAndEnds(t *testing.T) {
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

// TestEditsAreSavedBeforeTheyAreSent: answers are saved after they arrive. If saving fails, nothing
// is sent.
func TestEditsAreSavedBeforeTheyAreSent(t *testing.T) {
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
		{"outbo true 0", "state true 0"}, {"accep true 1", "outbo false 1", "state true 1"}, {"accep false 1", "recor true 1", "state true 1"},
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
	require.Contains(t, disk, "outbox/00000000000000000001", "an entry that could not be saved before is saved now")
}

// TestRefusalByAProxyDropsNoEdits: a proxy may refuse a request with the same status as the server,
// but this says nothing about the edits.
func TestRefusalByAProxyDropsNoEdits(t *testing.T) {
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

// TestClockAheadIsCorrectedBeforeEditsAreSent: if the server gives its time only with refusals, the
// edit is refused once and sent again immediately.
func TestClockAheadIsCorrectedBeforeEditsAreSent(t *testing.T) {
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
