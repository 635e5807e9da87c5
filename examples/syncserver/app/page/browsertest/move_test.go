package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
)

// order returns the titles of the tasks in a column, the top one first.
func (p *panel) order(status string) []string {
	return eval[[]string](p.screen, `[...`+p.column(status)+`.querySelectorAll('[data-testid="task-title"]')].map((e) => e.value)`)
}

func (p *panel) column(status string) string { return p.find("column-" + status) }

// isOrdered waits until a column shows the tasks with these titles, the top one first.
func (p *panel) isOrdered(status string, titles ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf("the column %s on the %s side is %q", status, p.side, titles), func() bool { return slices.Equal(p.order(status), titles) })
}

// bothOrdered does the same on both sides, and waits until they agree.
func (s *screen) bothOrdered(status string, titles ...string) {
	s.t.Helper()
	s.left.isOrdered(status, titles...)
	s.right.isOrdered(status, titles...)
	s.agree()
}

// handle is an expression for the handle of a task. hold focuses it.
func (p *panel) handle(title string) string { return p.inTask(title, "task-move") }

func (p *panel) hold(title string) {
	p.t.Helper()
	eval[any](p.screen, p.handle(title)+".focus()")
	p.await("the script that moves tasks is loaded", func() bool { return eval[bool](p.screen, p.find("moved")+" !== null") })
}

// moves presses an arrow key on the handle of a task, and waits for what the page announces. The handle keeps the focus.
func (p *panel) moves(title, key, told string) {
	p.t.Helper()
	p.hold(title)
	p.press(key)
	p.announces(told)
	require.True(p.t, p.hasFocus(p.handle(title)))
	require.True(p.t, eval[bool](p.screen, inSight+"("+p.handle(title)+")"), "it is out of sight")
}

// inSight reports whether an element on a card is in the window, and its column is not scrolled away from it.
const inSight = `((e) => {
	const { top, bottom } = e.getBoundingClientRect();
	const box = e.closest('.cards-box').getBoundingClientRect();
	return top >= Math.max(0, box.top) && bottom <= Math.min(innerHeight, box.bottom);
})`

func (p *panel) announces(text string) {
	p.t.Helper()
	p.await("the page announces "+text, func() bool { return eval[string](p.screen, p.find("moved")+".textContent") == text })
}

// position returns the position of a task on the server.
func (s *screen) position(title string) string {
	s.t.Helper()
	for _, r := range s.records() {
		if text(r, board.Title) == title {
			return text(r, board.Position)
		}
	}
	require.FailNow(s.t, "the server has no task "+title)
	return ""
}

// TestPageMovesTasksWithTheKeyboard: the arrow keys move a task up and down, and to the top of the column next to it. Each
// press is one write. The focus stays, the place is announced, and at the ends nothing is written or announced.
func TestPageMovesTasksWithTheKeyboard(t *testing.T) {
	s := visitExample(t)
	s.left.use("webassembly") // the other tests move tasks in JavaScript
	s.agree()
	s.left.hold("Paint the fence")
	for _, key := range []string{kb.ArrowUp, kb.ArrowLeft, "x", kb.Enter} {
		s.press(key)
	}
	s.left.hold("Write the invitation")
	s.press(kb.ArrowDown)
	s.agree()
	require.Equal(t, "", eval[string](s, s.left.find("moved")+".textContent"))
	require.Empty(t, s.left.undoes(), "a task that stayed in its place was written")

	s.left.Online(false)
	s.left.moves("Paint the fence", kb.ArrowDown, "“Paint the fence”: 2 of 3 in To do")
	s.left.Waits(2)
	s.left.moves("Paint the fence", kb.ArrowDown, "“Paint the fence”: 3 of 3 in To do")
	s.left.Waits(3)
	s.press(kb.ArrowDown)
	s.left.moves("Paint the fence", kb.ArrowUp, "“Paint the fence”: 2 of 3 in To do")
	s.left.moves("Fix the gate", kb.ArrowRight, "“Fix the gate”: 1 of 2 in Doing")
	s.left.moves("Fix the gate", kb.ArrowDown, "“Fix the gate”: 2 of 2 in Doing")
	s.left.moves("Fix the gate", kb.ArrowRight, "“Fix the gate”: 1 of 3 in Done")
	s.press(kb.ArrowRight)
	s.left.moves("Order the paint", kb.ArrowLeft, "“Order the paint”: 1 of 2 in Doing")
	s.picture("keyboard")
	s.left.Online(true)
	s.bothOrdered("todo", "Paint the fence", "Write the invitation")
	s.bothOrdered("doing", "Order the paint", "Ask the neighbours")
	s.bothOrdered("done", "Fix the gate", "Put the tools away")
	require.Empty(t, append(s.left.shown().Notices, s.right.shown().Notices...))
	require.Empty(t, s.position("Put the tools away"), "it is below all tasks that were moved")

	// Both sides put new tasks above those that were moved.
	s.right.AddTask("Buy a brush")
	s.bothOrdered("todo", "Buy a brush", "Paint the fence", "Write the invitation")
	s.left.AddTask("Call Tom")
	s.bothOrdered("todo", "Call Tom", "Buy a brush", "Paint the fence", "Write the invitation")
	s.reload()
	s.bothOrdered("todo", "Call Tom", "Buy a brush", "Paint the fence", "Write the invitation")
}

