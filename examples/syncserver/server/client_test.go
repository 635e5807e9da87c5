package server

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// client is an HTTP client of a server.
type client struct {
	t     *testing.T
	url   string
	ID    clock.ClientID `json:"clientId"`
	Token string         `json:"token"`
}

// joined returns a client that has joined a workspace.
func joined(t *testing.T, url, workspace, invite string) *client {
	t.Helper()
	c := &client{t: t, url: url}
	status, text := c.request("POST", "/v1/join", `{"workspace":"`+workspace+`","invite":"`+invite+`"}`)
	require.Equal(t, 200, status, text)
	require.NoError(t, json.Unmarshal([]byte(text), c))
	return c
}

// request sends a request and returns the status and the body of the answer.
func (c *client) request(method, path, body string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader([]byte(body)))
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+c.Token)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(c.t, err)
	return answer.StatusCode, string(text)
}

// pushed is the answer to a push.
type pushed struct {
	Results    []merge.Reply
	Violations []violation.Violation
}

// push sends mutations and requires an answer with a reply to each.
func (c *client) push(items ...record.Mutation) pushed {
	c.t.Helper()
	return c.pushTo("/v1/push", items...)
}

func (c *client) pushTo(path string, items ...record.Mutation) pushed {
	c.t.Helper()
	var body []byte
	for _, m := range items {
		body = append(m.AppendJSON(body), '\n')
	}
	status, text := c.request("POST", path, string(body))
	require.Equal(c.t, 200, status, text)
	var answer pushed
	require.NoError(c.t, json.Unmarshal([]byte(text), &answer))
	require.Len(c.t, answer.Results, len(items))
	return answer
}

// push2 sends mutations as a client of this version.
func (c *client) push2(items ...record.Mutation) []merge.Reply {
	c.t.Helper()
	return c.pushTo("/v1/push?v=2", items...).Results
}

// now is the clock of all clients in the tests, so that later writes have later stamps.
var now clock.Clock

// set returns a write of one field by this client, stamped now.
func (c *client) set(table, id, field string, value any) record.Mutation {
	c.t.Helper()
	at := clock.Stamp{Time: now.Now(), Client: c.ID}
	m, err := record.New(record.Key{Table: table, ID: id}).Edit(at).Set(field, value).Mutation()
	require.NoError(c.t, err)
	return m
}

// line is a line of a pull.
type line struct {
	Seq int64
	record.Mutation
}

// pull returns the lines of one page.
func (c *client) pull(after string) []line {
	c.t.Helper()
	status, text := c.request("GET", "/v1/pull?after="+after, "")
	require.Equal(c.t, 200, status, text)
	return linesOf(c.t, []byte(text))
}

// linesOf parses the lines of a pull.
func linesOf(t *testing.T, text []byte) []line {
	t.Helper()
	var lines []line
	for one := range bytes.Lines(text) {
		var l line
		require.NoError(t, json.Unmarshal(one, &struct{ Seq *int64 }{&l.Seq}))
		require.NoError(t, json.Unmarshal(one, &l.Mutation))
		lines = append(lines, l)
	}
	return lines
}

// tomorrow is the beginning of the day after the tests have begun, also after midnight.
var tomorrow = sync.OnceValue(func() time.Time { return time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour) })

// taken returns a slot that takes the room Lind for an hour, from the given hour of tomorrow.
func taken(hour int) record.Value {
	from := tomorrow().Add(time.Duration(hour) * time.Hour)
	return record.MustOf(rooms.Slot{Room: "Lind", Start: from, End: from.Add(time.Hour)})
}

// bound returns a client of the workspace demo after its first request.
func bound(s *Server, client clock.ClientID) Sender {
	m, err := s.admitted(client)
	if err != nil {
		panic(err)
	}
	return m
}
