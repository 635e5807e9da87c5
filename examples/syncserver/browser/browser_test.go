package browser_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/browser"
)

// TestBrowser: a page is opened, its scripts are run, and what goes wrong there is told.
func TestBrowser(t *testing.T) {
	b, err := browser.Start(context.Background())
	if errors.Is(err, browser.ErrMissing) {
		t.Skip("SKIPPED, NOT PASSED: needs Chromium: ", err)
	}
	require.NoError(t, err)
	defer b.Close()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<title>Hello</title><script>console.error("told", 7); setTimeout(() => missing(), 50)</script>`))
	}))
	defer h.Close()
	tab, err := b.Open(h.URL)
	require.NoError(t, err)
	defer tab.Close()
	title, err := browser.Eval[string](tab, `Promise.resolve(document.title)`)
	require.NoError(t, err)
	require.Equal(t, "Hello", title)
	require.Eventually(t, func() bool { return len(tab.Errors()) == 2 }, 30*time.Second, 20*time.Millisecond)
	problems := tab.Errors()
	require.Contains(t, problems[0], `"told" 7`)
	require.Contains(t, problems[1], "missing is not defined")
}
