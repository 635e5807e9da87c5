package browsertest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
)

// maxSite is the greatest size of the folder of the static site, in bytes.
const maxSite = 1_600_000

// buildSite returns the files of the static site.
var buildSite = sync.OnceValues(page.Site)

// site is the static site, in a folder of a file server.
type site struct {
	*httptest.Server
	asked atomic.Int64 // the requests for v1/
}

// serveSite writes the static site to a folder and serves the folder, as a file server without any settings does.
func serveSite(t *testing.T) *site {
	t.Helper()
	files, err := buildSite()
	require.NoError(t, err)
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, "demo", filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	s := new(site)
	folder := http.FileServer(http.Dir(root))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/v1/") {
			s.asked.Add(1)
		}
		folder.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// open opens the site in a new tab, and waits until both replicas are in sync with the server.
func (s *site) open(t *testing.T, b *browser.Browser, query string) *screen {
	t.Helper()
	tab, err := b.Open(s.URL + "/demo/" + query)
	require.NoError(t, err)
	opened := attach(t, tab, nil)
	opened.agree()
	return opened
}

// forBrowsers runs a story in each browser that is installed.
func forBrowsers(t *testing.T, story func(t *testing.T, b *browser.Browser)) {
	for name, start := range map[string]func(context.Context) (*browser.Browser, error){
		"Chromium": browser.Start, "Firefox": browser.StartFirefox,
	} {
		t.Run(name, func(t *testing.T) {
			b, err := start(context.Background())
			if errors.Is(err, browser.ErrMissing) {
				t.Skip("SKIPPED, NOT PASSED: needs a browser: ", err)
			}
			require.NoError(t, err)
			t.Cleanup(b.Close)
			story(t, b)
		})
	}
}

// TestSiteIsOneSmallFolder: the folder has the files of the page, and little more.
func TestSiteIsOneSmallFolder(t *testing.T) {
	files, err := buildSite()
	require.NoError(t, err)
	size := 0
	for _, content := range files {
		size += len(content)
	}
	t.Log(size, "bytes")
	require.LessOrEqual(t, size, maxSite)
}

// TestSitePlaysTheStories: the server runs in the browser. The stories of the page come to the same ends as with a server
// elsewhere, and no request for a server leaves the browser. The page offers no histories.
func TestSitePlaysTheStories(t *testing.T) {
	forBrowsers(t, func(t *testing.T, b *browser.Browser) {
		served := serveSite(t)
		s := served.open(t, b, "")
		eval[bool](s, watch)
		require.False(t, eval[bool](s, s.left.inTask("Fix the gate", "task-history")+".checkVisibility()"), "this server keeps no journal")
		s.left.Why("Fix the gate", "title")
		require.True(t, eval[bool](s, historyButton+" === null"))
		for _, story := range []string{"edit", "book", "clock", "lose"} {
			require.NotEmpty(t, s.play(story))
			s.isAsBefore()
		}
		require.Contains(t, s.right.Titles(), "Paint the door red")
		require.Equal(t, []string{"Budget", "Planning"}, s.right.booked("Room B"))
		require.Empty(t, s.right.shown().Warnings)
		require.Zero(t, served.asked.Load())
	})
}

// TestSiteServerMovesToAnotherWindow: all windows use the server of the first window. When that window is closed, another
// one runs the server, with everything that was stored.
func TestSiteServerMovesToAnotherWindow(t *testing.T) {
	brief(t)
	forBrowsers(t, func(t *testing.T, b *browser.Browser) {
		served := serveSite(t)
		first := served.open(t, b, "?example=none")
		first.left.AddTask("Paint the fence")
		first.agree()
		second := served.open(t, b, "?example=none")
		second.right.Shows("Paint the fence")
		second.right.AddTask("Fix the gate")
		second.agree()
		first.leave()

		second.front()
		second.left.AddTask("Order the paint")
		second.right.Shows("Paint the fence", "Fix the gate", "Order the paint")
		second.agree()
		second.leave()
		last := served.open(t, b, "?example=none")
		last.left.Shows("Paint the fence", "Fix the gate", "Order the paint")
		last.agree()
	})
}

// TestSiteReloadsWithoutNetwork: after the first visit, the site needs no file server.
func TestSiteReloadsWithoutNetwork(t *testing.T) {
	forBrowsers(t, func(t *testing.T, b *browser.Browser) {
		served := serveSite(t)
		s := served.open(t, b, "?example=none")
		s.left.AddTask("Paint the fence")
		s.agree()
		require.NoError(t, s.tab.Wait(`navigator.serviceWorker.controller`))
		served.Close()

		s.reload()
		s.right.Shows("Paint the fence")
		s.right.AddTask("Fix the gate")
		s.left.Shows("Paint the fence", "Fix the gate")
		s.left.moves("Paint the fence", kb.ArrowUp, "“Paint the fence”: 1 of 2 in To do")
		s.bothOrdered("todo", "Paint the fence", "Fix the gate")
	})
}
