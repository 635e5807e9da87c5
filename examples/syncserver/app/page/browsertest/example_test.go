package browsertest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// examples are the titles of the tasks in the example.
var examples = []string{"Ask the neighbours", "Fix the gate", "Order the paint", "Paint the fence", "Put the tools away", "Write the invitation"}

// visitExample opens the page of a new server, and waits until both sides show the example.
func visitExample(t *testing.T) *screen {
	t.Helper()
	n := newNetwork(t, newServer(t))
	tab, err := browserOf(t).Open(n.URL)
	require.NoError(t, err)
	s := attach(t, tab, n)
	for _, p := range []*panel{s.left, s.right} {
		p.Shows(examples...)
	}
	return s
}

// passTurn waits while the days of the example are about to change, which they do at midnight and at 13:00: two devices would
// fill in different ones, and be told so.
func passTurn() {
	for _, hour := range []int{13, 24} {
		now := time.Now().UTC()
		turn := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, time.UTC)
		if left := turn.Sub(now); left > 0 && left < time.Minute {
			time.Sleep(left)
		}
	}
}

// TestPageFillsInTheExampleOnce: two tabs with new devices find the same workspace empty, and fill in the example before
// the server has an edit of either. They agree on one example, silently. A device that comes later, when tasks have been
// deleted, adds nothing.
func TestPageFillsInTheExampleOnce(t *testing.T) {
	b := browserOf(t)
	n := newNetwork(t, newServer(t))
	_, release := n.hold("")
	var tabs []*screen
	passTurn()
	for range 2 {
		tab, err := b.OpenFresh(n.URL)
		require.NoError(t, err)
		s := attach(t, tab, n)
		s.left.Shows(examples...)
		require.Empty(t, s.right.Titles(), "one device of a page fills in the example")
		tabs = append(tabs, s)
	}
	release()
	for _, s := range tabs {
		s.front()
		s.retry()
		s.right.Shows(examples...)
		s.agree()
	}
	for _, s := range tabs {
		require.Empty(t, append(s.left.shown().Notices, s.right.shown().Notices...))
	}
	require.Len(t, tabs[0].stored().Tasks, len(examples))

	for _, title := range examples {
		tabs[1].left.Delete(title)
	}
	tabs[1].agree()
	tab, err := b.OpenFresh(n.URL)
	require.NoError(t, err)
	later := attach(t, tab, n)
	later.agree()
	later.left.Shows()
	require.Equal(t, len(examples), later.left.shown().Deleted)
	later.left.click(later.left.find("example"))
	later.right.Shows(examples...)
	later.agree()
}

// TestPageShowsBoardInFirstScreen: without scrolling, a visitor sees the first task of each board that is side by side,
// and the name of the library, which is a link.
func TestPageShowsBoardInFirstScreen(t *testing.T) {
	s := visitExample(t)
	for _, size := range []struct {
		width, height int64
		boards        int
	}{{1440, 900, 2}, {1024, 768, 2}, {390, 844, 1}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			s := s.in(t)
			s.resize(size.width, size.height, "light")
			s.picture("first-screen")
			places := eval[[]place](s, firstCards)
			t.Logf("the first cards: %+v of %d", places, size.height)
			require.Len(t, places, 2)
			for _, p := range places[:size.boards] {
				require.Less(t, p.Top, float64(size.height)*2/3)
				require.LessOrEqual(t, p.Bottom, float64(size.height))
			}
			link := `document.querySelector('a[href="https://github.com/fieldlww/fieldlww"]')`
			require.Equal(t, "fieldlww", eval[string](s, link+".textContent"))
			require.Less(t, eval[float64](s, link+".getBoundingClientRect().bottom"), float64(size.height))
		})
	}
}

// A place is where an element begins and ends, in pixels below the top of the window.
type place struct{ Top, Bottom float64 }

// firstCards returns the places of the first card of each board, once the page is scrolled to its top.
var firstCards = strings.TrimSpace(`
(async () => {
	scrollTo(0, 0);
	await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
	return [...document.querySelectorAll('.board')].map((board) => {
		const { top, bottom } = board.querySelector('.card').getBoundingClientRect();
		return { Top: top, Bottom: bottom };
	});
})()`)
