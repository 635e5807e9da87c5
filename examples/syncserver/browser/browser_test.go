package browser_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/browser"
)

// TestBrowser: a page is opened, its scripts are run, and what goes wrong there is told.
func TestBrowser(t *testing.T) {
	b, err := browser.Start(context.Background())
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
	require.NoError(t, tab.Wait(`performance.now() > 200`))
	errors := tab.Errors()
	require.Len(t, errors, 2)
	require.Contains(t, errors[0], `"told" 7`)
	require.Contains(t, errors[1], "missing is not defined")
}
