package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// at sets the time by which the tokens of a server end. It must be set before the server listens.
func (s *Server) at(now *time.Time) {
	s.now = func() time.Time { return *now }
	s.tokens.now = s.now
}

// ask joins or renews, and returns the status and the answer.
func (c *client) ask(path, body string) (status int, m membership, text string) {
	c.t.Helper()
	status, text = c.request("POST", path, body)
	if status == http.StatusOK {
		require.NoError(c.t, json.Unmarshal([]byte(text), &m))
	}
	return status, m, text
}

// code returns the code of a failure.
func code(t *testing.T, text string) string {
	t.Helper()
	var f struct{ Code string }
	require.NoError(t, json.Unmarshal([]byte(text), &f))
	return f.Code
}

// TestTokensEndAndAreRenewed checks that a token ends after 30 days, and that it can be renewed before
// its end and for 90 days after it, for the same user and client.
func TestTokensEndAndAreRenewed(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	now := time.Now().Truncate(time.Millisecond)
	s.at(&now)
	c := &client{t: t, url: listen(t, s)}
	_, first, _ := c.ask("/v1/join", `{"workspace":"demo"}`)
	require.Equal(t, first.ClientID.String(), first.User)
	require.Equal(t, clock.TimestampOf(now.Add(tokenLife)), first.Ends)
	old := *c
	old.Token = first.Token
	for _, c := range []struct {
		after       time.Duration
		pull, renew int
		code        string
	}{
		{tokenLife - time.Second, 200, 200, ""},
		{tokenLife, 401, 200, "token_ended"},
		{tokenLife + renewable - time.Second, 401, 200, "token_ended"},
		{tokenLife + renewable, 401, 401, "token_ended"},
	} {
		now = first.Ends.Time().Add(c.after - tokenLife)
		status, text := old.request("GET", "/v1/pull?cursor=", "")
		require.Equal(t, c.pull, status, "after %v: %s", c.after, text)
		if status != 200 {
			require.Equal(t, c.code, code(t, text))
		}
		status, renewed, text := old.ask("/v1/renew", "")
		require.Equal(t, c.renew, status, "after %v: %s", c.after, text)
		if status == 200 {
			require.Equal(t, membership{"demo", first.User, first.ClientID, renewed.Token, clock.TimestampOf(now.Add(tokenLife))}, renewed)
			young := old
			young.Token = renewed.Token
			young.pull("0")
		} else {
			require.Equal(t, "unauthorized", code(t, text))
		}
	}
}

// TestTokensOfAnEarlierVersionGoOn checks that a token without an end works, also with a cursor that the
// client has, and that its renewal has an end.
func TestTokensOfAnEarlierVersionGoOn(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	now := time.Now().Truncate(time.Millisecond)
	s.at(&now)
	id := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	text := "demo." + id.String()
	c := &client{t: t, url: listen(t, s), ID: id, Token: text + "." + s.tokens.sign("token", text)}
	now = now.Add(1000 * 24 * time.Hour)
	c.pull("0")
	status, renewed, _ := c.ask("/v1/renew", "")
	require.Equal(t, 200, status)
	require.Equal(t, [2]string{id.String(), id.String()}, [2]string{renewed.User, renewed.ClientID.String()})
	require.Equal(t, clock.TimestampOf(now.Add(tokenLife)), renewed.Ends)
	all, err := s.Members(t.Context(), "demo")
	require.NoError(t, err)
	require.Equal(t, []Member{{id.String(), "", "writer"}}, all)
}

