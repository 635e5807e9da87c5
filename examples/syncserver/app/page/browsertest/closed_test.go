package browsertest_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
)

// origins are the places from which a page can be loaded: this machine, which browsers trust, and
// another machine over plain HTTP, where a page has no locks.
var origins = []string{"127.0.0.1", browser.OtherMachine}

// visitFrom is like visit, but loads the page from the given origin.
func visitFrom(t *testing.T, origin string) *screen {
	t.Helper()
	b := browserOf(t)
	n := newNetwork(t, newServer(t))
	n.URL = strings.Replace(n.URL, "127.0.0.1", origin, 1)
	return open(t, b, n)
}

// leave closes the tab once everything done in it is on disk.
func (s *screen) leave() {
	s.t.Helper()
	s.saved()
	s.tab.Close()
}

// leaveSlot closes the tab, and waits until another tab can take its slot: the browser ends the page of a closed tab a little
// later.
func (s *screen) leaveSlot() {
	s.t.Helper()
	lock := "fieldlww-slot/demo/" + eval[string](s, `sessionStorage.getItem('fieldlww-slot-demo')`)
	s.leave()
	tab, err := browserOf(s.t).Open(s.network.URL + "/page/dom.js") // of the same origin, and without the page
	require.NoError(s.t, err)
	defer tab.Close()
	_, err = browser.Eval[bool](tab, fmt.Sprintf(`navigator.locks ? navigator.locks.request(%[1]q, () => true) : new Promise((resolve, reject) => {
		const removal = indexedDB.deleteDatabase(%[1]q); // waits for the page, see lock.js
		removal.onsuccess = () => resolve(true);
		removal.onerror = () => reject(removal.error);
	})`, lock))
	require.NoError(s.t, err)
}

// TestPageKeepsOfflineEditsOfClosedTab: offline edits of a tab that was closed appear in the next
// tab, which is the same device.
func TestPageKeepsOfflineEditsOfClosedTab(t *testing.T) {
	s := visitFrom(t, browser.OtherMachine)
	client := s.left.Client()
	s.left.Online(false)
	s.left.AddTask("Paint the fence")
	s.leaveSlot()

	again := begin(t, browserOf(t), s.network)
	again.left.Waits(1)
	require.Equal(t, client, again.left.Client())
	again.left.Online(true)
	again.right.Shows("Paint the fence")
	again.agree()
	require.Empty(t, again.left.shown().Notices)
}

// TestPageOffersUnsentEditsOfClosedTabs: after a tab with an unsent edit and another tab are
// closed, the next tab has that edit. A tab that stays open reports an unsent edit of a closed tab.
func TestPageOffersUnsentEditsOfClosedTabs(t *testing.T) {
	first := visit(t)
	second := open(t, browserOf(t), first.network)
	second.left.Online(false)
	second.left.AddTask("Fix the gate")
	second.leaveSlot()
	first.leaveSlot()
	again := begin(t, browserOf(t), first.network)
	again.left.Waits(1)
	require.Empty(t, again.left.shown().Notices)

	another := begin(t, browserOf(t), first.network)
	another.left.Online(false)
	another.left.AddTask("Paint the fence")
	another.leaveSlot()
	again.front()
	again.reload()
	again.left.Shows("Fix the gate")
	again.left.IsTold("A tab that was closed left 1 edit unsent")
	again.picture("left")
	last := begin(t, browserOf(t), first.network)
	last.left.Waits(1)
	last.left.Shows("Paint the fence")
}

// TestPageTabsHaveReplicasOfTheirOwn: tabs that are opened at the same time, and a duplicated
// tab, all have replicas of their own.
func TestPageTabsHaveReplicasOfTheirOwn(t *testing.T) {
	for _, origin := range origins {
		t.Run(origin, func(t *testing.T) {
			first := visitFrom(t, origin)
			screens := append(openAtOnce(t, first.network, 2), first)
			for _, s := range screens {
				s.front()
				s.await("the tab has joined", func() bool { return s.left.Client() != "none" && s.right.Client() != "none" })
			}
			require.Len(t, clients(screens...), 6, "two replicas have the same client ID")

			client := first.left.Client()
			first.reload()
			require.Equal(t, client, first.left.Client(), "another tab took the slot of the reloaded tab")

			copied := screens[0]
			copied.front()
			eval[any](copied, `sessionStorage.setItem('fieldlww-slot-demo', '1')`)
			copied.reload()
			copied.settle()
			require.Len(t, clients(copied, first), 4, "a duplicated tab uses the replicas of the original")
		})
	}
}

// openAtOnce opens the page in the given number of tabs at the same time.
func openAtOnce(t *testing.T, n *network, tabs int) []*screen {
	t.Helper()
	b := browserOf(t)
	opened, errs := make([]*browser.Tab, tabs), make([]error, tabs)
	var all sync.WaitGroup
	for i := range tabs {
		all.Go(func() { opened[i], errs[i] = b.Open(n.emptyPage()) })
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	screens := make([]*screen, tabs)
	for i, tab := range opened {
		screens[i] = attach(t, tab, n)
	}
	return screens
}
