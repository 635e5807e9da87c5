package browsertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Reset opens the menu and presses the reset button.
func (p *panel) Reset() {
	p.t.Helper()
	p.click(p.element() + `.querySelector(".drop.end summary")`)
	p.click(p.find("reset"))
}

// TestPageResetJoinsAsNewDevice: a side that is reset forgets its unsent edits, joins as
// another device, and ends with the server's data.
func TestPageResetJoinsAsNewDevice(t *testing.T) {
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

// TestPageResetForgetsCursor: setting the clock after a reset, before the side has joined again,
// stores nothing of the old state. Otherwise the side would pull from its old cursor.
func TestPageResetForgetsCursor(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.network.server.Kill()
	s.left.Reset()
	s.await("no task is shown", func() bool { return len(s.left.Titles()) == 0 })
	s.left.SetClock(-60)
	require.NoError(t, s.network.server.StartAgain())
	s.retry()
	s.left.Shows("Paint the fence")
	s.agree()
}

// TestPageFailedResetChangesNothing: if the browser cannot clear its storage, a notice says so,
// and the side stays as it was and online.
func TestPageFailedResetChangesNothing(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	client := s.left.Client()
	eval[bool](s, `(({ prototype: store }, remove) => {
		remove = store.delete;
		store.delete = function (key) {
			if (key instanceof IDBKeyRange) throw new Error("the disk is gone");
			return remove.call(this, key);
		};
		return true;
	})(IDBObjectStore)`)
	s.left.Reset()
	s.left.IsTold("could not be reset", "the disk is gone")
	require.Equal(t, client, s.left.Client())
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.right.Shows("Paint it red")
	s.agree()
}
