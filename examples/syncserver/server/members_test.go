package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// granted returns the sequence of each grant of a user, by bucket and role, and the last sequence.
func (s *Server) granted(t *testing.T, user string) (grants map[string]int64, seq int64) {
	t.Helper()
	rows, err := s.database.db.Query(`SELECT bucket || ' ' || role, granted FROM members WHERE workspace = 'demo' AND "user" = $1`, user)
	require.NoError(t, err)
	defer rows.Close()
	grants = make(map[string]int64)
	for rows.Next() {
		var what string
		var at int64
		require.NoError(t, rows.Scan(&what, &at))
		grants[what] = at
	}
	require.NoError(t, rows.Err())
	seq, err = s.database.sequence(t.Context(), "demo")
	require.NoError(t, err)
	return grants, seq
}

// TestEachGrantTakesASequence checks which sequences grants and revocations take.
func TestEachGrantTakesASequence(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		user := ana.ID.String()
		grant := func(roles map[string]string) func() error {
			return func() error { return s.Grant(t.Context(), "demo", user, roles) }
		}
		revoke := func(buckets ...string) func() error {
			return func() error { return s.Revoke(t.Context(), "demo", user, buckets...) }
		}
		for _, c := range []struct {
			what   string
			do     func() error
			grants map[string]int64
			seq    int64
		}{
			{"a first request", func() error { ana.pull("0"); return nil }, map[string]int64{" writer": 0}, 0},
			{"two grants", grant(map[string]string{"b": "reader", "a": "writer"}), map[string]int64{" writer": 0, "a writer": 1, "b reader": 2}, 2},
			{"the same", grant(map[string]string{"b": "reader", "a": "writer"}), map[string]int64{" writer": 0, "a writer": 1, "b reader": 2}, 2},
			{"another role", grant(map[string]string{"b": "writer"}), map[string]int64{" writer": 0, "a writer": 1, "b writer": 2}, 3},
			{"a revocation", revoke("a"), map[string]int64{" writer": 0, "b writer": 2}, 4},
			{"the same", revoke("a", "x"), map[string]int64{" writer": 0, "b writer": 2}, 4},
			{"a re-grant", grant(map[string]string{"a": "writer"}), map[string]int64{" writer": 0, "a writer": 5, "b writer": 2}, 5},
			{"everything", revoke(), map[string]int64{}, 6},
			{"a request without rights", func() error { ana.request("GET", "/v1/pull?cursor=", ""); return nil }, map[string]int64{}, 6},
			{"the bucket \"\"", grant(map[string]string{"": "reader"}), map[string]int64{" reader": 7}, 7},
		} {
			require.NoError(t, c.do(), c.what)
			grants, seq := s.granted(t, user)
			require.Equal(t, c.grants, grants, c.what)
			require.Equal(t, c.seq, seq, c.what)
		}
	})
}

// TestOnlyANewUserGetsTheFirstBucket checks that a user to whom something was granted, or from whom
// something was taken, before the first request gets nothing more with it.
func TestOnlyANewUserGetsTheFirstBucket(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	c := &client{t: t, url: listen(t, s)}
	require.NoError(t, s.Grant(t.Context(), "demo", "ana", map[string]string{"x": "reader"}))
	require.NoError(t, s.Revoke(t.Context(), "demo", "ben", ""))
	for user, want := range map[string]map[string]int64{"ana": {"x reader": 1}, "ben": {}, "cleo": {" writer": 0}} {
		invite, err := s.InvitationFor("demo", user)
		require.NoError(t, err)
		status, m, text := c.ask("/v1/join", `{"workspace":"demo","invite":"`+invite+`"}`)
		require.Equal(t, 200, status, text)
		require.Equal(t, user, m.User)
		grants, _ := s.granted(t, user)
		require.Equal(t, want, grants, user)
	}
}

// TestGrantsAreChecked checks that invalid names, roles and too many buckets are refused, and store nothing.
func TestGrantsAreChecked(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	many := make(map[string]string)
	for i := range MaxBuckets {
		many[fmt.Sprint(i)] = "reader"
	}
	require.NoError(t, s.Grant(t.Context(), "demo", "full", many))
	for _, c := range []struct{ workspace, user, bucket, role string }{
		{"De", "ana", "", "reader"}, {"demo", "", "", "reader"}, {"demo", strings.Repeat("a", maxUser+1), "", "reader"}, {"demo", "a\x00", "", "reader"},
		{"demo", "ana", "\xff", "reader"}, {"demo", "ana", strings.Repeat("a", 201), "reader"}, {"demo", "ana", "", ""},
		{"demo", "ana", "", strings.Repeat("a", maxRole+1)}, {"demo", "full", "another", "reader"},
	} {
		require.Error(t, s.Grant(t.Context(), c.workspace, c.user, map[string]string{c.bucket: c.role}), "%+v", c)
	}
	grants, seq := s.granted(t, "full")
	require.Len(t, grants, MaxBuckets)
	require.EqualValues(t, MaxBuckets, seq)
	require.NoError(t, s.Grant(t.Context(), "demo", "full", map[string]string{"1": "writer"}))
	all, err := s.Members(t.Context(), "demo")
	require.NoError(t, err)
	require.Len(t, all, MaxBuckets)
}

