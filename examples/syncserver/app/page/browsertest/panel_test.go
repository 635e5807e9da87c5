package browsertest_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// panel is one side of a screen. Its methods act as a user does, with the mouse and the keyboard.
type panel struct {
	*screen
	side string // left or right
}

// shown returns everything that the user sees.
func (p *panel) shown() shown { return eval[shown](p.screen, look+"("+p.element()+")") }

// Titles returns the titles of all tasks, sorted.
func (p *panel) Titles() []string {
	titles := []string{}
	for _, t := range p.Tasks() {
		titles = append(titles, t.Title)
	}
	return titles
}

// Tasks returns the tasks, sorted by title.
func (p *panel) Tasks() []task {
	return slices.SortedFunc(maps.Values(p.shown().Tasks), func(a, b task) int { return cmp.Compare(a.Title, b.Title) })
}

// Meetings returns the meetings of the shown day, sorted by title.
func (p *panel) Meetings() []meeting {
	return slices.SortedFunc(maps.Values(p.shown().Meetings), func(a, b meeting) int { return cmp.Compare(a.Title, b.Title) })
}

// Shows waits until exactly the tasks with these titles are shown.
func (p *panel) Shows(titles ...string) {
	p.t.Helper()
	slices.Sort(titles)
	p.await(fmt.Sprintf("the %s side shows %q", p.side, titles), func() bool { return slices.Equal(p.Titles(), titles) })
}

// Waits waits until the outbox has the given number of edits.
func (p *panel) Waits(edits int) {
	p.t.Helper()
	p.await(fmt.Sprintf("%d edits wait on the %s side", edits, p.side), func() bool { return p.shown().Outbox == edits })
}

// IsTold waits for a notice that contains all these texts.
func (p *panel) IsTold(parts ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf("the %s side is told %q", p.side, parts), func() bool { return hasAll(p.shown().Notices, parts) })
}

// IsWarned waits for a banner that contains all these texts.
func (p *panel) IsWarned(parts ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf("the %s side is warned %q", p.side, parts), func() bool { return hasAll(p.shown().Warnings, parts) })
}

// hasAll reports whether one of the texts contains all the parts.
func hasAll(texts, parts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
	})
}

// Online switches the device on or off.
func (p *panel) Online(online bool) {
	p.t.Helper()
	if p.shown().Online != online {
		p.click(p.find("online-switch"))
	}
	require.Equal(p.t, online, p.shown().Online)
}

// AddTask adds a task.
func (p *panel) AddTask(title string) {
	p.t.Helper()
	p.write(p.find("add-title"), title)
	p.await("the task is added", func() bool { return slices.Contains(p.Titles(), title) })
}

// SetTitle gives a task another title. It does not wait for the new title, because the server may
// refuse it at once.
func (p *panel) SetTitle(old, title string) {
	p.t.Helper()
	p.write(p.inTask(old, "task-title"), title)
}

// SetAssignee assigns a task.
func (p *panel) SetAssignee(title, person string) {
	p.t.Helper()
	p.write(p.inTask(title, "task-assignee"), person)
}

// Delete deletes a task.
func (p *panel) Delete(title string) {
	p.t.Helper()
	p.click(p.inTask(title, "task-delete"))
	p.await("the task is gone", func() bool { return !slices.Contains(p.Titles(), title) })
}

// Book books an hour of a room on the shown day.
func (p *panel) Book(room string, hour int, title string) {
	p.t.Helper()
	p.click(fmt.Sprintf(`%s.querySelector('[data-room="%s"][data-hour="%d"] .free')`, p.element(), room, hour))
	p.press(title + kb.Enter)
	p.await("the meeting is shown", func() bool {
		return slices.ContainsFunc(p.Meetings(), func(m meeting) bool { return m.Title == title })
	})
}

// nextDay turns both calendars to a day that has not begun.
func (s *screen) nextDay() {
	s.t.Helper()
	before := s.day()
	s.click(s.left.element() + `.querySelector('[data-part="day-after"]')`)
	s.await("another day is shown", func() bool { return s.day() != before })
}

