package server

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCanceledWaitTakesNoSlot checks that a push that stops waiting for a slot of its workspace or
// of the server keeps no slot and fails with the status 503.
func TestCanceledWaitTakesNoSlot(t *testing.T) {
	a := newAdmission(2, 2)
	enter := func(workspace string) func() {
		release, err := a.enter(context.Background(), workspace)
		require.NoError(t, err)
		return release
	}
	giveUp := func(workspace string) {
		ctx, end := context.WithCancel(context.Background())
		refused := make(chan error)
		before := a.waiting(workspace)
		go func() {
			_, err := a.enter(ctx, workspace)
			refused <- err
		}()
		require.Eventually(t, func() bool { return a.waiting(workspace) == before+1 }, time.Minute, time.Millisecond)
		end()
		var fail *failure
		require.ErrorAs(t, <-refused, &fail)
		require.Equal(t, 503, fail.status)
	}
	first, second := enter("one"), enter("one")
	giveUp("one") // all slots of this workspace are taken
	waiter := make(chan func())
	go func() { waiter <- enter("two") }()
	require.Eventually(t, func() bool { return a.waiting("two") == 1 }, time.Minute, time.Millisecond)
	for range 3 {
		giveUp("two") // all slots of the server are taken
	}
	first()
	third := <-waiter
	second()
	enter("two")()
	third()
	require.Empty(t, a.all)
	require.Empty(t, a.of)
}

// waiting returns how many pushes of a workspace run or wait.
func (a *admission) waiting(workspace string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if q := a.of[workspace]; q != nil {
		return q.users
	}
	return 0
}
