package browser_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
)

// TestPageRunsAndReportsErrors checks that a page opens and runs its scripts, that its errors are
// reported, and that keys and clicks arrive.
func TestPageRunsAndReportsErrors(t *testing.T) {
	starts := map[string]func(context.Context) (*browser.Browser, error){"chromium": browser.Start, "firefox": browser.StartFirefox}
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			b, err := start(t.Context())
			if errors.Is(err, browser.ErrMissing) {
				t.Skip("SKIPPED, NOT PASSED: ", err)
			}
			require.NoError(t, err)
			defer b.Close()
			testBrowser(t, b)
		})
	}
}

const hello = `<title>Hello</title><input style="position: fixed; inset: 0">
<script>console.error("told", 7); setTimeout(() => missing(), 50)</script>`

func testBrowser(t *testing.T, b *browser.Browser) {
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(hello))
	}))
	defer h.Close()
	tab, err := b.Open(h.URL)
	require.NoError(t, err)
	defer tab.Close()
	title, err := browser.Eval[string](tab, `Promise.resolve(document.title)`)
	require.NoError(t, err)
	require.Equal(t, "Hello", title)
	_, err = browser.Eval[any](tab, `(() => { throw new Error("no"); })()`)
	require.ErrorContains(t, err, "no")
	require.Eventually(t, func() bool { return len(tab.Errors()) == 2 }, 30*time.Second, 20*time.Millisecond)
	problems := tab.Errors()
	require.Contains(t, problems[0], "told")
	require.Contains(t, problems[1], "missing is not defined")

	require.NoError(t, tab.Click(20, 20))
	require.NoError(t, tab.Press("Paints"+kb.Backspace, 0))
	require.NoError(t, tab.Press("a", kb.ModifierCtrl))
	text, err := browser.Eval[string](tab, `document.querySelector("input").value + document.querySelector("input").selectionEnd`)
	require.NoError(t, err)
	require.Equal(t, "Paint5", text)
}
