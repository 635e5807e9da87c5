package browsertest_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// contents is the visible content of a board, without the parts that differ between the sides.
type contents struct {
	Tasks     map[string]task    // by ID
	Meetings  map[string]meeting // of the shown day
	Deleted   int
	Conflicts int
}

type task struct{ Title, Due, Assignee, Status string }

type meeting struct{ Title, Room, Start string }

func (c contents) equal(d contents) bool {
	return c.Deleted == d.Deleted && c.Conflicts == d.Conflicts && maps.Equal(c.Tasks, d.Tasks) && maps.Equal(c.Meetings, d.Meetings)
}

// shown is everything that a user sees of one side.
type shown struct {
	contents
	Sync     string // the state of its connection
	Online   bool
	Outbox   int
	Notices  []string
	Warnings []string // the texts of the banners
}

func (s shown) settled() bool { return s.Sync == "current" && s.Outbox == 0 }

// look reads the contents of a panel.
const look = `(panel => {
	if (!panel) return {}; // the page has not started
	const all = (name, read) => [...panel.querySelectorAll('[data-testid="' + name + '"]')].map(read);
	const one = (element, name) => element.querySelector('[data-testid="' + name + '"]');
	const text = (name) => one(panel, name).textContent;
	const day = one(panel, 'day').value;
	const start = (hour) => day + 'T' + hour.padStart(2, '0') + ':00:00Z';
	const warnings = all('violation', (v) => v.querySelector('p').textContent);
	return {
		Tasks: Object.fromEntries(all('task', (t) => [t.dataset.id, {
			Title: one(t, 'task-title').value, Due: one(t, 'task-due').value,
			Assignee: one(t, 'task-assignee').value, Status: one(t, 'task-status').value,
		}])),
		Meetings: Object.fromEntries(all('meeting', (m) => [m.dataset.id, {
			Title: one(m, 'meeting-title').value, Room: one(m, 'meeting-room').value, Start: start(one(m, 'meeting-hour').value),
		}])),
		Deleted: ['deleted-tasks', 'deleted-meetings'].map((name) => one(panel, name))
			.reduce((n, summary) => n + (summary.parentElement.hidden ? 0 : Number(summary.textContent.replace(/\D/g, ''))), 0),
		Conflicts: warnings.length,
		Warnings: warnings,
		Notices: all('notice', (n) => n.querySelector('p').textContent),
		Sync: panel.dataset.sync,
		Online: one(panel, 'online-switch').getAttribute('aria-checked') === 'true',
		Outbox: parseInt(text('outbox-count')) || 0,
	};
})`

// stored returns the contents of the server, as a panel would show them. Of a server in the browser, it returns what the
// left panel shows.
func (s *screen) stored() contents {
	s.t.Helper()
	if s.network == nil {
		return s.left.shown().contents
	}
	c, day := contents{Tasks: make(map[string]task), Meetings: make(map[string]meeting)}, s.day()
	for _, r := range s.records() {
		c.add(r, day)
	}
	return c
}

// records returns the tasks, meetings and violations that the server stores.
func (s *screen) records() []record.Record {
	s.t.Helper()
	device := s.network.observer(s.t)
	var all []record.Record
	for _, table := range []string{board.Tasks, board.Meetings, violation.DefaultTable} {
		all = slices.AppendSeq(all, device.Records(table))
	}
	return all
}

// newcomer returns a device outside the browser that has just pulled everything from a server.
func newcomer(t *testing.T, url string) *remote.Client {
	t.Helper()
	server := remote.Server{URL: url}
	m, err := server.Join(t.Context(), "demo", "")
	require.NoError(t, err)
	device, err := replica.Open(replica.Options{ID: m.ClientID})
	require.NoError(t, err)
	c := &remote.Client{Server: server, Token: m.Token, Replica: device}
	require.NoError(t, c.Pull(t.Context()))
	return c
}

// observer returns a device outside the browser that has just pulled everything for the first time, as a newcomer has. It
// joins once: the server limits the joins from one address, and a busy machine lets a test look often.
func (n *network) observer(t *testing.T) *replica.Replica {
	t.Helper()
	c := remote.Client{Server: remote.Server{URL: "http://" + n.server.Address}}
	if n.watcher.Token == "" {
		var err error
		n.watcher, err = c.Server.Join(t.Context(), "demo", "")
		require.NoError(t, err)
	}
	device, err := replica.Open(replica.Options{ID: n.watcher.ClientID})
	require.NoError(t, err)
	c.Token, c.Replica = n.watcher.Token, device
	require.NoError(t, c.Pull(t.Context()))
	return device
}

// isStored waits until the server has a task with the given title.
func (s *screen) isStored(title string) {
	s.t.Helper()
	s.await("the server has the task "+title, func() bool {
		for _, t := range s.stored().Tasks {
			if t.Title == title {
				return true
			}
		}
		return false
	})
}

// written returns when the task title was written, according to its stamp on the server.
func (s *screen) written(title string) time.Time {
	s.t.Helper()
	for _, r := range s.records() {
		if v, _ := r.Get(board.Title); r.Key().Table == board.Tasks && text(r, board.Title) == title {
			return v.Stamp.Time.Time()
		}
	}
	require.FailNow(s.t, "the server has no task "+title)
	return time.Time{}
}

// add adds a record to the contents, as a panel would show it on the given day.
func (c *contents) add(r record.Record, day string) {
	key := r.Key()
	switch {
	case r.Erased():
	case r.Deleted():
		c.Deleted++
	case key.Table == board.Tasks:
		c.Tasks[key.ID] = task{text(r, board.Title), text(r, board.Due), text(r, board.Assignee), text(r, board.Status)}
	case key.Table == board.Meetings:
		var slot struct{ Room, Start string }
		v, _ := r.Get("slot")
		err := json.Unmarshal([]byte(v.Value.JSON()), &slot)
		if err == nil && strings.HasPrefix(slot.Start, day) {
			c.Meetings[key.ID] = meeting{text(r, board.Title), slot.Room, slot.Start}
		}
	case key.Table == violation.DefaultTable:
		v, err := violation.Parse(r)
		if err == nil && v.StatusAt(clock.TimestampOf(time.Now())) == violation.Open {
			c.Conflicts++
		}
	}
}

// text returns the text of a field, or "" if the field has none.
func text(r record.Record, field string) string {
	v, _ := r.Get(field)
	s, _ := v.Value.Text()
	return s
}
