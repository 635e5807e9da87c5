package powersync

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

// endpoint is a Handler whose clock stands still until a test moves it.
type endpoint struct {
	*testing.T
	*Handler
	store memory.Server
	wall  time.Time
}

func newEndpoint(t *testing.T, acceptUnstamped bool) *endpoint {
	e := &endpoint{T: t, wall: noon.Time()}
	e.store.Now = func() time.Time { return e.wall }
	var err error
	e.Handler, err = New(Options{Server: &e.store, Schema: schema, Device: bearer, AcceptUnstamped: acceptUnstamped})
	require.NoError(t, err)
	return e
}

// post sends a body as Ana, and returns the status and the body of the answer.
func (e *endpoint) post(body string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, "/api/data", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+ana.String())
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// title returns the title of task 1.
func (e *endpoint) title() string {
	r, _ := e.store.Records().Get(record.Key{Table: "tasks", ID: "1"})
	w, _ := r.Get("title")
	text, _ := w.Value.Text()
	return text
}

// patch returns an entry that sets the title of task 1. A zero stamp means none.
func patch(title string, at clock.Stamp) string {
	metadata := ""
	if !at.IsZero() {
		metadata = `{\"stamp\":\"` + at.String() + `\",\"base\":{\"title\":null}}`
	}
	return `{"op":"PATCH","table":"tasks","id":"1","op_data":{"title":"` + title + `"},"metadata":"` + metadata + `"}`
}

// batch returns a batch of transactions, each given by its entries. Their IDs are 1, 2, ….
func batch(transactions ...string) string {
	var b strings.Builder
	for i, entries := range transactions {
		id, _ := json.Marshal(i + 1)
		b.WriteString(`,{"transaction_id":` + string(id) + `,"crud":[` + entries + `]}`)
	}
	return `{"transactions":[` + strings.TrimPrefix(b.String(), ",") + `]}`
}

func at(d time.Duration, client clock.ClientID) clock.Stamp {
	return clock.Stamp{Time: noon + clock.Timestamp(d), Client: client}
}

