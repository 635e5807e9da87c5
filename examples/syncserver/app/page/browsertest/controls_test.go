package browsertest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
)

// A control is an element for editing one text of the only task or of the only meeting.
type control struct {
	*screen
	testID       string
	table, field string
}

// controls are the controls that the tests cover.
var controls = []control{
	{testID: "task-title", table: board.Tasks, field: "title"},
	{testID: "task-assignee", table: board.Tasks, field: "assignee"},
	{testID: "meeting-title", table: board.Meetings, field: "title"},
}

// forControls runs a story for each control in turn, on one page. Each story begins with the text
// "Old" and with the focus on the control.
func forControls(t *testing.T, story func(t *testing.T, c control)) {
	page := visit(t)
	page.left.AddTask("Task")
	page.nextDay()
	page.left.Book("Room B", 10, "Meeting")
	page.settle()
	for _, c := range controls {
		t.Run(c.testID, func(t *testing.T) {
			c.screen = page.in(t)
			c.elsewhere("Old")
			eval[any](c.screen, `document.querySelectorAll(".notices").forEach((notices) => notices.replaceChildren())`)
			c.click(c.onLeft())
			story(t, c)
		})
	}
}

// in returns the same screen for a subtest.
func (s *screen) in(t *testing.T) *screen {
	part := &screen{t: t, tab: s.tab, network: s.network}
	part.left, part.right = &panel{part, "left"}, &panel{part, "right"}
	return part
}

func (c control) onLeft() string  { return c.left.find(c.testID) }
func (c control) onRight() string { return c.right.find(c.testID) }

// rewrite replaces the text of the control, which has the focus.
func (c control) rewrite(text string) {
	c.t.Helper()
	c.press("a", kb.ModifierCtrl)
	c.press(text)
}

// elsewhere writes the field on a device outside the browser, and waits until the right side shows
// the text.
func (c control) elsewhere(text string) {
	c.t.Helper()
	device := editElsewhere(c.t, c.network.URL, c.table, map[string]record.Value{c.field: record.MustOf(text)})
	c.await("the right side shows "+text, func() bool { return eval[string](c.screen, c.onRight()+".value") == text })
	c.left.hasWrite(device, c.testID, c.field)
}

// hasWrite waits until the side is in sync and has a write of a device outside the browser: the mark of the field names the
// device, also while the user types another text there.
func (p *panel) hasWrite(device clock.ClientID, testID, field string) {
	p.t.Helper()
	mark := fmt.Sprintf(`%s.closest('[data-testid="task"], [data-testid="meeting"]').querySelector('[data-testid="why"][data-field="%s"]')`, p.find(testID), field)
	name := "Device " + device.String()[:4]
	p.await("the "+p.side+" side has the write", func() bool {
		return strings.Contains(eval[string](p.screen, mark+".ariaLabel"), name) && p.shown().settled()
	})
}

// again reloads the page and turns to the day of the meeting.
func (c control) again(reload func()) {
	c.t.Helper()
	day := c.day()
	reload()
	if c.day() != day {
		c.nextDay()
	}
}

// is waits until both sides and the server have the same data and the page says so, and requires
// that both sides show the given text.
func (c control) is(text string) {
	c.t.Helper()
	c.agree()
	require.Equal(c.t, text, eval[string](c.screen, c.onLeft()+".value"))
	require.Equal(c.t, text, eval[string](c.screen, c.onRight()+".value"))
}

// TestPageWritesTextTypedBack: after Enter has written a new text, the old text is typed again and
// the field is left. Browsers do not report this change. The old text is written, and until then
// the page does not say that both sides are the same.
func TestPageWritesTextTypedBack(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		c.rewrite("New" + kb.Enter)
		c.is("New")
		c.rewrite("Old")
		c.await("the page says that something is not written", func() bool { return c.equal() == "false" })
		c.leaveField()
		c.is("Old")
		c.again(func() { c.reload() })
		c.is("Old")
		require.Empty(t, append(c.left.shown().Notices, c.right.shown().Notices...))
	})
}

// TestPageWritesTextTypedBackBeforeReload: as in TestPageWritesTextTypedBack, but the page is
// reloaded before the field is left.
func TestPageWritesTextTypedBackBeforeReload(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		c.rewrite("New" + kb.Enter)
		c.is("New")
		c.rewrite("Old")
		c.again(func() { c.reloadAtOnce() })
		c.is("Old")
	})
}

// TestPageWritesTextTypedBackOffline: as in TestPageWritesTextTypedBack, on a device that is
// offline.
func TestPageWritesTextTypedBackOffline(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		c.left.Online(false)
		c.click(c.onLeft())
		c.rewrite("New" + kb.Enter)
		c.rewrite("Old")
		c.left.Online(true)
		c.is("Old")
	})
}

