package browsertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Reset presses the button for that, which is behind another.
func (p *panel) Reset() {
	p.t.Helper()
	p.click(p.element() + `.querySelector(".drop.end summary")`)
	p.click(p.find("reset"))
}

// TestPageReset: a side that is reset forgets what it has not sent, joins as another device,
// and has in the end what the server has.
func TestPageReset(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	client := s.left.Client()
	s.left.Online(false)
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.left.Waits(1)
	s.left.Reset()
	s.left.Shows("Paint the fence")
	s.agree()
	require.NotEqual(t, client, s.left.Client())
	require.True(t, s.left.shown().Online)
}

// TestPageResetWithoutServer: a clock that is set after a reset, and before the side could
// join again, stores nothing of what the side was: it would begin to pull where that was.
func TestPageResetWithoutServer(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.network.server.Kill()
	s.left.Reset()
	s.await("nothing is shown", func() bool { return len(s.left.Titles()) == 0 })
	s.left.SetClock(-60)
	require.NoError(t, s.network.server.StartAgain())
	s.left.Shows("Paint the fence")
	s.agree()
}

// TestPageResetFails: where the browser cannot clear its storage, that is told, and the side
// stays as it was, and online.
func TestPageResetFails(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	client := s.left.Client()
	eval[bool](s, `Boolean(IDBObjectStore.prototype.clear = () => { throw new Error("the disk is gone"); })`)
	s.left.Reset()
	s.left.IsTold("could not be reset", "the disk is gone")
	require.Equal(t, client, s.left.Client())
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.right.Shows("Paint it red")
	s.agree()
}
