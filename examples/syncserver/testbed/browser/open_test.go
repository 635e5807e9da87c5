package browser

import (
	"context"
	"errors"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestFailedOpenLeavesNoTab checks that opening an address without a server is an error, and that
// no tab stays open.
func TestFailedOpenLeavesNoTab(t *testing.T) {
	b, err := Start(context.Background())
	if errors.Is(err, ErrMissing) {
		t.Skip("SKIPPED, NOT PASSED: needs Chromium: ", err)
	}
	require.NoError(t, err)
	defer b.Close()
	tabs := func() int {
		targets, err := chromedp.Targets(b.tabs.(chromium).ctx)
		require.NoError(t, err)
		return len(targets)
	}
	before := tabs()
	for _, open := range []func(string) (*Tab, error){b.Open, b.OpenFresh} {
		tab, err := open("http://127.0.0.1:1")
		require.Error(t, err)
		require.Nil(t, tab)
	}
	require.Equal(t, before, tabs())
}
