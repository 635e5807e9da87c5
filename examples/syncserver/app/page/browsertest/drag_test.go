package browsertest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

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
