package browser

import (
	"context"
	"errors"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestOpenFails: where nobody answers, there is an error, and no tab that stays open.
func TestOpenFails(t *testing.T) {
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
