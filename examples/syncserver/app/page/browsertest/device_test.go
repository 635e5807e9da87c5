package browsertest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
)

// valueOf returns the value of a control on the left side.
func (s *screen) valueOf(testID string) string {
	s.t.Helper()
	return eval[string](s, s.left.find(testID)+".value")
}

// leaveField clicks on the title of the page, so that the current field loses the focus.
func (s *screen) leaveField() { s.click(`document.querySelector("h1")`) }

// TestPageKeepsDeviceNames: an old name that is typed again is written, an emptied name is
// restored, and an emoji of several code points stays whole.
func TestPageKeepsDeviceNames(t *testing.T) {
	s := visit(t)
	name := func() string {
		for r := range s.network.observer(t).Records(board.Devices) {
			if r.Key().ID == s.left.Client() {
				return text(r, "name")
			}
		}
		return ""
	}
	s.await("the device is named", func() bool { return name() == "Ana’s phone" })
	s.click(s.left.find("name"))
	s.replace("Zoe’s phone")
	s.await("the name is written", func() bool { return name() == "Zoe’s phone" })
	s.press("a", kb.ModifierCtrl)
	s.press("Ana’s phone")
	s.await("the page says that something is not written", func() bool { return s.equal() == "false" })
	s.leaveField()
	s.await("the old name is written", func() bool { return name() == "Ana’s phone" })
	s.agree()

	for _, end := range []string{kb.Enter, kb.Tab} {
		s.click(s.left.find("name"))
		s.press("a", kb.ModifierCtrl)
		s.press(kb.Backspace + end)
		require.Equal(t, "Ana’s phone", s.valueOf("name"))
	}
	s.agree()
	require.Equal(t, "Ana’s phone", name())

	const family = "👩\u200d👩\u200d👧"
	s.left.AddTask("Paint the fence")
	s.click(s.left.find("name"))
	eval[any](s, `document.execCommand("selectAll") && document.execCommand("insertText", false, "`+family+` phone")`)
	s.press(kb.Enter)
	s.await("the badge shows the emoji", func() bool {
		return eval[string](s, s.left.element()+`.querySelector(".badge").textContent`) == family
	})
	s.await("the marks show the emoji", func() bool {
		return strings.Contains(eval[string](s, s.right.inTask("Paint the fence", "why")+"?.textContent ?? ''"), family)
	})
}

// TestPageClockFollowsItsField: the clock of the device is ahead by the number of minutes in the
// field, and shows the date if it is not today.
func TestPageClockFollowsItsField(t *testing.T) {
	s := visit(t)
	s.left.Online(false)
	s.left.SetClock(0)
	s.choose(s.left.find("clock"), "custom")
	ahead := func() time.Duration {
		shown := eval[string](s, s.left.find("time")+".textContent")
		clock, date, other := strings.Cut(shown, " on ")
		day := time.Now().UTC().Format("2 Jan 2006")
		if other {
			day = strings.Replace(date, "Sept", "Sep", 1)
		}
		at, err := time.Parse("15:04:05 2 Jan 2006", clock+" "+day)
		require.NoError(t, err, shown)
		return time.Until(at).Round(time.Minute)
	}
	s.await("the clock is five minutes ahead", func() bool { return ahead() == 5*time.Minute })
	s.write(s.left.find("minutes"), "7")
	s.await("the clock is seven minutes ahead", func() bool { return ahead() == 7*time.Minute })
	s.press("a", kb.ModifierCtrl)
	s.press("5")
	s.leaveField()
	s.await("the clock is five minutes ahead again", func() bool { return ahead() == 5*time.Minute })

	const tenYears = 10 * 365 * 24 * time.Hour
	s.write(s.left.find("minutes"), "5256000")
	s.await("the clock is ten years ahead and shows the date", func() bool { return ahead() == tenYears })
	for _, never := range []string{"", "999999999999"} {
		s.click(s.left.find("minutes"))
		s.press("a", kb.ModifierCtrl)
		s.press(kb.Backspace + never + kb.Tab)
		require.Equal(t, "5256000", s.valueOf("minutes"))
	}
	require.Equal(t, tenYears, ahead())
	s.reload()
	require.Equal(t, "5256000", s.valueOf("minutes"))
}

// TestPageShowsTypedDay: a typed day is shown once it is complete. While the typed day is
// incomplete, the calendar keeps its day, even if the bookings change.
func TestPageShowsTypedDay(t *testing.T) {
	s := visit(t)
	s.nextDay()
	day := s.day()
	typed := func(keys string) {
		eval[any](s, s.left.find("day")+".focus()")
		s.press(keys)
	}
	typed("0303")
	c := newcomer(t, s.network.URL)
	planning := slotOf("Room A", day, "10", "11")
	planning["title"] = record.MustOf("Planning")
	require.NoError(t, c.Replica.Edit(record.Key{Table: board.Meetings, ID: "planning"}, planning))
	require.NoError(t, c.Sync(t.Context()))
	s.await("the rooms are drawn again", func() bool { return len(s.left.Meetings()) == 1 })
	require.Equal(t, day, s.day())
	require.Contains(t, s.valueOf("day"), "-03-03", "the typed day was replaced while the user was typing")
	typed("03032027" + kb.Enter)
	require.Equal(t, "2027-03-03", s.day())
	typed(kb.Backspace)
	s.leaveField()
	require.Equal(t, "2027-03-03", s.valueOf("day"))
	require.Equal(t, "2027-03-03", s.day())
}