// day returns the day shown by both calendars.
func (s *screen) day() string { return eval[string](s, s.right.find("day")+".value") }

// SetClock sets the clock of the device: an hour behind (-60), on time (0), or an hour ahead (60).
func (p *panel) SetClock(minutes int) {
	p.t.Helper()
	p.choose(p.find("clock"), fmt.Sprint(minutes))
}

// mark returns a JavaScript expression for the mark of a task's field.
func (p *panel) mark(title, field string) string {
	return fmt.Sprintf(`%s?.querySelector('[data-testid="why"][data-field="%s"]')`, p.task(title), field)
}

// Mark returns the look of the mark of a task's field: plain, replaced, won or waiting.
func (p *panel) Mark(title, field string) string {
	p.t.Helper()
	return eval[string](p.screen, p.mark(title, field)+".dataset.look")
}

// Why hovers over the mark of a task's field and returns its explanation.
func (p *panel) Why(title, field string) string {
	p.t.Helper()
	return p.explained(p.mark(title, field))
}

// explained hovers over a mark and returns its explanation. Scrolling hides it, so explained hovers until it is shown.
func (p *panel) explained(mark string) (text string) {
	p.t.Helper()
	shown := func() string {
		return eval[string](p.screen, `((tooltip) => tooltip.hidden ? "" : tooltip.innerText)(document.getElementById("tooltip"))`)
	}
	p.await("the explanation is shown", func() bool {
		p.point(0, 0)
		p.await("no explanation is shown", func() bool { return shown() == "" })
		p.point(p.reach(mark))
		text = shown()
		return text != ""
	})
	return text
}

// states begins to record the states of the connection, and returns a function that returns those
// recorded so far.
func (p *panel) states() func() []string {
	p.t.Helper()
	eval[bool](p.screen, fmt.Sprintf(`((panel) => {
		const states = window.states = [];
		new MutationObserver(() => states.push(panel.dataset.sync)).observe(panel, {attributeFilter: ['data-sync']});
		return true;
	})(%s)`, p.element()))
	return func() []string { return eval[[]string](p.screen, "window.states") }
}

// Client returns the stored client ID of the device.
func (p *panel) Client() string {
	p.t.Helper()
	return cmp.Or(p.entry("device", "clientId"), "none")
}

// Cursor returns the stored cursor of the last pull.
func (p *panel) Cursor() string {
	p.t.Helper()
	return p.entry("state", "cursor")
}

// entry returns a member of a stored JSON object, or "" if there is none.
func (p *panel) entry(key, member string) string {
	p.t.Helper()
	return eval[string](p.screen, fmt.Sprintf(`new Promise((resolve, reject) => {
		const slot = sessionStorage.getItem('fieldlww-slot-demo');
		const open = indexedDB.open('fieldlww-demo-%s' + (slot === '1' ? '' : '-' + slot));
		open.onerror = () => reject(open.error);
		open.onsuccess = () => {
			const get = open.result.transaction('entries').objectStore('entries').get(%q);
			get.onsuccess = () => { open.result.close(); resolve(JSON.parse(get.result ?? '{}').%s ?? ''); };
		};
	})`, p.side, key, member))
}

// element returns a JavaScript expression for the panel; find returns one for the element in the
// panel that has the given test ID.
func (p *panel) element() string { return fmt.Sprintf(`document.getElementById("%s")`, p.side) }
func (p *panel) find(name string) string {
	return fmt.Sprintf(`%s.querySelector('[data-testid="%s"]')`, p.element(), name)
}

// task returns a JavaScript expression for the card with the given title; inTask returns one for
// the element on that card that has the given test ID.
func (p *panel) task(title string) string {
	return fmt.Sprintf(`[...%s.querySelectorAll('[data-testid="task"]')].find((t) => t.querySelector('.title').value === %q)`, p.element(), title)
}
func (p *panel) inTask(title, name string) string {
	return fmt.Sprintf(`%s?.querySelector('[data-testid="%s"]')`, p.task(title), name)
}
