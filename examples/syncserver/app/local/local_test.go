package local

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// disk is what the caller of a server has saved.
type disk struct {
	t       *testing.T
	server  *Server
	entries map[string]string
}

func newDisk(t *testing.T) *disk {
	d := &disk{t: t, entries: make(map[string]string)}
	d.reopen()
	return d
}

func (d *disk) reopen() {
	d.t.Helper()
	var all []Entry
	for key, value := range d.entries {
		all = append(all, Entry{key, value})
	}
	server, err := Open(Board(), all)
	require.NoError(d.t, err)
	d.server = server
}

// ask sends a request, saves, and reads the answer.
func (d *disk) ask(r Request) (status int, body map[string]any) {
	d.t.Helper()
	a := d.server.Serve(r)
	for _, e := range a.Saves {
		d.entries[e.Key] = e.Value
	}
	require.NotZero(d.t, a.Time)
	if strings.HasPrefix(string(a.Body), "{") {
		last := a.Body[strings.LastIndexByte(strings.TrimSpace(string(a.Body)), '\n')+1:]
		require.NoError(d.t, json.Unmarshal(last, &body))
	}
	return a.Status, body
}

// user is a device that has joined.
type user struct {
	*disk
	id, token string
	client    clock.ClientID
}

func (d *disk) join() user {
	d.t.Helper()
	status, body := d.ask(Request{Method: "POST", Path: "v1/join", Body: []byte(`{"workspace":"demo"}`)})
	require.Equal(d.t, 200, status)
	return user{d, body["user"].(string), body["token"].(string), clock.MustParseClientID(body["clientId"].(string))}
}

func (u user) do(method, path, body string, query ...string) (int, map[string]any) {
	u.t.Helper()
	asked := map[string]string{}
	for i := 0; i < len(query); i += 2 {
		asked[query[i]] = query[i+1]
	}
	return u.ask(Request{Method: method, Path: path, Token: u.token, Query: asked, Body: []byte(body)})
}

// write pushes a field of a new record, and returns the code of the refusal, if any.
func (u user) write(table, id, field string, value any) any {
	u.t.Helper()
	return u.push(table, id, field, value)["results"].([]any)[0].(map[string]any)["code"]
}

// push pushes a field of a new record, and returns the answer.
func (u user) push(table, id, field string, value any) map[string]any {
	u.t.Helper()
	at := clock.Stamp{Time: clock.TimestampOf(u.server.now()), Client: u.client}
	m, err := record.New(record.Key{Table: table, ID: id}).Edit(at).Set(field, value).Mutation()
	require.NoError(u.t, err)
	m.New = true
	status, body := u.do("POST", "v1/push", "["+string(m.AppendJSON(nil))+"]", "v", "2")
	require.Equal(u.t, 200, status)
	return body
}

// pulls returns the text of everything that a user may read.
func (u user) pulls() string {
	return string(u.server.Serve(Request{Method: "GET", Path: "v1/pull", Token: u.token}).Body)
}

// TestRequestsAreRefused: each invalid request has the status and the code of the protocol.
func TestRequestsAreRefused(t *testing.T) {
	u := newDisk(t).join()
	for _, c := range []struct {
		method, path, body string
		query              []string
		status             int
		code               string
	}{
		{"GET", "v1/nothing", "", nil, 404, "not_found"},
		{"POST", "v1/join", `{"workspace":"team"}`, nil, 403, "not_invited"},
		{"POST", "v1/join", `{`, nil, 400, "malformed"},
		{"POST", "v1/join", `{"workspace":"demo","clientId":"91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20"}`, nil, 403, "client_taken"},
		{"POST", "v1/push", `{`, nil, 400, "malformed"},
		{"POST", "v1/push", strings.Repeat(" ", maxBody+1), nil, 413, "too_large"},
		{"POST", "v1/push", `[]`, []string{"cursor", "x"}, 400, "invalid_cursor"},
		{"POST", "v1/push", `[]`, []string{"cursor", "OTHER.1"}, 409, "epoch_changed"},
		{"POST", "v1/push", `[]`, []string{"cursor", u.server.epoch + ".1000"}, 409, "epoch_changed"},
		{"GET", "v1/pull", "", []string{"cursor", "x"}, 400, "invalid_cursor"},
		{"POST", "v1/members", `{"user":"` + u.id + `","bucket":"project/private-x"}`, nil, 400, "malformed"},
		{"POST", "v1/members", `{"user":"` + u.id + `","bucket":"","role":"owner"}`, nil, 403, "may_not_grant"},
		{"DELETE", "v1/members", "", []string{"user", u.id}, 400, "malformed"},
	} {
		status, body := u.do(c.method, c.path, c.body, c.query...)
		require.Equal(t, c.status, status, c)
		require.Equal(t, c.code, body["code"], c)
	}
	u.token += "x"
	status, body := u.do("GET", "v1/pull", "")
	require.Equal(t, 401, status)
	require.Equal(t, "unauthorized", body["code"])
}

