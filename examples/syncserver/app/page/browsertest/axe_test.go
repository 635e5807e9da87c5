package browsertest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// axe returns the script of axe-core, which npm fetches. It is licensed under the MPL 2.0, used by this test only, and no
// part of the page.
var axe = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "axe")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	out, err := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, "axe-core@4.14.1").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("npm install axe-core: %w: %s", err, out)
	}
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	return string(script), err
})

// complaints runs axe-core with all its rules, and returns what it finds.
const complaints = `axe.run({resultTypes: ['violations']}).then(({violations}) =>
	violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' ' + n.failureSummary.replaceAll('\n', ' '))))`

// isAccessible requires that axe-core has no complaints about the page in its present state.
func (s *screen) isAccessible(state string) {
	s.t.Helper()
	s.picture("axe-" + state)
	s.t.Log(state)
	require.Empty(s.t, eval[[]string](s, complaints), state)
}

// TestPageIsAccessibleInEveryState: axe-core finds nothing wrong with the example, a task that is dragged, a conflict,
// banners, notices, open lists, an explanation, a history, a story, and a phone, in both themes.
func TestPageIsAccessibleInEveryState(t *testing.T) {
	brief(t)
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("SKIPPED, NOT PASSED: needs npm: ", err)
	}
	script, err := axe()
	require.NoError(t, err)
	s := visitExample(t)
	s.agree()
	eval[bool](s, "(() => {"+script+"; return true})()")
	s.isAccessible("example")
	s.left.drags("Paint the fence", s.left.below("Fix the gate"))
	s.isAccessible("dragging")
	s.press(kb.Escape)
	s.left.drops(s.left.below("Fix the gate"))

	s.nextDay()
	s.left.SetNotes("Paint the fence", "Two coats")
	s.left.openTags("Paint the fence")
	s.press("urgent" + kb.Enter)
	s.left.click(s.left.inTask("Paint the fence", "vote"))
	s.right.HasTags("Paint the fence", "urgent ▲ 1")
	s.isAccessible("tags")
	s.agree()
	s.left.Online(false)
	s.right.Online(false)
	s.right.SetTitle("Fix the gate", "Fix it")
	s.left.SetTitle("Fix the gate", "Fix it now")
	s.left.Delete("Order the paint")
	s.left.Book("Room C", 10, "Planning")
	s.right.Book("Room C", 10, "Budget")
	s.isAccessible("offline")
	s.left.Online(true)
	s.right.Online(true)
	s.right.IsWarned("Planning")
	s.agree()
	s.right.IsTold("Your edit to the title of “Fix it now” was lost")
	require.Equal(t, 1, s.right.losses())
	s.isAccessible("conflicts")

	for _, list := range []string{"outbox-count", "menu", "projects", "deleted-tasks"} {
		s.left.click(s.left.find(list))
		s.isAccessible(list)
		s.press(kb.Escape)
	}
	s.left.Why("Fix it now", "title")
	s.isAccessible("explanation")
	s.click(`document.querySelector('[data-testid="show-history"]')`)
	s.historyHas("wrote this field.")
	s.isAccessible("history")
	s.closesHistory(kb.Escape, s.left.mark("Fix it now", "title"))
	eval[bool](s, "Boolean(document.documentElement.dataset.pace = 8)")
	s.left.AddTask("Paint the door") // the task of the stories
	s.agree()
	_, release := s.network.hold(s.left.Client()) // the story waits for the server while it tells this
	s.click(`document.querySelector('[data-story="clock"]')`)
	s.await("the story tells something", func() bool {
		return eval[bool](s, `document.getElementById("caption").textContent.includes("hour ahead")`)
	})
	s.isAccessible("story")
	release()
	s.await("the story is over", func() bool {
		return eval[bool](s, `document.querySelector('[data-story="clock"]').dataset.done === "true"`)
	})
	s.resize(1440, 900, "dark")
	s.isAccessible("dark")
	s.resize(390, 844, "dark")
	s.isAccessible("phone")
}

// TestPageHasOneTabStopForEachCard: the Tab key goes from card to card. Enter goes into a card, where the Tab key reaches
// every control, and Escape goes back. A link skips the tasks.
func TestPageHasOneTabStopForEachCard(t *testing.T) {
	s := visitExample(t)
	s.agree()
	stops := func() int {
		return eval[int](s, `[...document.querySelectorAll('#left .tasks :is(button, input, select, textarea, [tabindex])')]
			.filter((e) => e.closest('.card') && e.tabIndex >= 0 && e.checkVisibility()).length`)
	}
	require.Equal(t, len(examples), stops())
	card := s.left.task("Fix the gate")
	s.tabTo(s.left.task("Paint the fence"))
	s.press(kb.Tab)
	require.True(t, s.hasFocus(card))
	s.press(kb.Enter)
	require.True(t, s.hasFocus(s.left.inTask("Fix the gate", "task-title")))
	require.Greater(t, stops(), len(examples)+6)
	s.tabTo(s.left.inTask("Fix the gate", "task-delete"))
	s.press(kb.Escape)
	require.True(t, s.hasFocus(card))
	require.Equal(t, len(examples), stops())

	s.tabTo(s.left.find("skip-tasks"), kb.ModifierShift)
	s.press(kb.Enter + kb.Tab)
	require.True(t, eval[bool](s, `document.activeElement.closest("#left .rooms") !== null`))
}

// TestPageMarksDifferInForcedColours: if the system forces its colours, the four marks still look different.
func TestPageMarksDifferInForcedColours(t *testing.T) {
	s := visitExample(t)
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}}
	s.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media)
		return chromedp.Void{}, err
	})
	looks := eval[[]string](s, `[...document.querySelectorAll('.legend .mark > span')].map((mark) => {
		const { borderStyle, borderColor, backgroundColor, borderRadius } = getComputedStyle(mark);
		return [borderStyle, borderColor, backgroundColor, borderRadius].join(' ');
	})`)
	require.Len(t, looks, 4)
	for i, look := range looks {
		require.NotContains(t, looks[i+1:], look)
	}
	s.picture("marks")
}
