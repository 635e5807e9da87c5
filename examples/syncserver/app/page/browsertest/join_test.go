package browsertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPageSecondTabSyncs: another tab of the same browser has replicas of its own, and edits in one
// appear in the other.
func TestPageSecondTabSyncs(t *testing.T) {
	brief(t)
	first := visit(t)
	first.left.AddTask("Paint the fence")
	first.settle()
	second := open(t, browserOf(t), first.network)
	require.Len(t, clients(first, second), 4, "two replicas have the same client ID")
	second.left.Shows("Paint the fence")
	second.picture("second-tab")

	second.right.SetTitle("Paint the fence", "Paint it red")
	first.front()
	first.left.Shows("Paint it red")
	first.left.SetTitle("Paint it red", "Paint it blue")
	second.front()
	second.right.Shows("Paint it blue")

	second.reload()
	require.Len(t, clients(first, second), 4, "a reloaded tab took the replicas of the other tab")
	second.agree()
	first.front()
	first.agree()
}

// TestPageSecondBrowserSyncs: another browser opens the server's own address, and joins.
func TestPageSecondBrowserSyncs(t *testing.T) {
	brief(t)
	first := visit(t)
	first.left.AddTask("Paint the fence")
	first.settle()
	other, err := start()
	require.NoError(t, err)
	t.Cleanup(other.Close)
	direct := &network{URL: "http://" + first.network.server.Address, server: first.network.server}
	second := open(t, other, direct)
	require.Len(t, clients(first, second), 4, "two replicas have the same client ID")

	second.right.SetTitle("Paint the fence", "Paint it red")
	first.left.Shows("Paint it red")
	first.right.SetTitle("Paint it red", "Paint it blue")
	second.left.Shows("Paint it blue")
	second.agree()
	first.agree()
	require.Contains(t, first.left.Why("Paint it blue", "title"), "Ben’s laptop wrote ‘Paint it blue’")
	require.Contains(t, first.left.Why("Paint it blue", "title"), "written by Dan’s laptop")
}

// clients returns the distinct client IDs of all replicas of the given screens.
func clients(screens ...*screen) map[string]bool {
	ids := make(map[string]bool)
	for _, s := range screens {
		ids[s.left.Client()] = true
		ids[s.right.Client()] = true
	}
	return ids
}

// TestPageRequestsEachFileOnce: no file is requested twice, and nothing of the replica in Go is requested before somebody
// chooses it.
func TestPageRequestsEachFileOnce(t *testing.T) {
	if *webAssembly {
		t.Skip("SKIPPED, NOT PASSED: -webassembly")
	}
	s := visit(t)
	s.await("the browser has the icon", func() bool {
		s.network.mu.Lock()
		defer s.network.mu.Unlock()
		return s.network.files["/page/icon.svg"] > 0
	})
	s.network.mu.Lock()
	defer s.network.mu.Unlock()
	delete(s.network.files, "/favicon.ico")
	require.Equal(t, map[string]int{"/": 1, "/page/main.js": 1, "/page/page.css": 1, "/page/icon.svg": 1}, s.network.files)
}

// TestPageReportsMissingWorkspace: an address that names no workspace is reported at once, with
// what to do. The page does not retry.
func TestPageReportsMissingWorkspace(t *testing.T) {
	b := browserOf(t)
	n := newNetwork(t, newServer(t))
	tab, err := b.Open(n.URL + "/?workspace=NOT%20VALID")
	require.NoError(t, err)
	t.Cleanup(tab.Close)
	require.NoError(t, tab.Wait(`document.querySelector('#left [data-testid="sync-state"]')?.textContent.includes("no workspace")`))
	require.NoError(t, tab.Wait(`document.getElementById("server").dataset.state === "up"`))
}
