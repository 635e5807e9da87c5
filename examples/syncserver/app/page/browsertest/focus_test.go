package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
)

// hasFocus reports whether the element that the JavaScript expression selects has the focus.
func (s *screen) hasFocus(expression string) bool {
	s.t.Helper()
	return eval[bool](s, "document.activeElement === "+expression)
}

// TestPageKeepsKeyboardFocus: the keyboard focus stays in place after a title is written and
// after a conflict is settled.
func TestPageKeepsKeyboardFocus(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.right.Shows("Paint it red")
	s.settle()
	require.True(t, s.hasFocus(s.left.inTask("Paint it red", "task-title")))

	s.nextDay()
	s.left.Online(false)
	s.right.Online(false)
	s.left.Book("Room B", 10, "Planning")
	s.right.Book("Room B", 10, "Budget")
	s.left.Online(true)
	s.right.Online(true)
	s.right.IsWarned("Planning", "Budget")
	s.agree()
	eval[any](s, s.right.find("violation-move")+".focus()")
	s.press(kb.Enter)
	s.await("the conflict is settled", func() bool { return len(s.right.shown().Warnings) == 0 })
	s.agree()
	require.True(t, s.hasFocus(s.right.element()))
}

// TestPageKeepsFocusWhenATaskGoes: the focus moves to the panel if the task that had it is the last one of its column and is
// deleted, by its user or by another one.
func TestPageKeepsFocusWhenATaskGoes(t *testing.T) {
	const paint = "Paint the fence"
	s := visit(t)
	for _, remove := range []func(){
		func() { s.press(kb.Enter) },
		func() {
			editElsewhere(t, s.network.URL, board.Tasks, map[string]record.Value{record.DeletedField: record.Bool(true)})
		},
	} {
		s.left.AddTask(paint)
		s.settle()
		eval[any](s, s.left.inTask(paint, "task-delete")+".focus()")
		remove()
		s.await("the task is gone", func() bool { return len(s.left.Titles()) == 0 })
		require.True(t, s.hasFocus(s.left.element()))
	}
}

// TestPageKeysReachEveryFreeHour: the Tab key reaches one of the free hours, and the arrow keys
// the others.
func TestPageKeysReachEveryFreeHour(t *testing.T) {
	s := visit(t)
	s.nextDay()
	s.left.Book("Room B", 9, "Planning")
	stops := s.left.element() + `.querySelectorAll('.free:not([tabindex="-1"])').length`
	require.Equal(t, 1, eval[int](s, stops))
	eval[any](s, s.left.find("book")+".focus()")
	s.press(kb.ArrowRight + kb.ArrowDown + kb.ArrowRight + kb.ArrowUp)
	require.Equal(t, 1, eval[int](s, stops))
	require.Equal(t, "Book Room A at 10:00", eval[string](s, "document.activeElement.ariaLabel"))
	s.press(kb.Tab)
	s.press(kb.Tab, kb.ModifierShift)
	require.Equal(t, "Book Room A at 10:00", eval[string](s, "document.activeElement.ariaLabel"))
	s.press(kb.Enter + "Budget" + kb.Enter)
	s.agree()
	require.Equal(t, 1, eval[int](s, stops), "after a booking, the Tab key must still reach exactly one free hour")
}
