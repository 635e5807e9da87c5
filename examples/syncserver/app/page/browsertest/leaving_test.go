package browsertest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// reloadAtOnce reloads the page at once and confirms the browser's question. It reports whether the
// browser asked.
func (s *screen) reloadAtOnce() bool {
	s.t.Helper()
	asked := make(chan struct{}, 1)
	s.markDocument()
	err := s.tab.Do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		err := chromedp.Listen(ctx, func(event any) {
			if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
				asked <- struct{}{}
				go cdp.Call(ctx, target, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}
		})
		return chromedp.Void{}, err
	}, chromedp.Reload())
	if errors.Is(err, errors.ErrUnsupported) { // Firefox answers the question itself, so the test cannot see it
		err = s.tab.Reload()
	}
	require.NoError(s.t, err)
	s.readyAgain()
	return len(asked) > 0
}

// TestPageKeepsTextTypedBeforeReload: text typed before a reload is still there afterwards, whether
// or not it was confirmed with Enter. Without unsaved text the page reloads without a question.
func TestPageKeepsTextTypedBeforeReload(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.saved()
	require.False(t, s.reloadAtOnce(), "the page asked although everything was saved")
	s.left.Online(false)
	title := "Paint the fence"
	for i, end := range []string{"", kb.Enter, "", kb.Enter, "", kb.Enter} {
		s.enter(s.left.inTask(title, "task-title"))
		title += string(rune('0' + i))
		s.press(kb.End, kb.ModifierCtrl) // the end of the last line
		s.press(title[len(title)-1:] + end)
		s.reloadAtOnce()
		s.left.Shows(title)
	}
}