// TestPrivateProjectIsForItsMembers: the owner of a private project decides who reads its tasks, also after the server
// was opened again.
func TestPrivateProjectIsForItsMembers(t *testing.T) {
	d := newDisk(t)
	ana, ben := d.join(), d.join()
	const project, bucket = "private-x", "project/private-x"
	grant := func(u user, role string) (int, map[string]any) {
		return ana.do("POST", "v1/members", `{"user":"`+u.id+`","bucket":"`+bucket+`","role":"`+role+`"}`)
	}
	status, _ := grant(ana, board.Owner)
	require.Equal(t, 200, status)
	require.Nil(t, ana.write(board.Projects, project, board.Name, "Surprise"))
	require.EqualValues(t, "forbidden", ben.write(board.Projects, project, board.Name, "Mine"))
	require.NotContains(t, ben.pulls(), "Surprise")
	d.reopen()
	require.Contains(t, ana.pulls(), "Surprise")
	require.NotContains(t, ben.pulls(), "Surprise")

	_, body := ben.do("GET", "v1/members", "")
	require.Len(t, body["members"], 2, "only the members of the bucket of everyone")
	seq := d.server.Seq()
	grant(ben, board.Reader)
	require.Greater(t, d.server.Seq(), seq, "no event tells the new member")
	require.Contains(t, ben.pulls(), "Surprise")
	_, body = ben.do("GET", "v1/members", "")
	require.Len(t, body["members"], 4, "two rows of Ben, and two of Ana")
	require.Equal(t, ben.id, body["members"].([]any)[0].(map[string]any)["user"])
	status, _ = ben.do("DELETE", "v1/members", "", "user", ana.id, "bucket", bucket)
	require.Equal(t, 403, status)

	d.reopen()
	_, body = ben.do("GET", "v1/pull", "")
	at := body["cursor"].(string)
	ana.do("DELETE", "v1/members", "", "user", ben.id, "bucket", bucket)
	d.reopen()
	_, body = ben.do("GET", "v1/pull", "", "cursor", at)
	require.Equal(t, []any{""}, body["buckets"])
	status, body = grant(user{id: "stranger"}, board.Reader)
	require.Equal(t, 404, status)
	require.Equal(t, "unknown_user", body["code"])
}

// TestVotesAreJudgedWithTheRecord: a vote that is not an integer is refused, and the task has one vote in the end.
func TestVotesAreJudgedWithTheRecord(t *testing.T) {
	u := newDisk(t).join()
	require.Nil(t, u.write(board.Tasks, "1", "votes/a-vote-of-a-test-1", 1))
	require.Equal(t, "invalid", u.write(board.Tasks, "1", "votes/a-vote-of-a-test-2", "x"))
	require.Equal(t, "invalid", u.write(board.Tasks, "1", "votes/a-vote-of-a-test-1", 7))
	require.Contains(t, u.pulls(), "votes/a-vote-of-a-test-1")
	require.NotContains(t, u.pulls(), "votes/a-vote-of-a-test-2")
}

// TestUserAddsDevice: a device that joins with a token belongs to the same user, and a device that joins again keeps its
// client ID and loses its former token.
func TestUserAddsDevice(t *testing.T) {
	first := newDisk(t).join()
	status, body := first.do("POST", "v1/join", `{"workspace":"demo"}`)
	require.Equal(t, 200, status)
	require.Equal(t, first.id, body["user"])
	require.NotEqual(t, first.client.String(), body["clientId"])
	second := user{first.disk, first.id, body["token"].(string), clock.ClientID{}}
	_, body = second.do("POST", "v1/join", `{"workspace":"demo","clientId":"`+first.client.String()+`"}`)
	require.Equal(t, first.client.String(), body["clientId"])
	first.reopen()
	status, _ = first.do("GET", "v1/pull", "")
	require.Equal(t, 401, status)
	first.token = body["token"].(string)
	status, _ = first.do("GET", "v1/pull", "")
	require.Equal(t, 200, status)
}

// TestDamagedEntryIsNamed: the error names the key, and never the value.
func TestDamagedEntryIsNamed(t *testing.T) {
	for _, key := range []string{"state/", "record/5/tasks/1", "mark/x", "device/x", "member/ana", "other/"} {
		_, err := Open(Board(), []Entry{{key, "{secret"}})
		require.ErrorContains(t, err, key)
		require.NotContains(t, err.Error(), "secret")
	}
}

// TestFullServerRefusesGrowth: beyond the limit of Options.Storage, nothing grows.
func TestFullServerRefusesGrowth(t *testing.T) {
	u := newDisk(t).join()
	require.Nil(t, u.write(board.Tasks, "1", board.Title, "Paint the fence"))
	u.server.o.Storage = 1
	require.EqualValues(t, "storage_full", u.write(board.Tasks, "2", board.Title, "Fix the gate"))
}

// TestDoubleBookingIsTold: the answer names the conflict, and everyone who may read the meetings pulls it.
func TestDoubleBookingIsTold(t *testing.T) {
	d := newDisk(t)
	ana, ben := d.join(), d.join()
	start := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Hour)
	slot := rooms.Slot{Room: "Room B", Start: start, End: start.Add(time.Hour)}
	require.Empty(t, ana.push(board.Meetings, "1", rooms.FieldSlot, slot)["violations"])
	d.reopen()
	require.Len(t, ben.push(board.Meetings, "2", rooms.FieldSlot, slot)["violations"], 1)
	require.Contains(t, ana.pulls(), `"in":[""],"table":"violations"`)

	row := "made-by-a-user"
	require.EqualValues(t, "gone", ana.write(violation.DefaultTable, row, violation.FieldNote, "x"))
}
