package browsertest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestPageKeepsUsersApart: a device that was Ana's is signed out and used by Ben. Ben neither sees nor
// sends what Ana's edit says that still waits. When Ana uses the device again, the edit is there and is
// sent, and Ben's waits.
func TestPageKeepsUsersApart(t *testing.T) {
	brief(t)
	file := databasetest.SQLite(t)
	b := browserOf(t)
	p, err := program.Start(file)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	n := newNetwork(t, p)
	var s *screen
	as := func(user, before string) {
		operate(t, file, func(srv *server.Server, _ *server.Database, _ *time.Time) {
			if before != "" {
				require.NoError(t, srv.SignOut(t.Context(), "demo", before))
				for _, p := range []*panel{s.left, s.right} {
					s.await("the server, another process, has noticed", p.isSignedOut)
				}
			}
			invitation, err := srv.InvitationFor("demo", user)
			require.NoError(t, err)
			place := n.URL + "/?workspace=demo&example=none#invite=" + invitation
			if s == nil {
				tab, err := b.Open(place)
				require.NoError(t, err)
				s = attach(t, tab, n)
				return
			}
			s.markDocument()
			eval[bool](s, fmt.Sprintf(`Boolean(location = %q)`, place)) // only the invitation changes, so the page reloads itself
			s.readyAgain()
		})
	}
	as("ana", "")
	s.left.AddTask("Paint the fence")
	s.settle()
	s.left.Online(false)
	s.left.AddTask("A present for Ben")
	s.left.Waits(1)

	as("ben", "ana")
	s.left.changesUser()
	s.left.Shows("Paint the fence")
	s.left.Waits(0)
	require.NotContains(t, eval[string](s, s.left.element()+".textContent"), "present")
	require.Equal(t, []string{"Paint the fence"}, s.publicTitles())
	s.left.Online(false)
	s.left.AddTask("A present for Ana")
	s.left.Waits(1)

	as("ana", "ben")
	s.left.changesUser()
	s.left.Shows("Paint the fence", "A present for Ben")
	s.left.Waits(0)
	require.ElementsMatch(t, []string{"Paint the fence", "A present for Ben"}, s.publicTitles())

	as("ben", "ana")
	s.left.changesUser()
	s.left.Shows("Paint the fence", "A present for Ben", "A present for Ana")
}

// isSignedOut reports whether the server refuses the device.
func (p *panel) isSignedOut() bool {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.network.server.Address+membersPath, nil)
	require.NoError(p.t, err)
	request.Header.Set("Authorization", "Bearer "+p.entry("device", "token"))
	answer, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusUnauthorized
}

// changesUser goes online with a token that has ended, and joins with the invitation in the address.
func (p *panel) changesUser() {
	p.t.Helper()
	p.Online(true)
	p.IsTold("The server no longer knows this device")
	p.click(p.find("notice-action"))
	p.await("the device has joined", func() bool { return p.shown().Sync == "current" })
}
