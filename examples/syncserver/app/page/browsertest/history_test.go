package browsertest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/examples/replay/timeline"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

const (
	historyDialog = `document.querySelector('[data-testid="history"]')`
	historyText   = historyDialog + `?.innerText ?? ""`
	historyButton = `document.querySelector('[data-testid="show-history"]')`
)

// historyHas waits until the dialog with a history contains a text.
func (s *screen) historyHas(text string) {
	s.t.Helper()
	s.await("the history has "+text, func() bool { return strings.Contains(eval[string](s, historyText), text) })
}

// closesHistory closes the dialog with a key, and requires that the focus goes to an element.
func (s *screen) closesHistory(key, focus string) {
	s.t.Helper()
	s.press(key)
	s.await("the history is closed", func() bool { return eval[bool](s, historyDialog+" === null && "+"document.activeElement === "+focus) })
}

// sentences returns the sentences about the history of a field of the task with a title, as replay would tell them from the
// journal.
func (s *screen) sentences(file, title, field string) (all []string) {
	s.t.Helper()
	d, err := server.OpenDatabase(s.t.Context(), file)
	require.NoError(s.t, err)
	defer d.Close()
	var journal bytes.Buffer
	require.NoError(s.t, d.Journal(s.t.Context(), &journal, "demo"))
	key := record.Key{Table: "tasks", ID: eval[string](s, s.left.task(title)+".dataset.id")}
	log := fieldlog.NewCollector(fmt.Sprintf("%s/%s/%s", key.Table, key.ID, field))
	line := 0
	for text := range bytes.Lines(journal.Bytes()) {
		line++
		push, err := merge.ParseJournalLine(bytes.TrimSuffix(text, []byte("\n")))
		require.NoError(s.t, err)
		answer, err := push.Replay()
		require.NoError(s.t, err)
		log.Add(fieldlog.Push{Line: line, JournalLine: push, Answer: answer})
	}
	require.Len(s.t, log.Logs(), 1)
	zone, err := time.LoadLocation(eval[string](s, `Intl.DateTimeFormat().resolvedOptions().timeZone`))
	require.NoError(s.t, err)
	names := map[string]string{s.left.Client(): "Ana’s phone", s.right.Client(): "Ben’s laptop"}
	drawn := timeline.New(log.Logs()[0], timeline.Options{Name: func(c clock.ClientID) string { return names[c.String()] }, Zone: zone})
	return eval[[]string](s, fmt.Sprintf(`(%s)(new DOMParser().parseFromString(%q, "text/html"))`, sentencesOf, drawn.Figure()))
}

// sentencesOf is a JavaScript function that returns the sentences of a figure: those about the end, and those in the table.
const sentencesOf = `(root) => [...root.querySelectorAll('.tl .end, .tl tbody :is(th, td)')].map((e) => e.textContent)`

// TestPageShowsTheHistoryOfAField: the history of a field is behind its mark and in the card, for the mouse and the
// keyboard. It tells what replay tells from the journal, without values, and the focus goes back to where it was. A device
// that is offline does not get it.
func TestPageShowsTheHistoryOfAField(t *testing.T) {
	b, file := browserOf(t), databasetest.SQLite(t)
	p, err := program.Start(file)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	s := open(t, b, newNetwork(t, p))
	s.left.AddTask("Paint the fence")
	s.right.Shows("Paint the fence")
	s.left.Online(false)
	s.left.SetTitle("Paint the fence", "Paint it blue")
	s.right.SetTitle("Paint the fence", "Paint it red")
	s.left.Online(true)
	s.agree()
	s.left.Shows("Paint it red")

	s.left.Why("Paint it red", "title")
	s.picture("explanation")
	s.click(historyButton)
	s.historyHas("Ben’s laptop wrote this field.")
	require.Equal(t, s.sentences(file, "Paint it red", "title"), eval[[]string](s, fmt.Sprintf(`(%s)(%s)`, sentencesOf, historyDialog)))
	require.NotRegexp(t, "blue|red", eval[string](s, historyDialog+`.querySelector('[data-testid="history-figure"]').textContent`))
	for _, width := range []int64{1440, 390} {
		for _, theme := range []string{"light", "dark"} {
			s.resize(width, 900, theme)
			s.picture(fmt.Sprintf("history-%s-%d", theme, width))
			require.Empty(t, eval[[]string](s, tooWide))
			require.True(t, eval[bool](s, historyDialog+`.scrollWidth <= `+historyDialog+`.clientWidth`))
		}
	}
	s.resize(1440, 900, "light")
	mark := s.left.mark("Paint it red", "title")
	s.closesHistory(kb.Escape, mark)

	s.press(kb.Enter)
	s.historyHas("Ben’s laptop wrote this field.")
	s.left.choose(`document.querySelector('[data-testid="history-field"]')`, "status")
	s.await("another field is shown", func() bool {
		text := eval[string](s, historyText)
		return strings.Contains(text, "Ana’s phone wrote this field.") && !strings.Contains(text, "Ben’s laptop")
	})
	s.closesHistory(kb.Escape, mark)

	s.press(kb.Escape)
	require.True(t, s.hasFocus(s.left.task("Paint it red")))
	s.press(kb.Enter)
	s.tabTo(s.left.inTask("Paint it red", "task-history"))
	s.press(kb.Enter)
	s.historyHas("Ben’s laptop wrote this field.")
	s.tabTo(`document.querySelector('[data-testid="history-close"]')`)
	s.closesHistory(kb.Enter, s.left.inTask("Paint it red", "task-history"))

	s.left.Online(false)
	s.click(s.left.inTask("Paint it red", "task-history"))
	s.historyHas("This device is offline")
	s.closesHistory(kb.Escape, s.left.inTask("Paint it red", "task-history"))
}

// TestPageHistoryHasTheThemeOfThePage: the drawing is dark if the page is, whatever the system asks for.
func TestPageHistoryHasTheThemeOfThePage(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.agree()
	for _, theme := range []string{"light", "dark"} {
		s.resize(1440, 900, theme)
		eval[bool](s, `document.getElementById("theme").click() ?? true`)
		s.click(s.left.inTask("Paint the fence", "task-history"))
		s.historyHas("Ana’s phone wrote this field.")
		ground := fmt.Sprintf(`getComputedStyle(%s.querySelector('.tl')).backgroundColor`, historyDialog)
		want := map[string]string{"light": "rgb(23, 23, 28)", "dark": "rgb(255, 255, 255)"}[theme]
		require.Equal(t, want, eval[string](s, ground), "the system is %s, and the page is not", theme)
		s.closesHistory(kb.Escape, s.left.inTask("Paint the fence", "task-history"))
		eval[bool](s, `localStorage.removeItem("fieldlww-theme") ?? true`)
	}
}

// TestPageSaysWhyThereIsNoHistory: the page says that a server keeps no journal.
func TestPageSaysWhyThereIsNoHistory(t *testing.T) {
	b := browserOf(t)
	s := open(t, b, newNetwork(t, newServer(t, "-journal=false")))
	s.left.AddTask("Paint the fence")
	s.agree()
	s.click(s.left.inTask("Paint the fence", "task-history"))
	s.historyHas("this server keeps no journal")
}