// TestDevicesOfOneUser checks that a second device joins as the user of a token or of an invitation, that
// a device whose token has ended for ever can keep its client ID, and that no other user can take it.
func TestDevicesOfOneUser(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		now := time.Now().Truncate(time.Millisecond)
		s.at(&now)
		c := &client{t: t, url: listen(t, s)}
		_, phone, _ := c.ask("/v1/join", `{"workspace":"demo"}`)
		_, other, _ := c.ask("/v1/join", `{"workspace":"demo"}`)
		require.NotEqual(t, phone.User, other.User)
		with := *c
		with.Token = phone.Token
		_, laptop, _ := with.ask("/v1/join", `{"workspace":"demo"}`)
		require.Equal(t, phone.User, laptop.User)
		require.NotEqual(t, phone.ClientID, laptop.ClientID)

		status, _, text := with.ask("/v1/join", `{"workspace":"elsewhere"}`)
		require.Equal(t, 401, status, text)
		invite, err := s.InvitationFor("demo", phone.User)
		require.NoError(t, err)
		body := func(client clock.ClientID, invite string) string {
			return `{"workspace":"demo","clientId":"` + client.String() + `","invite":"` + invite + `"}`
		}
		now = now.Add(inviteLife - time.Second)
		_, again, text := c.ask("/v1/join", body(phone.ClientID, invite))
		require.Equal(t, [2]any{phone.User, phone.ClientID}, [2]any{again.User, again.ClientID}, text)
		for what, body := range map[string]string{
			"another user's client":  body(other.ClientID, invite),
			"an unknown client":      body(clock.ClientID{9}, invite),
			"a client, without user": body(phone.ClientID, ""),
		} {
			status, _, text := c.ask("/v1/join", body)
			require.Equal(t, 403, status, what)
			require.Equal(t, "client_taken", code(t, text), what)
		}
		now = now.Add(time.Second)
		for what, invite := range map[string]string{
			"an old invitation": invite,
			"for another user":  strings.Replace(invite, phone.User, other.User, 1),
			"with another end":  strings.Replace(invite, ".1", ".2", 1),
			"without signature": phone.User + "." + formatMicros(now.Add(time.Hour)) + ".",
		} {
			status, _, text := c.ask("/v1/join", body(phone.ClientID, invite))
			require.Equal(t, 403, status, what)
			require.Equal(t, "not_invited", code(t, text), what)
		}
		for _, user := range []string{"", "a.b", "Ana", strings.Repeat("a", 65)} {
			_, err := s.InvitationFor("demo", user)
			require.Error(t, err)
		}
	})
}

// TestClientsOfAUserShareTheLimits checks that a user gets no more by using several clients: neither of
// the quotas for pushes and pulls, nor of log lines, nor of slots for pulls and uploads.
func TestClientsOfAUserShareTheLimits(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	url := listen(t, s)
	phone, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	laptop := &client{t: t, url: url}
	_, second, text := phone.ask("/v1/join", `{"workspace":"demo"}`)
	require.NotEmpty(t, second.Token, text)
	laptop.ID, laptop.Token = second.ClientID, second.Token

	limited := func() *quotas {
		q := newQuotas(1, 1<<30, minute)
		q.now = func() time.Time { return time.Unix(0, 0) }
		return q
	}
	s.pushes, s.pulls = limited(), limited()
	push := func(c *client) int {
		status, _ := c.request("POST", "/v1/push", string(c.set(board.Tasks, "a", board.Title, "x").AppendJSON(nil)))
		return status
	}
	pull := func(c *client) int {
		status, _ := c.request("GET", "/v1/pull?cursor=", "")
		return status
	}
	require.Equal(t, [3]int{200, 429, 200}, [3]int{push(phone), push(laptop), push(ben)})
	require.Equal(t, [3]int{200, 429, 200}, [3]int{pull(phone), pull(laptop), pull(ben)})

	slots := newReaders(9, 9, 1, time.Hour)
	_, left := slots.tryEnter(&reader{of: slots, by: Sender{Workspace: "demo", User: second.User, Client: phone.ID}})
	require.Nil(t, left)
	_, left = slots.tryEnter(&reader{of: slots, by: Sender{Workspace: "demo", User: second.User, Client: laptop.ID}})
	require.NotNil(t, left, "a second client of the user got a slot")
	_, left = slots.tryEnter(&reader{of: slots, by: someone("demo")})
	require.Nil(t, left)

	var lines bytes.Buffer
	s.log.to, s.log.quotas = slog.New(slog.NewTextHandler(&lines, nil)), limited()
	for _, client := range []clock.ClientID{phone.ID, laptop.ID} {
		s.logPush(t.Context(), Sender{Workspace: "demo", User: second.User, Client: client}, Outcome{})
	}
	require.Equal(t, 1, strings.Count(lines.String(), "\n"))
}

// TestWhatWasReadBeforeAChangeIsNotRemembered stores what was read about a client after a change: it may be what the database had
// before.
func TestWhatWasReadBeforeAChangeIsNotRemembered(t *testing.T) {
	u, id, now := users{of: make(map[clock.ClientID]user)}, clock.ClientID{1}, time.Unix(0, 0)
	_, before, _ := u.get(id, now)
	u.forget()
	u.put(id, user{read: now}, before)
	_, after, remembered := u.get(id, now)
	require.False(t, remembered)
	u.put(id, user{read: now}, after)
	_, _, remembered = u.get(id, now)
	require.True(t, remembered)
}