// external makes a server take accounts from a test. The token is the name of the user.
func external(s *Server, accounts map[string]*Account) {
	s.options.Authenticate = func(r *http.Request) (Account, error) {
		switch a := accounts[bearer(r)]; {
		case bearer(r) == "issuer down":
			return Account{}, fmt.Errorf("fetch the keys: %w", ErrUnavailable)
		case a == nil:
			return Account{}, errors.New("unknown user")
		default:
			return *a, nil
		}
	}
}

// as sends a request with a token and a client ID.
func (c *client) as(token, id, method, path string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequest(method, c.url+path, strings.NewReader("[]"))
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Client-Id", id)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer answer.Body.Close()
	var f struct{ Code string }
	if answer.StatusCode != 200 {
		require.NoError(c.t, json.NewDecoder(answer.Body).Decode(&f))
	}
	return answer.StatusCode, f.Code
}

// TestFirstUseBindsAClientID checks that a client ID belongs to the user and the workspace of its first
// request, on all servers of a database, and that a device that changes its user cannot go on with it.
func TestFirstUseBindsAClientID(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		here, there := open(t, database), open(t, database)
		accounts := map[string]*Account{
			"ana":   {User: "ana", Workspace: "demo"},
			"ben":   {User: "ben", Workspace: "demo"},
			"ana2":  {User: "ana", Workspace: "other"},
			"bad":   {User: "", Workspace: "demo"},
			"fixed": {User: "ana", Workspace: "demo", Client: clock.ClientID{7}},
			"ended": {User: "ana", Workspace: "demo", Ends: time.Now().Add(-time.Second)},
		}
		external(here, accounts)
		external(there, accounts)
		c := &client{t: t, url: listen(t, here)}
		elsewhere := &client{t: t, url: listen(t, there)}
		first, second := uuid.NewString(), uuid.NewString()
		for _, step := range []struct {
			c         *client
			token, id string
			status    int
			code      string
		}{
			{c, "ana", first, 200, ""},
			{c, "ana", second, 200, ""},
			{c, "ben", first, 403, "client_taken"},
			{elsewhere, "ben", first, 403, "client_taken"},
			{elsewhere, "ben", uuid.NewString(), 200, ""},
			{c, "ana2", first, 403, "client_taken"},
			{elsewhere, "ana", first, 200, ""},
			{c, "ana", "", 400, "invalid_client_id"},
			{c, "ana", "00000000-0000-0000-0000-000000000000", 400, "invalid_client_id"},
			{c, "fixed", "", 200, ""},
			{c, "fixed", first, 200, ""}, // the header does not count
			{c, "ended", first, 401, "token_ended"},
			{c, "stranger", first, 401, "unauthorized"},
			{c, "issuer down", first, 503, "unavailable"},
			{c, "bad", first, 500, "internal"},
		} {
			for _, path := range [][2]string{{"GET", "/v1/pull?cursor="}, {"POST", "/v1/push"}, {"GET", "/v1/members"}} {
				status, code := step.c.as(step.token, step.id, path[0], path[1])
				require.Equal(t, [2]any{step.status, step.code}, [2]any{status, code}, "%+v %v", step, path)
			}
		}
		for _, path := range []string{"/v1/join", "/v1/renew"} {
			status, _ := c.as("ana", first, "POST", path)
			require.Equal(t, 404, status, path)
		}
		all, err := here.Members(t.Context(), "demo")
		require.NoError(t, err)
		require.Empty(t, all, "only the server's own tokens make a new user a writer")
	})
}

