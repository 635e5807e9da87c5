package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// TestRequestsNeedAValidToken checks that a client without a token from the server can neither read
// nor write.
func TestRequestsNeedAValidToken(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	ana, other := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	require.NotEqual(t, ana.ID, other.ID)
	parts := strings.Split(ana.Token, ".")
	for name, token := range map[string]string{
		"none":              "",
		"garbage":           "x",
		"no signature":      parts[0] + "." + parts[1],
		"empty signature":   parts[0] + "." + parts[1] + ".",
		"another client":    parts[0] + "." + other.ID.String() + "." + parts[2],
		"another workspace": "secret." + parts[1] + "." + parts[2],
		"trailing dot":      parts[0] + "." + parts[1] + "." + parts[2] + ".",
		"an invitation":     parts[0] + "." + parts[1] + "." + tokens{key: []byte("?")}.sign("invitation", parts[0]),
		"upper case":        strings.ToUpper(ana.Token),
	} {
		liar := client{t: t, url: url, Token: token}
		for _, request := range [][2]string{{"POST", "/v1/push"}, {"GET", "/v1/pull"}, {"GET", "/v1/events"}} {
			status, text := liar.request(request[0], request[1], "[]")
			require.Equal(t, 401, status, "%s: %s", name, text)
			require.JSONEq(t, `{"code":"unauthorized","detail":"the token is missing or invalid: join the workspace"}`, text)
		}
	}
	require.Empty(t, ana.pull("0"))
	answer, err := http.Get(url + "/v1/pull")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, "Bearer", answer.Header.Get("WWW-Authenticate"))
}

// TestWorkspacesAreIsolated checks that joining needs an invitation, and that a member of one
// workspace cannot read or change the records of another, even if the records have the same keys.
func TestWorkspacesAreIsolated(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		stranger := client{t: t, url: url}
		for _, invite := range []string{"", "x", s.tokens.sign("invitation", "demo"), s.tokens.sign("token", "secret")} {
			status, text := stranger.request("POST", "/v1/join", `{"workspace":"secret","invite":"`+invite+`"}`)
			require.Equal(t, 403, status)
			require.Contains(t, text, `"code":"not_invited"`)
		}
		for _, workspace := range []string{"", "Demo", "a.b", "a/b", "ä", strings.Repeat("a", 65)} {
			status, _ := stranger.request("POST", "/v1/join", `{"workspace":"`+workspace+`"}`)
			require.Equal(t, 400, status, workspace)
			invite, err := s.Invitation(workspace)
			require.Error(t, err)
			require.Empty(t, invite)
		}
		invite, err := s.Invitation("secret")
		require.NoError(t, err)
		ana, eve := joined(t, url, "secret", invite), joined(t, url, "demo", "")

		ana.push(ana.set(board.Tasks, "a", board.Title, "Secret"))
		require.Empty(t, eve.pull("0"))
		for _, field := range []string{"x", "y", "z"} { // makes the sequences of the two workspaces differ
			eve.push(eve.set(board.Tasks, "a", field, "Overwritten"))
		}
		ana.push(ana.set(board.Tasks, "b", board.Title, "Secret, too"))
		require.Equal(t, map[int64]map[string]any{1: {board.Title: "Secret"}, 2: {board.Title: "Secret, too"}}, bySeq(ana.pull("0")))
		require.Equal(t, map[int64]map[string]any{3: {"x": "Overwritten", "y": "Overwritten", "z": "Overwritten"}}, bySeq(eve.pull("0")))

		// A meeting in another workspace does not take the room.
		ana.push(ana.set(board.Meetings, "m", "slot", taken(9)))
		require.Empty(t, eve.push(eve.set(board.Meetings, "m2", "slot", taken(9))).Violations)
		require.Empty(t, ana.push(ana.set(board.Meetings, "m", board.Title, "x")).Violations)
	})
}

// bySeq returns the fields of each record, by the sequence of the record.
func bySeq(lines []line) map[int64]map[string]any {
	all := make(map[int64]map[string]any)
	for _, l := range lines {
		all[l.Seq] = l.Data.Map()
	}
	return all
}

// TestForbiddenItemsAreRefusedAlone checks that a forbidden item is refused with a code and not
// stored, and that the other item of the push is stored.
func TestForbiddenItemsAreRefusedAlone(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	ana, eve := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	long := strings.Repeat("ä", board.MaxTitle)
	for _, c := range []struct {
		code  merge.Code
		table string
		id    string
		field string
		value string
		by    *client
	}{
		{"", board.Tasks, "1", board.Title, long, eve},
		{board.TitleTooLong, board.Tasks, "2", board.Title, long + "x", eve},
		{board.TitleTooLong, board.Meetings, "2", board.Title, long + "x", eve},
		{merge.OtherClient, board.Tasks, "3", board.Title, "Not mine", ana},
		{board.UnknownTable, "passwords", "4", "x", "y", eve},
		{board.OtherDevice, board.Devices, ana.ID.String(), board.Name, "Eve was here", eve},
		{"", board.Devices, eve.ID.String(), board.Name, "Eve's phone", eve},
		{violation.CodeDerivedField, violation.DefaultTable, "v", "status", "resolved", eve},
	} {
		good := eve.set(board.Tasks, "good", "note", string(c.code)+c.table+c.id)
		replies := eve.push(c.by.set(c.table, c.id, c.field, c.value), good).Results
		require.Equal(t, c.code, replies[0].Code)
		require.Equal(t, c.code == "", replies[0].Verdict == "accepted")
		require.Equal(t, "accepted", replies[1].Verdict)
		for _, l := range eve.pull("0") {
			require.False(t, c.code != "" && l.Data.Key().Table == c.table && l.Data.Key().ID == c.id, "the item refused with %s was stored", c.code)
		}
	}
}
