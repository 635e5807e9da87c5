package browsertest_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestPageWorksByKeyboardAlone: with the keyboard alone, a user adds a task, edits its title, and
// switches the device off.
func TestPageWorksByKeyboardAlone(t *testing.T) {
	brief(t)
	s := visit(t)
	s.tabTo(s.left.find("add-title"))
	s.press("Paint the fence" + kb.Enter)
	s.left.Shows("Paint the fence")
	s.tabTo(s.left.task("Paint the fence"))
	s.press(kb.Enter)
	require.True(t, s.hasFocus(s.left.inTask("Paint the fence", "task-title")))
	s.replace("Paint it red")
	s.left.Shows("Paint it red")
	s.agree()

	s.tabTo(s.left.find("online-switch"), kb.ModifierShift)
	s.picture("focus")
	s.press(" ")
	require.False(t, s.left.shown().Online)
	s.tabTo(s.left.task("Paint it red"))
	s.press(kb.Enter)
	s.replace("Paint it blue")
	s.left.Shows("Paint it blue")
	s.left.Waits(1)
	require.Equal(t, []string{"Paint it red"}, s.right.Titles())

	s.tabTo(s.left.find("online-switch"), kb.ModifierShift)
	s.press(kb.Enter)
	s.right.Shows("Paint it blue")
	s.agree()
}

// TestPageFitsEveryWidthAndTheme: in dark and light themes, wide and narrow, the page does not
// scroll sideways, nothing on a card is cut off, and every control has an accessible name.
func TestPageFitsEveryWidthAndTheme(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.click(s.left.find("example"))
	s.nextDay()
	s.left.Online(false)
	s.left.Book("Room C", 10, "Planning for the whole of the neighbourhood")
	s.right.Book("Room C", 10, "Donaudampfschifffahrtsgesellschaftskapitänsversammlung")
	s.left.Online(true)
	s.left.IsWarned("Planning")
	s.left.SetTitle("Paint the fence", tooLong)
	s.left.IsTold("refused")
	s.left.openTags("Fix the gate")
	for _, tag := range []string{"urgent", "Donaudampfschifffahrtsgesellschaftskap", "ask the neighbours again"} {
		s.press(tag + kb.Enter)
	}
	s.left.click(s.left.inTask("Fix the gate", "vote"))
	s.right.HasTags("Fix the gate", "Donaudampfschifffahrtsgesellschaftskap ask the neighbours again urgent ▲ 1")
	s.right.Online(false)
	s.right.SetTitle("Fix the gate", "Fix the gate before the Donaudampfschifffahrtsgesellschaft comes")
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 1280, 1024, 768, 360} {
			t.Run(fmt.Sprintf("%s %d", theme, width), func(t *testing.T) {
				s := &screen{t: t, tab: s.tab, network: s.network, left: s.left, right: s.right}
				s.resize(width, 1000, theme)
				require.Empty(t, eval[[]string](s, tooWide))
				require.Empty(t, eval[[]string](s, cut))
				require.Empty(t, eval[[]string](s, nameless))
				s.picture("look")
			})
		}
	}
	s.right.Online(true)
	s.agree()
}

// resize sets the size of the window and the theme.
func (s *screen) resize(width, height int64, theme string) {
	s.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}
	s.do(chromedp.EmulateViewport(width, height), func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media)
		return chromedp.Void{}, err
	})
	s.await("the page has the size and the theme", func() bool {
		return eval[string](s, "`${innerWidth}x${innerHeight} ${document.documentElement.dataset.theme}`") == fmt.Sprintf("%dx%d %s", width, height, theme)
	})
}

// tooWide returns the elements beyond the right edge, if the page scrolls sideways. Elements inside
// another scrolling element do not count.
const tooWide = `(() => {
	if (document.documentElement.scrollWidth <= innerWidth) return [];
	const clipped = (e) => e !== document.body && (getComputedStyle(e).overflowX !== 'visible' || clipped(e.parentElement));
	return [...document.querySelectorAll('body *')]
		.filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5 && !clipped(e.parentElement))
		.map((e) => e.outerHTML.slice(0, 120));
})()`

// cut returns the labels of the names, date fields and lists that are too narrow for their content, on
// all cards.
const cut = `[...document.querySelectorAll('.card [list], .card [type="date"], .card select')]
	.filter((e) => {
		if (e.list) return e.scrollWidth > e.clientWidth;
		const has = e.offsetWidth;
		e.style.cssText = 'flex: none; width: max-content';
		const needs = e.offsetWidth;
		e.style.cssText = '';
		return needs > has;
	})
	.map((e) => e.getAttribute('aria-label'))`

// nameless returns the controls that have no accessible name.
const nameless = `[...document.querySelectorAll('button, input, select, textarea, summary, a[href], [tabindex="0"]')]
	.filter((e) => e.checkVisibility())
	.filter((e) => {
		const by = (e.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '');
		const text = e.matches('button, summary, a') ? e.textContent : '';
		const labels = [...(e.labels ?? [])].map((l) => l.textContent);
		return [e.getAttribute('aria-label') ?? '', text, ...by, ...labels].every((name) => !/\p{L}|\p{N}/u.test(name));
	})
	.map((e) => e.outerHTML.slice(0, 120))`

// TestPageScene makes the picture in the README: a conflict and its explanation, a banner,
// and a side that is offline.
func TestPageScene(t *testing.T) {
	if os.Getenv("FIELDLWW_SCREENSHOTS") == "" {
		t.Skip("this test only makes a picture: set FIELDLWW_SCREENSHOTS to a directory")
	}
	s := visit(t)
	s.right.use("webassembly")
	s.resize(1440, 1000, "light")
	s.left.click(s.left.find("example"))
	s.nextDay()
	s.settle()
	s.left.Online(false)
	s.right.Online(false)
	s.right.SetTitle("Ask the neighbours", "Ask Tom and Mia")
	s.right.Book("Room B", 10, "Budget")
	s.left.Book("Room B", 10, "Planning")
	s.left.SetTitle("Ask the neighbours", "Ask Mia")
	s.right.Online(true)
	s.isStored("Ask Tom and Mia")
	s.left.Online(true)
	s.settle()
	s.right.Online(false)
	s.right.SetAssignee("Write the invitation", "Ben")
	s.right.Waits(1)
	s.left.click(s.left.find("notice") + `.querySelector(".close")`)
	s.await("the page says that the sides differ", func() bool { return s.equal() == "false" })
	eval[any](s, `scrollTo(0, 0)`)
	s.left.Why("Ask Mia", "title")
	s.picture("README")
}
