package browsertest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// watch collects the sentences of the stories and counts the messages on the wires. The stories play fast.
const watch = `(() => {
	document.documentElement.dataset.pace = 8;
	Object.assign(window, {told: [], messages: 0});
	new MutationObserver(() => window.told.push(document.getElementById('caption').textContent)).observe(document.getElementById('caption'), {childList: true});
	new MutationObserver((all) => window.messages += all.flatMap((m) => [...m.addedNodes]).filter((n) => n.matches?.('.message')).length)
		.observe(document.querySelector('.network'), {childList: true, subtree: true});
	return true;
})()`

// play plays a story to its end, and returns what it said.
func (s *screen) play(story string) []string {
	s.t.Helper()
	eval[bool](s, "Boolean(window.told = [])")
	button := fmt.Sprintf(`document.querySelector('[data-story="%s"]')`, story)
	s.click(button)
	s.await("the story is played", func() bool { return eval[bool](s, button+".dataset.done === 'true' && !"+button+".disabled") })
	s.agree()
	s.picture("story-" + story)
	return eval[[]string](s, "window.told")
}

// booked returns the titles of the meetings of a room on the shown day, sorted. The example has a meeting in another room, and
// on the day before if the story begins while few hours of that day are left.
func (p *panel) booked(room string) (titles []string) {
	for _, m := range p.Meetings() {
		if m.Room == room {
			titles = append(titles, m.Title)
		}
	}
	return titles
}

// isAsBefore requires that both devices are online and that their clocks are right.
func (s *screen) isAsBefore() {
	s.t.Helper()
	for _, p := range []*panel{s.left, s.right} {
		require.True(s.t, p.shown().Online)
		require.Equal(s.t, "0", eval[string](s, p.find("clock")+".value"))
	}
}

// TestPageStoriesPlayThemselves: each story plays at the press of a button, comes to the end that it tells, leaves the
// devices as they were, and has a tick then, also after a reload.
func TestPageStoriesPlayThemselves(t *testing.T) {
	s := visitExample(t)
	s.agree()
	eval[bool](s, watch)
	require.Zero(t, s.right.losses()) // loads the script of the notices, which must not come after the end of a fast story

	require.Contains(t, s.play("edit"), "Then Ana’s phone renames it too, without having seen that.")
	require.Contains(t, s.left.Titles(), "Paint the door red")
	require.Equal(t, "won", s.left.Mark("Paint the door red", "title"))
	require.NotZero(t, eval[int](s, "window.messages"))
	require.Len(t, s.left.shown().Notices, 1)
	s.await("the loser is told", func() bool { return len(s.right.shown().Notices) == 1 })
	s.isAsBefore()

	require.Contains(t, s.play("book"), "Back online, both bookings are there. Nothing was refused or lost.")
	require.Equal(t, []string{"Budget", "Planning"}, s.left.booked("Room B"))
	require.Empty(t, s.left.shown().Warnings)
	require.Empty(t, s.left.shown().Notices, "a notice of the first story covers the second one")
	require.Empty(t, s.right.shown().Notices, "the same, of the edit that was lost")
	s.isAsBefore()

	require.Contains(t, s.play("clock"), "The answer of the server shows that this clock is wrong.")
	require.Contains(t, s.left.Titles(), "Paint the door green")
	s.isAsBefore()

	client := s.left.Client()
	pushes := s.network.pushes(client)
	require.Contains(t, s.play("lose"), "The server has stored it: Ben’s laptop shows it.")
	require.Contains(t, s.left.Titles(), "Paint the door red")
	require.Equal(t, pushes+2, s.network.pushes(client), "the edit was not sent exactly twice")
	s.isAsBefore()
	require.Len(t, s.left.Tasks(), len(examples)+1, "the stories share one task")

	require.Contains(t, s.play("edit"), "Then Ana’s phone renames it too, without having seen that.")
	require.Equal(t, "won", s.left.Mark("Paint the door", "title"), "the story tells the same when it is played again")

	s.reload()
	require.Equal(t, 4, eval[int](s, `document.querySelectorAll('[data-story][data-done="true"]').length`))
}

// TestPageStoryExplainsOnAPhone: at the end of the story, the explanation of the winner is on the screen.
func TestPageStoryExplainsOnAPhone(t *testing.T) {
	s := visitExample(t)
	s.agree()
	eval[bool](s, watch)
	require.Zero(t, s.right.losses()) // loads their script; a late notice would move what is under the mouse
	s.resize(390, 844, "light")
	s.play("edit")
	require.Contains(t, eval[string](s, `document.getElementById("tooltip").textContent`), "It won because it is")
	require.True(t, eval[bool](s, `(() => {
		const { top, bottom, width } = document.getElementById("tooltip").getBoundingClientRect();
		return width > 0 && top > document.querySelector(".caption").getBoundingClientRect().bottom && bottom < innerHeight;
	})()`))
}

// TestPageStoryStops: a story that is stopped puts both devices back online, and has no tick. If the reader wants nothing
// to move, nothing does.
func TestPageStoryStops(t *testing.T) {
	brief(t)
	s := visitExample(t)
	s.agree()
	eval[bool](s, watch)
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}
	s.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media)
		return chromedp.Void{}, err
	})
	eval[bool](s, "Boolean(document.documentElement.dataset.pace = 1)") // there is time to see that both devices are offline
	s.click(`document.querySelector('[data-story="edit"]')`)
	s.await("both devices are offline", func() bool { return !s.left.shown().Online && !s.right.shown().Online })
	_, release := s.network.hold(s.left.Client()) // the story waits, and is stopped before its end
	s.left.Waits(1)
	require.Equal(t, "true", eval[string](s, s.left.task("Paint the door red")+".dataset.waiting"))
	s.click(`document.getElementById('stop-story')`)
	s.await("the story is over", func() bool { return s.hasFocus(`document.querySelector('[data-story="edit"]')`) })
	release()
	require.True(t, s.left.shown().Online && s.right.shown().Online)
	s.agree()
	require.Equal(t, "false", eval[string](s, `document.querySelector('[data-story="edit"]').dataset.done`))
	require.Zero(t, eval[int](s, "window.messages"))
}