// TestPageListsKeepPartsTheyDoNotShow: a choice in a list is written, and keeps the parts of the
// value that the list cannot show, such as the length of a two-hour meeting at seven.
func TestPageListsKeepPartsTheyDoNotShow(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	for _, status := range []string{"doing", "todo", "done", "doing"} {
		s.choose(s.left.find("task-status"), status)
		s.agree()
		require.Equal(t, status, s.right.Tasks()[0].Status)
	}
	s.nextDay()
	s.left.Book("Room A", 9, "Breakfast")
	s.settle()
	editElsewhere(t, s.network.URL, board.Meetings, slotOf("Room A", s.day(), "07", "09"))
	const list = `.elsewhere [data-testid="meeting"]`
	s.await("the meeting is at seven", func() bool { return eval[bool](s, s.left.element()+".querySelector('"+list+"') !== null") })
	s.click(s.left.find("meeting-more"))
	s.choose(s.left.find("meeting-room"), "Room C")
	start := func() string {
		for _, r := range s.records() {
			if v, ok := r.Get("slot"); ok {
				return v.Value.JSON()
			}
		}
		return ""
	}
	s.await("only the room has changed", func() bool {
		return start() == `{"end":"`+s.day()+`T09:00:00Z","room":"Room C","start":"`+s.day()+`T07:00:00Z"}`
	})
	s.choose(s.left.find("meeting-hour"), "10")
	s.await("the meeting has its old length", func() bool {
		return start() == `{"end":"`+s.day()+`T12:00:00Z","room":"Room C","start":"`+s.day()+`T10:00:00Z"}`
	})
}

// slotOf returns the fields of a meeting whose slot lasts from one hour to another.
func slotOf(room, day, from, to string) map[string]record.Value {
	slot := map[string]any{"room": room, "start": day + "T" + from + ":00:00Z", "end": day + "T" + to + ":00:00Z"}
	return map[string]record.Value{"slot": record.MustOf(slot)}
}

// TestPageKeepsTextOfNewRecords: text typed for a new task or meeting survives a reload, a visit to
// another day, and a booking of the same hour by another device.
func TestPageKeepsTextOfNewRecords(t *testing.T) {
	s := visit(t)
	s.nextDay()
	s.click(s.left.find("add-title"))
	s.press("Paint")
	s.click(s.left.element() + `.querySelector('[data-room="Room B"][data-hour="10"] .free')`)
	s.press("Plann")
	s.right.Book("Room B", 10, "Budget")
	s.await("the other booking is shown", func() bool { return len(s.left.Meetings()) == 1 })
	day := s.day()
	s.nextDay()
	s.click(s.left.element() + `.querySelector('[data-part="day-before"]')`)
	s.await("the first day is shown", func() bool { return s.day() == day })
	require.Equal(t, "Plann", s.valueOf("book-title"))

	s.reload()
	require.Equal(t, "Paint", s.valueOf("add-title"))
	if s.day() != day {
		s.nextDay()
	}
	s.click(s.left.find("book-title"))
	s.press(kb.End + "ing" + kb.Enter)
	s.click(s.left.find("add-title"))
	s.press(kb.End + "ing" + kb.Enter)
	s.right.Shows("Painting")
	s.agree()
	require.Len(t, s.right.Meetings(), 2)
	s.left.IsWarned("Planning", "Budget")
	s.reload()
	require.Empty(t, s.valueOf("add-title"))
}

// TestPageSwitchIsVisibleInForcedColours: if the system forces its colours, the state of the
// switch is still visible.
func TestPageSwitchIsVisibleInForcedColours(t *testing.T) {
	s := visit(t)
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}}
	s.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media)
		return chromedp.Void{}, err
	})
	require.True(t, eval[bool](s, `matchMedia("(forced-colors: active)").matches`))
	thumb := `(async () => {
		const track = ` + s.left.find("online-switch") + `.querySelector('.track');
		await Promise.allSettled(track.getAnimations({subtree: true}).map((change) => change.finished));
		return getComputedStyle(track, '::after').backgroundColor + ' on ' + getComputedStyle(track).backgroundColor;
	})()`
	for _, online := range []bool{true, false} {
		s.left.Online(online)
		thumb, track, _ := strings.Cut(eval[string](s, thumb), " on ")
		require.NotEqual(t, track, thumb, "the thumb of the switch is invisible")
	}
	s.picture("switch")
}