// TestClientsOfAUserAreLimited checks that a user cannot fill the table of clients.
func TestClientsOfAUserAreLimited(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	external(s, map[string]*Account{"ana": {User: "ana", Workspace: "demo"}, "ben": {User: "ben", Workspace: "demo"}})
	c := &client{t: t, url: listen(t, s)}
	_, err := s.database.db.Exec(`
		INSERT INTO clients (client, workspace, "user") WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
		SELECT 'client-' || n, 'demo', 'ana' FROM numbers`, ClientsOfUser)
	require.NoError(t, err)
	last := uuid.NewString()
	for _, step := range []struct {
		token, id string
		status    int
	}{{"ana", last, 200}, {"ana", uuid.NewString(), 403}, {"ana", last, 200}, {"ben", uuid.NewString(), 200}} {
		status, code := c.as(step.token, step.id, "GET", "/v1/pull?cursor=")
		require.Equal(t, step.status, status, code)
		if status == 403 {
			require.Equal(t, "too_many_clients", code)
		}
	}
}

// TestRightsInTokensAreFollowed checks that the buckets of a user become the rights of each newer token, and
// that no older token changes them, even after a grant or a revocation by the server itself.
func TestRightsInTokensAreFollowed(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		start := time.Now().Truncate(time.Second)
		now := start
		s.at(&now)
		token := &Account{User: "ana", Workspace: "demo"}
		external(s, map[string]*Account{"ana": token})
		c, id := &client{t: t, url: listen(t, s)}, uuid.NewString()
		for _, step := range []struct {
			what   string
			issued int // seconds after the start
			rights map[string]string
			grants map[string]int64
			seq    int64
		}{
			{"a first token", 10, map[string]string{"a": "writer", "b": "reader"}, map[string]int64{"a writer": 1, "b reader": 2}, 2},
			{"the same again", 10, map[string]string{"x": "writer"}, map[string]int64{"a writer": 1, "b reader": 2}, 2},
			{"a newer token", 20, map[string]string{"a": "writer", "c": "reader"}, map[string]int64{"a writer": 1, "c reader": 3}, 3},
			{"an older token", 15, map[string]string{"b": "reader"}, map[string]int64{"a writer": 1, "c reader": 3}, 3},
			{"a newer token with the same rights", 30, map[string]string{"a": "writer", "c": "reader"}, map[string]int64{"a writer": 1, "c reader": 3}, 3},
			{"a token without rights", 40, nil, map[string]int64{"a writer": 1, "c reader": 3}, 3},
			{"a token that was issued before the revocation by the server", 45, map[string]string{"a": "writer", "c": "reader"}, map[string]int64{"a writer": 1}, 4},
			{"a token that was issued after it", 55, map[string]string{"a": "reader"}, map[string]int64{"a reader": 1}, 5},
			{"no bucket", 60, map[string]string{}, map[string]int64{}, 6},
		} {
			if step.issued == 45 {
				now = start.Add(50 * time.Second)
				require.NoError(t, s.Revoke(t.Context(), "demo", "ana", "c"))
			}
			token.Issued, token.Rights = start.Add(time.Duration(step.issued)*time.Second), step.rights
			for range 2 {
				status, _ := c.as("ana", id, "GET", "/v1/pull?cursor=")
				require.Equal(t, 200, status, step.what)
			}
			grants, seq := s.granted(t, "ana")
			require.Equal(t, step.grants, grants, step.what)
			require.Equal(t, step.seq, seq, step.what)
		}
		token.Issued = time.Time{}
		status, code := c.as("ana", id, "GET", "/v1/pull?cursor=")
		require.Equal(t, [2]any{500, "internal"}, [2]any{status, code}, "rights without a time")
	})
}

// TestOlderTokenIsNotFollowedByAnotherServer: a server remembers for a second which token of a user was the
// newest. Meanwhile another server follows a newer one.
func TestOlderTokenIsNotFollowedByAnotherServer(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		here, there := open(t, database), open(t, database)
		now := time.Now().Truncate(time.Second)
		here.at(&now)
		token := &Account{User: "ana", Workspace: "demo"}
		external(here, map[string]*Account{"ana": token})
		external(there, map[string]*Account{"ana": token})
		c, elsewhere := &client{t: t, url: listen(t, here)}, &client{t: t, url: listen(t, there)}
		first, second := uuid.NewString(), uuid.NewString()
		for _, step := range []struct {
			c      *client
			id     string
			issued int // seconds
			bucket string
		}{
			{c, first, 10, "a"},
			{c, first, 10, "a"}, // now the server remembers it
			{elsewhere, second, 30, "c"},
			{c, first, 20, "b"},
		} {
			token.Issued, token.Rights = now.Add(time.Duration(step.issued)*time.Second), map[string]string{step.bucket: "reader"}
			status, code := step.c.as("ana", step.id, "GET", "/v1/pull?cursor=")
			require.Equal(t, 200, status, code)
		}
		grants, _ := here.granted(t, "ana")
		require.Equal(t, map[string]int64{"c reader": 2}, grants)
	})
}

