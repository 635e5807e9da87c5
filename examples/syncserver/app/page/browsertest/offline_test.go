package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
)

// TestPageLoadsWithoutItsServer: the browser keeps the page, also the replica in Go once it was used. So the page can be
// reloaded and edited while nothing answers, and sends the edits later.
func TestPageLoadsWithoutItsServer(t *testing.T) {
	s := visit(t)
	s.left.use("webassembly")
	s.left.AddTask("Paint the fence")
	s.agree()
	require.NoError(t, s.tab.Wait(`navigator.serviceWorker.controller`))
	s.reload() // the files that are kept when they are used
	s.agree()
	s.await("the browser keeps the program", func() bool {
		return eval[bool](s, `Promise.all(['page/replica.wasm', 'page/wasm_exec.js'].map((name) => caches.match(name, {ignoreVary: true}))).then((all) => all.every(Boolean))`)
	})
	s.network.down.Store(true)

	s.reload()
	s.right.Shows("Paint the fence")
	require.Equal(t, "webassembly", s.left.entry("device", "program"))
	s.left.AddTask("Fix the gate")
	s.left.Waits(1)
	s.left.moves("Paint the fence", kb.ArrowUp, "“Paint the fence”: 1 of 2 in To do")
	s.left.Waits(2)
	require.NotContains(t, eval[string](s, `caches.keys().then((names) => Promise.all(names.map(async (name) => {
		const all = await (await caches.open(name)).keys();
		return all.map((request) => request.url).join(' ');
	})).then((all) => all.join(' ')))`), "/v1/")

	s.network.down.Store(false)
	s.retry()
	s.bothOrdered("todo", "Paint the fence", "Fix the gate")
}

// TestPageSaysThatItCannotLoadOffline: over plain HTTP from another machine, browsers keep no pages, and the page says so.
func TestPageSaysThatItCannotLoadOffline(t *testing.T) {
	s := visitFrom(t, browser.OtherMachine)
	require.NoError(t, s.tab.Wait(`document.querySelector('.legend').textContent.includes('cannot be loaded offline: it was not loaded over HTTPS')`))
}