// TestPageMovesATaskBelowThoseThatAreShown: a column shows its first tasks. One that moves below them stays in sight.
func TestPageMovesATaskBelowThoseThatAreShown(t *testing.T) {
	s := visit(t)
	device := newcomer(t, s.network.URL)
	var titles []string
	for i := range 30 {
		title := fmt.Sprintf("Task %d", i)
		titles = append([]string{title}, titles...)
		key := record.Key{Table: board.Tasks, ID: fmt.Sprintf("00000000-0000-7000-8000-%012d", i)}
		require.NoError(t, device.Replica.Edit(key, map[string]record.Value{board.Title: record.MustOf(title), board.Status: record.MustOf("todo")}))
	}
	require.NoError(t, device.Sync(t.Context()))
	s.left.isOrdered("todo", titles[:25]...)
	eval[any](s, s.left.column("todo")+`.querySelector(".cards-box").style.overflowAnchor = "none"`) // as in Safari
	s.left.moves("Task 5", kb.ArrowDown, "“Task 5”: 26 of 30 in To do")
	s.left.isOrdered("todo", append(append(slices.Clone(titles[:24]), titles[25]), "Task 5")...)
	s.left.moves("Task 5", kb.ArrowUp, "“Task 5”: 25 of 30 in To do")
	s.right.isOrdered("todo", titles[:25]...)
}

// TestPageTellsTheLoserOfAMove: two people move one task while both are offline. The later move stands, and the other one
// is told, in words, and can move it back.
func TestPageTellsTheLoserOfAMove(t *testing.T) {
	s := visitExample(t)
	s.agree()
	s.left.Online(false)
	s.right.Online(false)
	s.left.moves("Write the invitation", kb.ArrowUp, "“Write the invitation”: 2 of 3 in To do")
	s.left.lists("“Write the invitation” · moved")
	s.right.moves("Write the invitation", kb.ArrowUp, "“Write the invitation”: 2 of 3 in To do")
	s.right.moves("Write the invitation", kb.ArrowUp, "“Write the invitation”: 1 of 3 in To do")
	s.left.Online(true)
	s.left.Waits(0)
	s.right.Online(true)
	s.bothOrdered("todo", "Write the invitation", "Paint the fence", "Fix the gate")
	s.left.IsTold("You moved “Write the invitation”, and Ben’s laptop moved it later without having seen that.")
	require.Equal(t, "Move it back", eval[string](s, s.left.find("loss-use")+".textContent"))
	require.Equal(t, "Leave it there", eval[string](s, s.left.find("loss-keep")+".textContent"))
	s.picture("loss")
	s.left.settles("loss-use")
	s.left.hasNoLoss()
	s.bothOrdered("todo", "Paint the fence", "Write the invitation", "Fix the gate")
	require.Zero(t, s.right.losses(), "the task was moved back knowingly")

	s.await("the move can be undone", func() bool { return s.left.undoes() == "Undo: moving “Write the invitation”" })
	s.left.undo()
	s.bothOrdered("todo", "Write the invitation", "Paint the fence", "Fix the gate")
	for _, p := range []*panel{s.left, s.right} {
		require.NotContains(t, eval[string](s, p.element()+".textContent"), s.position("Write the invitation"))
	}
}

// lists opens the outbox, waits until it lists an edit in these words, and closes it.
func (p *panel) lists(words string) {
	p.t.Helper()
	p.click(p.find("outbox-count"))
	p.await("the outbox lists "+words, func() bool {
		return strings.Contains(eval[string](p.screen, p.find("outbox-list")+".textContent"), words)
	})
	p.press(kb.Escape)
}

// TestPageUndoesMoves: a move within a column is undone, down and up, and one to another column, and nothing else that was
// written for it.
func TestPageUndoesMoves(t *testing.T) {
	s := visitExample(t)
	s.agree()
	s.left.moves("Paint the fence", kb.ArrowDown, "“Paint the fence”: 2 of 3 in To do")
	s.left.moves("Write the invitation", kb.ArrowUp, "“Write the invitation”: 2 of 3 in To do")
	s.left.moves("Put the tools away", kb.ArrowLeft, "“Put the tools away”: 1 of 2 in Doing")
	for _, title := range []string{"Put the tools away", "Write the invitation", "Paint the fence"} {
		s.await("the move can be undone", func() bool { return s.left.undoes() == "Undo: moving “"+title+"”" })
		s.left.undo()
	}
	require.Empty(t, s.left.undoes())
	s.bothOrdered("todo", "Paint the fence", "Fix the gate", "Write the invitation")
	s.bothOrdered("done", "Order the paint", "Put the tools away")
}

// TestPageKeepsTheOrderOfNumbers: tasks of an earlier version of an app have numbers as positions. The task with the
// greatest one is on top, above those without any, and each can be moved.
func TestPageKeepsTheOrderOfNumbers(t *testing.T) {
	s := visitExample(t)
	s.agree()
	device := newcomer(t, s.network.URL)
	for r := range device.Replica.Records(board.Tasks) {
		if n, ok := map[string]int{"Paint the fence": 9, "Write the invitation": 10}[text(r, board.Title)]; ok {
			require.NoError(t, device.Replica.Edit(r.Key(), map[string]record.Value{board.Position: record.MustOf(n)}))
		}
	}
	require.NoError(t, device.Sync(t.Context()))
	s.bothOrdered("todo", "Write the invitation", "Paint the fence", "Fix the gate")
	s.left.moves("Write the invitation", kb.ArrowDown, "“Write the invitation”: 2 of 3 in To do")
	s.left.AddTask("Call Tom")
	s.bothOrdered("todo", "Call Tom", "Paint the fence", "Write the invitation", "Fix the gate")
	s.right.moves("Fix the gate", kb.ArrowUp, "“Fix the gate”: 3 of 4 in To do")
	s.bothOrdered("todo", "Call Tom", "Paint the fence", "Fix the gate", "Write the invitation")
	require.Empty(t, append(s.left.shown().Notices, s.right.shown().Notices...))
}
