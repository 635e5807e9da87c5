package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// falsehoods compares, in each frame, what both boards show while the page says that they show the same. It collects
// the pairs that differ.
const falsehoods = `(() => {
	window.falsehoods = [];
	const shown = (side) => JSON.stringify([...document.querySelectorAll('#' + side + ' :is([data-testid="task"], [data-testid="meeting"])')]
		.map((record) => [record.dataset.id, ...[...record.querySelectorAll('.value')].map((control) => control.value.trim())]).sort());
	const look = () => {
		const [left, right] = [shown('left'), shown('right')];
		if (document.getElementById('equal').dataset.equal === 'true' && left !== right) window.falsehoods.push(left + ' and ' + right);
		requestAnimationFrame(look);
	};
	look();
	return true;
})()`

// TestPageSaysSameOnlyOfWhatIsShown: the page never says that both sides show the same board while they do not. Text that
// somebody is typing counts.
func TestPageSaysSameOnlyOfWhatIsShown(t *testing.T) {
	s := visitExample(t)
	s.await("the sides agree", func() bool { return s.equal() == "true" })
	eval[bool](s, falsehoods)
	s.enter(s.left.inTask("Fix the gate", "task-title"))
	s.press(kb.End + " today")
	s.await("the page says that something is not written", func() bool { return s.equal() == "false" })
	s.press(kb.Enter)
	s.await("the sides agree", func() bool { return s.equal() == "true" })

	s.right.Online(false)
	s.choose(s.right.inTask("Paint the fence", "task-status"), "done")
	s.left.Delete("Order the paint")
	s.right.AddTask("Paint the gate")
	s.await("the page says that the sides differ", func() bool { return s.equal() == "false" })
	s.right.Online(true)
	s.says("✓ Both sides show the same board")
	require.Empty(t, eval[[]string](s, "window.falsehoods"))
}
