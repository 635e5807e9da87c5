package browsertest_test

import (
	"fmt"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// click clicks with the mouse on the element that the JavaScript expression selects. A click misses if what another device
// wrote moves the element meanwhile, so click clicks until it hits.
func (s *screen) click(expression string) {
	s.t.Helper()
	s.await("the mouse hits "+expression, func() bool {
		x, y := s.reach(expression)
		require.NoError(s.t, s.tab.Click(x, y))
		return eval[bool](s, "globalThis.hit ?? true")
	})
}

// point moves the mouse.
func (s *screen) point(x, y float64) {
	s.t.Helper()
	require.NoError(s.t, s.tab.Point(x, y))
}

// reach scrolls to an element and returns its middle once a user could click there: it is visible
// and nothing covers it. The page remembers whether the next press of the mouse hits the element.
func (s *screen) reach(expression string) (x, y float64) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		at := eval[spot](s, "("+reach+")("+expression+")")
		if at.Trouble == "" {
			return at.X, at.Y
		}
		if time.Now().After(end) {
			require.FailNow(s.t, expression+" "+at.Trouble)
		}
	}
}

// spot is a point to click, or the reason why the element cannot be clicked.
type spot struct {
	X, Y    float64
	Trouble string
}

const reach = `async (e) => {
	let Trouble = 'is not there';
	for (const block of e ? ['nearest', 'center'] : []) {
		e.scrollIntoView({block, inline: 'nearest', behavior: 'instant'});
		await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))); // scrolling is done
		const r = e.getBoundingClientRect();
		const X = r.x + r.width / 2, Y = r.y + r.height / 2;
		const hit = document.elementFromPoint(X, Y);
		if (e.contains(hit)) {
			globalThis.hit = undefined;
			addEventListener('pointerdown', ({target}) => { globalThis.hit = e.contains(target); }, {capture: true, once: true});
			return {X, Y};
		}
		Trouble = 'is covered by ' + (hit?.outerHTML ?? 'nothing: it is not visible').slice(0, 200);
	}
	return {Trouble};
}`

// press presses keys, one after the other, while the modifiers are held down.
func (s *screen) press(keys string, held ...kb.Modifier) {
	s.t.Helper()
	require.NoError(s.t, s.tab.Press(keys, append(held, 0)[0]))
}

// enter clicks into a field until the field has the focus.
func (s *screen) enter(field string) {
	s.t.Helper()
	s.await("the field has the focus", func() bool {
		s.click(field)
		return s.hasFocus(field)
	})
}

// write clicks into a field and replaces its text.
func (s *screen) write(field, text string) {
	s.t.Helper()
	s.enter(field)
	s.replace(text)
}

// replace replaces the text of the field that has the focus, and presses Enter.
func (s *screen) replace(text string) {
	s.t.Helper()
	s.press("a", kb.ModifierCtrl)
	s.press(text + kb.Enter)
}

// choose chooses an option of a list with the arrow keys.
func (s *screen) choose(list, value string) {
	s.t.Helper()
	steps := eval[int](s, fmt.Sprintf(`(list => {
		list.focus();
		return [...list.options].findIndex((o) => o.value === %q) - list.selectedIndex;
	})(%s)`, value, list))
	key := kb.ArrowDown
	if steps < 0 {
		key, steps = kb.ArrowUp, -steps
	}
	for range steps {
		s.press(key)
	}
	require.Equal(s.t, value, eval[string](s, list+".value"))
}

// tabTo presses the Tab key, or Shift and Tab, until an element has the focus.
func (s *screen) tabTo(element string, modifiers ...kb.Modifier) {
	s.t.Helper()
	const most = 60
	for range most {
		s.press(kb.Tab, modifiers...)
		if eval[bool](s, "document.activeElement === "+element) {
			return
		}
	}
	require.FailNow(s.t, fmt.Sprintf("%s is not among the next %d elements that the Tab key reaches", element, most))
}
