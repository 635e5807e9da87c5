package browsertest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
)

// screen is the page in a tab of a browser, with its two replicas.
type screen struct {
	t           *testing.T
	tab         *browser.Tab
	network     *network
	left, right *panel
}

// visit starts a server on an empty database and opens its page.
func visit(t *testing.T) *screen {
	t.Helper()
	b := browserOf(t)
	return open(t, b, newNetwork(t, newServer(t)))
}

// brief skips a test in short mode.
func brief(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED, NOT PASSED: -short")
	}
}

// browserOf returns the shared browser, or skips the test if no browser is installed.
func browserOf(t *testing.T) *browser.Browser {
	t.Helper()
	b, err := shared()
	if errors.Is(err, browser.ErrMissing) {
		t.Skip("SKIPPED, NOT PASSED: needs a browser: ", err)
	}
	require.NoError(t, err)
	return b
}

// open opens the page in a new tab, and waits until both replicas are in sync with the server.
func open(t *testing.T, b *browser.Browser, n *network) *screen {
	t.Helper()
	s := begin(t, b, n)
	s.settle()
	return s
}

// begin opens the page in a new tab, and waits until it shows both replicas.
func begin(t *testing.T, b *browser.Browser, n *network) *screen {
	t.Helper()
	tab, err := b.Open(n.emptyPage())
	require.NoError(t, err)
	return attach(t, tab, n)
}

// attach waits until a tab with the page shows both replicas.
func attach(t *testing.T, tab *browser.Tab, n *network) *screen {
	t.Helper()
	s := &screen{t: t, tab: tab, network: n}
	s.left, s.right = &panel{s, "left"}, &panel{s, "right"}
	t.Cleanup(s.close)
	s.ready()
	if *webAssembly {
		for _, p := range []*panel{s.left, s.right} {
			p.use("webassembly")
		}
	}
	return s
}

// close closes the tab. It fails the test if the page threw an error. If the test has failed, it
// prints what both sides show.
func (s *screen) close() {
	defer s.tab.Close()
	if problems := s.tab.Errors(); len(problems) > 0 {
		s.t.Errorf("the page threw errors: %s", strings.Join(problems, "; "))
	}
	if s.t.Failed() {
		s.t.Logf("left:  %+v", s.left.shown())
		s.t.Logf("right: %+v", s.right.shown())
		s.picture("failed")
	}
}

// ready waits until the page has opened both replicas, for example after a reload.
func (s *screen) ready() {
	s.t.Helper()
	require.NoError(s.t, s.tab.Wait(`document.documentElement.dataset.ready === "true"`))
}

// reload reloads the page once everything done in it is on disk.
func (s *screen) reload() {
	s.t.Helper()
	s.saved()
	s.markDocument()
	require.NoError(s.t, s.tab.Reload())
	s.readyAgain()
}

// markDocument marks the document that is about to be left, and readyAgain waits until another one has
// opened both replicas. A slow browser goes on answering from the document that it leaves.
func (s *screen) markDocument() { eval[bool](s, `document.documentElement.dataset.left = true`) }

func (s *screen) readyAgain() {
	s.t.Helper()
	require.NoError(s.t, s.tab.Wait(`!document.documentElement.dataset.left`))
	s.ready()
}

// saved waits until everything done in the tab is on disk.
func (s *screen) saved() {
	s.t.Helper()
	for _, p := range []*panel{s.left, s.right} {
		s.await("everything is saved", func() bool { return eval[bool](s, p.element()+".dataset.saved !== 'false'") })
	}
}

// retry makes both sides contact the server at once, as when the browser's network returns. Otherwise
// they would wait for some seconds.
func (s *screen) retry() {
	s.t.Helper()
	eval[bool](s, `dispatchEvent(new Event("online"))`)
}

// front brings the tab to the front: in a hidden tab the page does not listen to the server.
func (s *screen) front() {
	s.t.Helper()
	require.NoError(s.t, s.tab.Front())
}

// do runs an action that only Chromium supports.
func (s *screen) do(actions ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	err := s.tab.Do(actions...)
	if errors.Is(err, errors.ErrUnsupported) {
		s.t.Skip("SKIPPED, NOT PASSED: needs Chromium")
	}
	require.NoError(s.t, err)
}

// eval returns the value of an expression in the tab. The page draws in timers, so eval waits until those that are due
// have run.
func eval[T any](s *screen, expression string) T {
	s.t.Helper()
	value, err := browser.Eval[T](s.tab, `new Promise((drawn) => setTimeout(drawn)).then(() => `+expression+`)`)
	require.NoError(s.t, err)
	return value
}

// after returns an expression for the value of another one, once a script that the page loads when it first needs it has
// been loaded and has drawn. Otherwise a slow browser would show too little, and a wrong page would pass.
func after(script, expression string) string {
	return fmt.Sprintf(`import("/page/%s").then(() => new Promise((drawn) => setTimeout(drawn))).then(() => %s)`, script, expression)
}

// patience is how long a condition may take to come true, on a busy machine too.
const patience = time.Minute

// await waits for a condition, and fails the test if it does not come true.
func (s *screen) await(what string, condition func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			require.FailNow(s.t, "timed out waiting until "+what)
		}
	}
}

// settle waits until both sides are in sync with the server, and they and the server have the same
// data.
func (s *screen) settle() {
	s.t.Helper()
	var left, right shown
	var stored contents
	done := func() bool {
		left, right = s.left.shown(), s.right.shown()
		if !left.settled() || !right.settled() {
			return false
		}
		stored = s.stored()
		return left.contents.equal(right.contents) && left.contents.equal(stored)
	}
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			require.Equal(s.t, left.contents, right.contents, "the sides differ")
			require.Equal(s.t, stored, left.contents, "the server and the left side differ")
			require.FailNow(s.t, "not in sync with the server", "both sides: %+v", left)
		}
	}
}

// agree does what settle does, and then waits until the page says that both sides are the same.
func (s *screen) agree() {
	s.t.Helper()
	s.settle()
	s.await("the page says that both sides are the same", func() bool { return s.equal() == "true" })
}

// says waits until the page says in these words whether both sides are the same. From time to time it compares them again.
func (s *screen) says(words string) {
	s.t.Helper()
	s.await("the page says "+words, func() bool { return eval[string](s, `document.getElementById("equal").textContent`) == words })
}

// equal returns whether the page says that both sides hold the same data: "true", "false", or ""
// before it has compared them.
func (s *screen) equal() string {
	return eval[string](s, `document.getElementById("equal").dataset.equal ?? ""`)
}

// picture saves a picture of the tab if FIELDLWW_SCREENSHOTS is set.
func (s *screen) picture(name string) {
	dir := os.Getenv("FIELDLWW_SCREENSHOTS")
	if dir == "" {
		return
	}
	test := strings.ReplaceAll(strings.TrimPrefix(s.t.Name(), "TestPage"), "/", "-")
	err := s.tab.Screenshot(filepath.Join(dir, fmt.Sprintf("%s-%s.png", test, name)))
	if !errors.Is(err, errors.ErrUnsupported) {
		require.NoError(s.t, err)
	}
}