// TestPageWritesUndoneText: a text restored by undo after Enter is written when the field is left.
func TestPageWritesUndoneText(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		c.rewrite("New" + kb.Enter)
		c.is("New")
		for range 5 {
			c.press("z", kb.ModifierCtrl)
		}
		shown := eval[string](c.screen, c.onLeft()+".value")
		require.NotEqual(t, "New", shown, "nothing was undone")
		c.leaveField()
		if shown == "" && c.field == "title" {
			shown = "New" // a title is never empty
		}
		c.is(shown)
	})
}

// TestPageLeavingFieldKeepsLaterEdit: a text with extra spaces is written, the focus stays, and
// another device changes the field. The text of the other device is shown, and leaving the field
// does not overwrite it.
func TestPageLeavingFieldKeepsLaterEdit(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		for _, text := range []string{"New ", " New", "New  one"} {
			c.click(c.onLeft())
			c.rewrite(text + kb.Enter)
			c.agree()
			c.elsewhere("Another")
			c.await("the field shows the new text", func() bool { return eval[string](c.screen, c.onLeft()+".value") == "Another" })
			pushes := c.network.pushes(c.left.Client())
			c.leaveField()
			c.is("Another")
			require.Equal(t, pushes, c.network.pushes(c.left.Client()), "something was sent")
			require.Empty(t, c.left.shown().Notices)
		}
	})
}

// TestPageUnchangedTextIsNotAnEdit: a user types, then types the old text back, while another
// device changes the field. That does not count as an edit.
func TestPageUnchangedTextIsNotAnEdit(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		c.press("x" + kb.Backspace)
		c.elsewhere("Another")
		require.Equal(t, "Old", eval[string](c.screen, c.onLeft()+".value"), "the text was replaced while the user was typing")
		c.await("the page says that something is not written", func() bool { return c.equal() == "false" })
		c.leaveField()
		c.is("Another")
	})
}

// TestPageTypedTextWinsOverUnseenEdit: a text typed while another device changes the field
// wins, even if it is the old text. A notice says that it replaced an unseen edit.
func TestPageTypedTextWinsOverUnseenEdit(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		c.rewrite("New" + kb.Enter)
		c.is("New")
		c.rewrite("Old")
		c.elsewhere("Another")
		c.leaveField()
		c.is("Old")
		c.left.IsTold("replaced one by", "‘Another’", "not seen")
	})
}

// TestPageRefusedTextIsNotSentAgain: a refused text is not sent again when the field is left.
func TestPageRefusedTextIsNotSentAgain(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		if c.testID != "task-title" {
			t.Skip("only the titles of tasks have a limit")
		}
		c.rewrite(tooLong + kb.Enter)
		c.left.IsTold("refused the title")
		require.Equal(t, "Old", eval[string](c.screen, c.onLeft()+".value"))
		pushes := c.network.pushes(c.left.Client())
		c.leaveField()
		c.is("Old")
		require.Equal(t, pushes, c.network.pushes(c.left.Client()), "the refused text was sent again")
		require.Len(t, c.left.shown().Notices, 1)
	})
}

// TestPageKeepsTextTypedOnDeletedTask: text typed into a record that another device deletes is
// kept.
func TestPageKeepsTextTypedOnDeletedTask(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		c.rewrite("New")
		editElsewhere(t, c.network.URL, c.table, map[string]record.Value{record.DeletedField: record.Bool(true)})
		c.left.IsTold("had deleted", "Your edit is kept")
		c.left.click(c.left.find("notice-action"))
		c.await("the restored record is shown", func() bool {
			return eval[string](c.screen, c.onRight()+"?.value ?? ''") == "New"
		})
		c.agree()
	})
}

// TestPageMovedRecordKeepsTypedText: a task moves to another column, or a meeting to another
// room, while a user types there. The user can go on typing, and nothing is written before the
// field is left.
func TestPageMovedRecordKeepsTypedText(t *testing.T) {
	forControls(t, func(t *testing.T, c control) {
		pushes := c.network.pushes(c.left.Client())
		c.rewrite("Ne")
		to := map[string]string{"title": "doing", "assignee": "done"}[c.field]
		move := map[string]record.Value{"status": record.MustOf(to)}
		to = "column-" + to
		if c.table == board.Meetings {
			move, to = slotOf("Room C", c.day(), "10", "11"), "Room C"
		}
		editElsewhere(t, c.network.URL, c.table, move)
		c.await("the record has moved", func() bool {
			return eval[bool](c.screen, fmt.Sprintf(`%s.closest('[data-testid="%[2]s"], [data-room="%[2]s"]') !== null`, c.onLeft(), to))
		})
		c.press("w")
		require.Equal(t, "New", eval[string](c.screen, c.onLeft()+".value"))
		require.Equal(t, pushes, c.network.pushes(c.left.Client()), "an unfinished text was written")
		c.press(kb.Enter)
		c.is("New")
	})
}