// TestMembersAreChangedByRequest checks who may change memberships by request, and what the requests show.
func TestMembersAreChangedByRequest(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		at := listen(t, s)
		ana, ben, eve := joined(t, at, "demo", ""), joined(t, at, "demo", ""), joined(t, at, "demo", "")
		give := func(by *client, user, bucket, role string) (int, string) {
			body, err := json.Marshal(Member{user, bucket, role})
			require.NoError(t, err)
			return by.request("POST", "/v1/members", string(body))
		}
		take := func(by *client, user, bucket string) (int, string) {
			return by.request("DELETE", "/v1/members?"+url.Values{"user": {user}, "bucket": {bucket}}.Encode(), "")
		}
		status, text := give(ana, ana.ID.String(), "p", "owner")
		require.Equal(t, 403, status)
		require.Equal(t, "may_not_grant", code(t, text))

		var asked []Grant
		s.options.MayGrant = func(a Actor, g Grant) error {
			asked = append(asked, g)
			if len(g.Members) == 0 && g.User == a.User || a.Roles[g.Bucket] == "owner" {
				return nil
			}
			return errors.New("only an owner gives and takes")
		}
		status, text = give(ana, ana.ID.String(), "p", "owner")
		require.Equal(t, 200, status, text)
		require.JSONEq(t, `{"user":"`+ana.ID.String()+`","bucket":"p","role":"owner"}`, text)
		for _, c := range []struct {
			status       int
			code, detail string
			do           func() (int, string)
		}{
			{403, "may_not_grant", "only an owner gives and takes", func() (int, string) { return give(eve, eve.ID.String(), "p", "owner") }},
			{403, "may_not_grant", "only an owner gives and takes", func() (int, string) { return give(eve, "stranger", "p", "owner") }},
			{403, "may_not_grant", "only an owner gives and takes", func() (int, string) { return take(eve, ana.ID.String(), "p") }},
			{404, "unknown_user", "", func() (int, string) { return give(ana, "stranger", "p", "reader") }},
			{400, "malformed", "", func() (int, string) { return give(ana, ben.ID.String(), "p", "") }},
			{400, "malformed", "", func() (int, string) { return give(ana, "", "p", "reader") }},
			{400, "malformed", "", func() (int, string) { return give(ana, ben.ID.String(), strings.Repeat("a", 201), "reader") }},
			{400, "malformed", "", func() (int, string) { return ana.request("POST", "/v1/members", "x") }},
			{400, "malformed", "", func() (int, string) { return ana.request("DELETE", "/v1/members?user=x", "") }},
			{405, "method_not_allowed", "", func() (int, string) { return ana.request("PUT", "/v1/members", "") }},
		} {
			status, text := c.do()
			require.Equal(t, c.status, status, text)
			require.Equal(t, c.code, code(t, text))
			require.Contains(t, text, c.detail)
		}
		asked = nil
		status, text = give(ana, ben.ID.String(), "p", "reader")
		require.Equal(t, 200, status, text)
		require.Equal(t, []Grant{{User: ben.ID.String(), Bucket: "p", Role: "reader", Members: map[string]string{ana.ID.String(): "owner"}}}, asked)

		seen := func(c *client, path string) (buckets map[string]int) {
			status, text := c.request("GET", path, "")
			require.Equal(t, 200, status, text)
			var got struct {
				User    string
				Members []Member
			}
			require.NoError(t, json.Unmarshal([]byte(text), &got))
			require.Equal(t, c.ID.String(), got.User)
			buckets = make(map[string]int)
			own := true // the rows of the user come first
			for _, m := range got.Members {
				require.True(t, own || m.User != got.User, text)
				own = m.User == got.User
				buckets[m.Bucket+" "+m.Role]++
			}
			return buckets
		}
		require.Equal(t, map[string]int{" writer": 3, "p owner": 1, "p reader": 1}, seen(ben, "/v1/members"))
		require.Equal(t, map[string]int{"p owner": 1, "p reader": 1}, seen(ben, "/v1/members?bucket=p"))
		require.Equal(t, map[string]int{" writer": 3}, seen(eve, "/v1/members"), "the members of a bucket were shown to a stranger")
		require.Empty(t, seen(eve, "/v1/members?bucket=p"))
		status, text = take(ana, ben.ID.String(), "p")
		require.Equal(t, 200, status, text)
		require.Equal(t, map[string]int{" writer": 3}, seen(ben, "/v1/members"))
	})
}
