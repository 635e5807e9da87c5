package browsertest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPageKeepsOutboxOverReload: after a reload an offline edit is still there and waiting, and
// the same client sends it.
func TestPageKeepsOutboxOverReload(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	clients := []string{s.left.Client(), s.right.Client()}
	s.left.Online(false)
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.left.AddTask("Fix the gate")
	s.left.Waits(2)

	s.reload()
	require.Equal(t, clients, []string{s.left.Client(), s.right.Client()})
	s.left.Shows("Paint it red", "Fix the gate")
	s.right.Shows("Paint the fence")
	require.False(t, s.left.shown().Online)
	s.left.Waits(2)
	s.picture("reloaded")

	s.left.Online(true)
	s.right.Shows("Paint it red", "Fix the gate")
	s.agree()
}

// loseAnswer adds a task on the left and edits its title; the answer to this edit is lost. It
// returns the client and the number of its earlier pushes.
func (s *screen) loseAnswer(title, edited string) (client string, pushes int) {
	s.t.Helper()
	s.left.AddTask(title)
	s.settle()
	client = s.left.Client()
	pushes = s.network.pushes(client)
	s.network.loseAnswer(client)
	s.left.SetTitle(title, edited)
	return client, pushes
}

// TestPageSurvivesKilledServer: the server is killed after it has stored an edit, before the answer
// arrives. Editing goes on, and after a restart all edits arrive.
func TestPageSurvivesKilledServer(t *testing.T) {
	s := visit(t)
	client, before := s.loseAnswer("Paint the fence", "Paint it red")
	s.await("the server has stored the edit", func() bool { return s.network.pushes(client) > before })
	s.network.server.Kill()
	s.network.reconnect(client)

	s.left.AddTask("Fix the gate")
	s.right.AddTask("Order the paint")
	s.await("both sides say that there is no server", func() bool {
		return s.left.shown().Sync == "unreachable" && s.right.shown().Sync == "unreachable"
	})
	s.left.Shows("Paint it red", "Fix the gate")
	s.picture("no-server")

	require.NoError(t, s.network.server.StartAgain())
	s.left.Shows("Paint it red", "Fix the gate", "Order the paint")
	s.right.Shows("Paint it red", "Fix the gate", "Order the paint")
	s.agree()
}

// TestPageRetryAfterLostAnswerChangesNothing: the answer to an edit is lost, the other side edits
// the same field, and the first edit is sent again. This retry changes nothing.
func TestPageRetryAfterLostAnswerChangesNothing(t *testing.T) {
	s := visit(t)
	client, before := s.loseAnswer("Paint the fence", "Paint it red")
	s.right.Shows("Paint it red") // so the server has stored the edit
	s.right.SetTitle("Paint it red", "Paint it blue")
	s.isStored("Paint it blue")
	s.left.Waits(1)
	s.left.Shows("Paint it red")
	written := s.written("Paint it blue")

	s.network.reconnect(client)
	s.retry()
	s.left.Shows("Paint it blue")
	s.agree()
	require.Equal(t, before+2, s.network.pushes(client), "the first edit was not sent exactly twice")
	s.right.Shows("Paint it blue")
	require.Equal(t, written, s.written("Paint it blue"))
	require.Empty(t, append(s.left.shown().Notices, s.right.shown().Notices...), "there is a notice, although the author of the later edit had seen the earlier one")
}

// tooLong is a title that the server refuses.
var tooLong = strings.Repeat("Paint the fence. ", 5)[:81]

// TestPageRestoresTitleAfterRefusal: a title that is too long is refused, and the earlier title
// is restored.
func TestPageRestoresTitleAfterRefusal(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	_, release := s.network.hold(s.left.Client())
	s.left.SetTitle("Paint the fence", tooLong)
	s.left.Shows(tooLong)

	release()
	s.left.IsTold("refused the title of “Paint the fence”", "at most 80 characters", "put back", tooLong[:79]+"…")
	s.left.Shows("Paint the fence")
	s.agree()
	s.picture("rolled-back")
	s.right.Shows("Paint the fence")
	require.Empty(t, s.right.shown().Notices)
}

// TestPageKeepsEditMadeBeforeRefusal: the user writes another title while one that is too long is
// on its way. The long title is refused; the later one stays in the outbox and arrives.
func TestPageKeepsEditMadeBeforeRefusal(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	letOne, release := s.network.hold(s.left.Client())
	s.left.SetTitle("Paint the fence", tooLong)
	s.left.Shows(tooLong)
	s.await("the first edit is on its way", func() bool { return s.network.onItsWay.Load() == 1 })
	s.left.SetTitle(tooLong, "Paint it red")
	s.left.Shows("Paint it red")
	s.left.Waits(2)

	states := s.left.states()
	letOne()
	s.left.IsTold("refused the title", "at most 80 characters", "Your later edit is kept", tooLong[:79]+"…")
	s.left.Waits(1)
	s.await("the later edit is on its way", func() bool { return s.network.onItsWay.Load() == 1 })
	require.NotContains(t, states(), "unreachable", "the refusal was taken for an unreachable server")
	require.Equal(t, []string{"Paint it red"}, s.left.Titles())
	require.Equal(t, []string{"Paint the fence"}, s.right.Titles())
	s.picture("later-edit-stays")

	release()
	s.right.Shows("Paint it red")
	s.agree()
}
