package browsertest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestPageRecoversFromRestoredServer: the server's database is restored from a backup that lacks
// the last edits. Both sides notice and report the loss, send the lost edits again, report how many
// these are, and send their waiting edits. Text that was being typed is kept.
func TestPageRecoversFromRestoredServer(t *testing.T) {
	for _, name := range []string{"restored", "copied"} {
		t.Run(name, func(t *testing.T) { recovers(t, name == "restored") })
	}
}

// recovers restores the backup, with the command "syncserver restored" or without it, as if the
// operator had forgotten it.
func recovers(t *testing.T, command bool) {
	file := databasetest.SQLite(t)
	s := visitOn(t, file)
	p := s.network.server
	s.left.AddTask("Paint the fence")
	s.settle()
	require.NoError(t, p.Stop())
	backup, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, p.StartAgain())
	s.retry()

	s.left.AddTask("Fix the gate")
	s.left.AddTask("Buy a brush")
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
	if command {
		require.NoError(t, program.Command("restored", "-db", file).Run())
	}
	require.NoError(t, p.StartAgain())
	s.retry()

	s.right.IsTold("older than what this device had seen")
	s.right.IsTold("One edit of yours that the server had stored and then lost is sent again")
	s.right.Shows("Paint it red")
	eval[any](s, s.left.inTask("Paint it red", "task-assignee")+".focus()")
	s.press("Ben")
	eval[any](s, s.left.find("online-switch")+".click()") // the focus stays
	s.left.IsTold("older than what this device had seen", "2 edits that have not been sent are kept")
	s.left.IsTold("2 edits of yours that the server had stored and then lost are sent again")
	s.agree()
	s.left.Shows("Paint it red", "Fix the gate", "Buy a brush", "Order the paint")
	require.Equal(t, clients, []string{s.left.Client(), s.right.Client()})
	require.Equal(t, "Ben", s.right.Tasks()[3].Assignee)
	require.Len(t, s.left.shown().Notices, 2)
	require.Len(t, s.right.shown().Notices, 2)
	s.picture("restored")
}