// TestAnswers: each kind of verdict as the client gets it.
func TestAnswers(t *testing.T) {
	e := newEndpoint(t, false)
	status, answer := e.post(batch(
		patch("good", at(1, ana)),
		patch("next to it", at(2, ana))+`,`+patch("not Ana's", at(3, ben)),
		patch("no stamp", clock.Stamp{}),
		patch("last", at(4, ana)),
	))
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"results":[
		{"status":"success"},
		{"status":"fatal_error","requires_client_handling":false,
		 "failed_operation":{"error_code":"other_client","message":"`+(&merge.Refusal{Code: merge.OtherClient, Path: "data.title.clientId"}).Error()+`","operation_index":1},
		 "notices":[{"operation_index":1,"table":"tasks","id":"1","code":"other_client","dropped":true,"path":"data.title.clientId","advice":"`+merge.OtherClient.Advice()+`"}]},
		{"status":"fatal_error","requires_client_handling":false,
		 "failed_operation":{"error_code":"unstamped","message":"`+(&merge.Refusal{Code: Unstamped, Path: "metadata"}).Error()+`","operation_index":0},
		 "notices":[{"operation_index":0,"table":"tasks","id":"1","code":"unstamped","dropped":true,"path":"metadata"}]},
		{"status":"success"}
	]}`, answer)
	require.Equal(t, "last", e.title())
}

// TestClockAheadIsRetried: the answer has the server's time, the entries before the refused one are
// stored, and the transactions after it wait.
func TestClockAheadIsRetried(t *testing.T) {
	e := newEndpoint(t, false)
	ahead := batch(
		patch("good", at(1, ana)),
		patch("also good", at(2, ana))+`,`+patch("ahead", at(time.Hour, ana))+`,`+patch("not Ana's", at(3, ben)),
		patch("waits", at(4, ana)),
	)
	_, answer := e.post(ahead)
	var got Results
	require.NoError(t, json.Unmarshal([]byte(answer), &got))
	require.Equal(t, []string{Success, Retryable, NotAttempted}, []string{got.Results[0].Status, got.Results[1].Status, got.Results[2].Status})
	retry := got.Results[1]
	require.Equal(t, noon, retry.ServerTime)
	require.Equal(t, 1, *retry.Ahead)
	require.Positive(t, retry.RetryAfter)
	require.Empty(t, retry.Notices, "the refused entry is reported when the transaction is decided")
	require.Equal(t, "also good", e.title())

	e.wall = e.wall.Add(time.Hour)
	_, answer = e.post(ahead)
	require.NoError(t, json.Unmarshal([]byte(answer), &got))
	require.Equal(t, []string{Success, Fatal, Success}, []string{got.Results[0].Status, got.Results[1].Status, got.Results[2].Status})
	require.Equal(t, "ahead", e.title())
}

// TestFirstEntryIsNamed: of several entries that are refused for one reason, the answer has the first, and notices of all.
// A transaction that is retried has the notices of its accepted entries, because they have none when they come again.
func TestFirstEntryIsNamed(t *testing.T) {
	e := newEndpoint(t, false)
	_, err := e.Apply(ben, read(t, batch(patch("by Ben", at(1, ben)))))
	require.NoError(t, err)
	results, err := e.Apply(ana, read(t, batch(
		patch("not Ana's", at(1, ben))+`,`+strings.Replace(patch("nor this", at(1, ben)), `"tasks"`, `"users"`, 1),
		patch("by Ana", at(2, ana))+`,`+patch("ahead", at(time.Hour, ana))+`,`+patch("further ahead", at(2*time.Hour, ana)),
	)))
	require.NoError(t, err)
	refused, retry := results.Results[0], results.Results[1]
	require.Equal(t, merge.OtherClient, refused.Failed.Code)
	require.Zero(t, refused.Failed.Index)
	require.Len(t, refused.Notices, 2)
	require.Equal(t, Retryable, retry.Status)
	require.Equal(t, 1, *retry.Ahead)
	require.Contains(t, retry.Message, at(time.Hour, ana).Time.String())
	require.Len(t, retry.Notices, 1)
	require.Equal(t, merge.LostEdit, retry.Notices[0].Code)
}

// TestGuardIsAskedAboutTheDevice: for an entry without a stamp as well, whose stamp has another ID.
func TestGuardIsAskedAboutTheDevice(t *testing.T) {
	e := newEndpoint(t, true)
	asked := 0
	e.store.Engine.Guard = func(actor clock.ClientID, _ record.Mutation) error {
		asked++
		require.Equal(t, ana, actor)
		return nil
	}
	e.post(batch(patch("stamped", at(1, ana)), patch("not stamped", clock.Stamp{})))
	require.Equal(t, 2, asked)
}

// TestServerClockIsRetried: a server whose clock is not set, or was set back, asks for a retry, and
// does not tell the device to correct its clock.
func TestServerClockIsRetried(t *testing.T) {
	for _, unstamped := range []bool{false, true} {
		e := newEndpoint(t, unstamped)
		s := at(1, ana)
		if unstamped {
			s = clock.Stamp{}
		}
		e.post(batch(patch("first", s)))
		e.wall = e.wall.Add(-time.Hour)
		if !unstamped {
			e.wall = time.Time{}
		}
		both := batch(patch("first", s), patch("again", s))
		_, answer := e.post(both)
		require.Contains(t, answer, `"status":"retryable_error"`)
		require.NotContains(t, answer, "server_time")
		require.NotContains(t, answer, "ahead")
		require.Equal(t, "first", e.title())
		e.wall = noon.Time().Add(time.Minute)
		_, answer = e.post(both)
		require.NotContains(t, answer, "retryable_error")
	}
}

// TestLostEditIsReported: a stamped entry that wins over a write that its author had not seen.
func TestLostEditIsReported(t *testing.T) {
	e := newEndpoint(t, false)
	results, err := e.Apply(ben, read(t, batch(patch("by Ben", at(1, ben)))))
	require.NoError(t, err)
	require.Equal(t, Results{[]Result{{Status: Success}}}, results)
	_, answer := e.post(batch(patch("by Ana", at(2, ana))))
	require.Contains(t, answer, `"code":"lost_edit","dropped":false`)
	_, answer = e.post(batch(patch("by Ana", at(2, ana))))
	require.Equal(t, `{"results":[{"status":"success"}]}`, answer, "a retry has no notes")
}

func read(t *testing.T, text string) (b Batch) {
	require.NoError(t, json.Unmarshal([]byte(text), &b))
	return b
}

// TestRequestsRefusedAsAWhole: the statuses of requests that are not a batch of a known device.
func TestRequestsRefusedAsAWhole(t *testing.T) {
	e := newEndpoint(t, false)
	good := patch("x", at(1, ana))
	many := make([]string, MaxTransactions+1)
	for i := range many {
		many[i] = good
	}
	for body, want := range map[string]int{
		batch(good): 200, `{"transactions":[{}]}`: 200, batch(many[1:]...): 200,
		"": 400, "[]": 400, `{"transactions":[]}`: 400, `{"transactions":[{"crud":7}]}`: 400, batch(many...): 400,
		`{"transactions":[{"crud":[{}` + strings.Repeat(",{}", MaxEntries-1) + `]}]}`:               200,
		`{"transactions":[{"crud":[{}]},{"crud":[{}` + strings.Repeat(",{}", MaxEntries-1) + `]}]}`: 413,
		`{"transactions":[{"crud":[{"id":"` + strings.Repeat("x", maxBody) + `"}]}]}`:               413,
	} {
		status, answer := e.post(body)
		require.Equal(t, want, status, answer[:min(len(answer), 100)])
		require.Equal(t, status != 200, strings.HasPrefix(answer, `{"message":`))
	}
	e.o.Device = func(*http.Request) (clock.ClientID, error) { return clock.ClientID{}, nil }
	status, _ := e.post(batch(good))
	require.Equal(t, 401, status, "no device has the zero ID")
	e.o.Device = bearer
	for token, method := range map[string]string{"": "POST", "Bearer " + ana.String(): "GET"} {
		r := httptest.NewRequest(method, "/", strings.NewReader(batch(good)))
		r.Header.Set("Authorization", token)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		require.Equal(t, map[string]int{"POST": 401, "GET": 405}[method], w.Code)
	}
}
