package browsertest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
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

// mouse sends an event of the mouse, whose left button is down or is being released.
func (s *screen) mouse(kind input.DispatchMouseEventType, x, y float64) {
	s.t.Helper()
	s.do(chromedp.MouseEvent(kind, x, y, chromedp.ButtonLeft, func(p *input.DispatchMouseEventParams) {
		p.ClickCount = 1
		if kind != input.DispatchMouseEventTypeMouseReleased {
			p.Buttons = 1
		}
	}))
}

// drags presses the mouse on the handle of a task, and moves it to a place: in the upper or the lower half of another task,
// or in a column.
func (p *panel) drags(title string, to target) {
	p.t.Helper()
	p.hold(title)
	x, y := p.reach(p.handle(title))
	p.mouse(input.DispatchMouseEventTypeMousePressed, x, y)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, x, y-10)
	p.dragsTo(to)
}

func (p *panel) dragsTo(to target) {
	p.t.Helper()
	at := p.at(to)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, at.X, at.Y)
	p.await("the page has drawn where the task would go", func() bool {
		return eval[bool](p.screen, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
	})
}

// drops releases the mouse at a place.
func (p *panel) drops(to target) {
	p.t.Helper()
	at := p.at(to)
	p.mouse(input.DispatchMouseEventTypeMouseReleased, at.X, at.Y)
}

// A target is a place on the board: some pixels from the top of an element or, if it is negative, from its bottom.
type target struct {
	element string
	from    int
}

func (p *panel) at(to target) spot {
	return eval[spot](p.screen, fmt.Sprintf(`((r) => ({X: r.x + r.width / 2, Y: %d < 0 ? r.bottom + %[1]d : r.top + %[1]d}))(%s.getBoundingClientRect())`, to.from, to.element))
}

func (p *panel) above(title string) target { return target{p.task(title), 8} }
func (p *panel) below(title string) target { return target{p.task(title), -8} }

// line returns how far below the top of an element the line is that shows where a task would go, or -1 if it is hidden.
func (p *panel) line(element string) float64 {
	return eval[float64](p.screen, `((line) => !line || line.hidden ? -1 : line.getBoundingClientRect().bottom - `+element+`.getBoundingClientRect().top)(document.querySelector('[data-testid="drop-line"]'))`)
}

// TestPageMovesTasksWithTheMouse: a task is dragged by its handle, within its column and to another one. A line shows the
// place where it is put when the mouse is released. Escape ends this, and a task that is dropped where it was is not written.
func TestPageMovesTasksWithTheMouse(t *testing.T) {
	s := visitExample(t)
	s.resize(1440, 1200, "light")
	s.agree()
	s.left.Online(false)
	p := s.left
	p.drags("Paint the fence", p.below("Fix the gate"))
	require.InDelta(t, 0, p.line(p.task("Write the invitation")), 8)
	s.picture("line")
	p.drops(p.below("Fix the gate"))
	p.isOrdered("todo", "Fix the gate", "Paint the fence", "Write the invitation")
	p.announces("“Paint the fence”: 2 of 3 in To do")
	require.True(t, s.hasFocus(p.handle("Paint the fence")))
	require.Equal(t, -1.0, p.line(p.column("todo")))
	p.Waits(2)

	waits := p.shown().Outbox
	for _, to := range []target{p.above("Write the invitation"), p.below("Fix the gate"), p.above("Paint the fence"), p.below("Paint the fence"), {`document.querySelector("h1")`, 5}} {
		p.drags("Paint the fence", to)
		require.Equal(t, -1.0, p.line(p.column("todo")), "it would stay where it is")
		p.drops(to)
	}
	s.click(p.handle("Paint the fence"))
	p.drags("Paint the fence", p.above("Fix the gate"))
	s.press(kb.Escape)
	require.True(t, s.hasFocus(p.handle("Paint the fence")))
	p.drops(p.above("Fix the gate"))
	p.isOrdered("todo", "Fix the gate", "Paint the fence", "Write the invitation")
	require.Equal(t, waits, p.shown().Outbox)

	p.drags("Paint the fence", p.above("Put the tools away"))
	p.drops(p.above("Put the tools away"))
	p.isOrdered("done", "Order the paint", "Paint the fence", "Put the tools away")
	p.drags("Order the paint", target{p.column("doing"), -10})
	require.Greater(t, p.line(p.task("Ask the neighbours")), 50.0)
	p.drops(target{p.column("doing"), -10})
	p.drags("Ask the neighbours", target{p.column("todo"), 40})
	p.drops(target{p.column("todo"), 40})
	p.drags("Paint the fence", target{p.column("done"), -10})
	p.drops(target{p.column("done"), -10})
	p.Online(true)
	s.bothOrdered("todo", "Ask the neighbours", "Fix the gate", "Write the invitation")
	s.bothOrdered("doing", "Order the paint")
	s.bothOrdered("done", "Put the tools away", "Paint the fence")

	// Meanwhile somebody else moves another task, and deletes the one that is dragged.
	p.drags("Fix the gate", p.below("Write the invitation"))
	s.right.moves("Write the invitation", kb.ArrowRight, "“Write the invitation”: 1 of 2 in Doing")
	p.isOrdered("todo", "Ask the neighbours", "Fix the gate")
	p.dragsTo(target{p.column("doing"), -10})
	p.drops(target{p.column("doing"), -10})
	s.bothOrdered("doing", "Write the invitation", "Order the paint", "Fix the gate")
	require.Empty(t, p.shown().Notices)
	p.drags("Fix the gate", p.above("Ask the neighbours"))
	eval[any](s, s.right.inTask("Fix the gate", "task-delete")+".click()")
	p.isOrdered("doing", "Write the invitation", "Order the paint")
	p.drops(p.above("Ask the neighbours"))
	p.IsTold("could not be saved", "the task is no longer there")
	require.NotContains(t, strings.Join(p.shown().Notices, " "), "wrote")
	s.bothOrdered("todo", "Ask the neighbours")
}

// TestPageMovesTasksByTouch: a finger on the handle drags, and scrolls to the next column on a phone.
func TestPageMovesTasksByTouch(t *testing.T) {
	brief(t)
	s := visitExample(t)
	s.resize(390, 844, "light")
	s.agree()
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		s.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, target, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: append([]*input.TouchPoint{}, points...)})
			return chromedp.Void{}, err
		})
	}
	p := s.left
	p.hold("Fix the gate")
	x, y := s.reach(p.handle("Fix the gate"))
	touch(input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: x, Y: y})
	touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: x + 10, Y: y})
	s.await("the next column is in sight", func() bool {
		edge := 370.0
		switch at := p.at(p.below("Ask the neighbours")); {
		case at.X > 60 && at.X < 330:
			return true
		case at.X <= 60:
			edge = 20 // it has scrolled too far
		}
		touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: edge, Y: y})
		touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: 195, Y: y})
		return false
	})
	at := p.at(p.below("Ask the neighbours"))
	touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: at.X, Y: at.Y})
	s.await("the line is drawn", func() bool { return p.line(p.task("Ask the neighbours")) > 0 })
	require.LessOrEqual(t, eval[float64](s, `document.querySelector('[data-testid="drop-line"]').getBoundingClientRect().right`), 378.0)
	s.picture("dragging")
	touch(input.DispatchTouchEventTypeTouchEnd)
	s.bothOrdered("doing", "Ask the neighbours", "Fix the gate")
	require.Zero(t, eval[int](s, `document.querySelectorAll('.drop-line, .dragged').length`))
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
