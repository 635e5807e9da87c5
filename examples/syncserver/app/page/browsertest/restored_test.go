package browsertest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestPageRecoversFromRestoredServer: the server's database is restored from a backup that lacks
// the last edits. Both sides notice the loss and say so, send the lost edits again, and send their
// waiting edits. Text that was being typed is kept.
func TestPageRecoversFromRestoredServer(t *testing.T) {
	file := databasetest.SQLite(t)
	p, err := program.Start(file)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	s := open(t, browserOf(t), newNetwork(t, p))
	s.left.AddTask("Paint the fence")
	s.settle()
	require.NoError(t, p.Stop())
	backup, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, p.StartAgain())

	s.left.AddTask("Fix the gate")
	s.right.SetTitle("Paint the fence", "Paint it red")
	s.agree()
	clients := []string{s.left.Client(), s.right.Client()}
	s.left.Online(false)
	s.left.AddTask("Order the paint")
	s.left.Waits(1)
	require.NoError(t, p.Stop())
	for _, end := range []string{"-wal", "-shm"} {
		require.NoError(t, os.RemoveAll(file+end))
	}
	require.NoError(t, os.WriteFile(file, backup, 0o600))
	require.NoError(t, p.StartAgain())

	s.right.IsTold("older than what this device had seen")
	s.right.Shows("Paint it red")
	eval[any](s, s.left.inTask("Paint it red", "task-assignee")+".focus()")
	s.press("Ben")
	eval[any](s, s.left.find("online-switch")+".click()") // the focus stays
	s.left.IsTold("older than what this device had seen")
	s.agree()
	s.left.Shows("Paint it red", "Fix the gate", "Order the paint")
	require.Equal(t, clients, []string{s.left.Client(), s.right.Client()})
	require.Equal(t, "Ben", s.right.Tasks()[2].Assignee)
	s.picture("restored")
}
