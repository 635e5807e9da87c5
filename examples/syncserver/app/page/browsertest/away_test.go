package browsertest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// visitOn starts a server on a database file and opens its page.
func visitOn(t *testing.T, file string) *screen {
	t.Helper()
	b := browserOf(t)
	p, err := program.Start(file)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	return open(t, b, newNetwork(t, p))
}

// operate calls a function with a second server on a database file, and with the time that the
// server's clock shows, which the function may change.
func operate(t *testing.T, file string, act func(s *server.Server, d *server.Database, now *time.Time)) {
	t.Helper()
	d, err := server.OpenDatabase(t.Context(), file)
	require.NoError(t, err)
	defer d.Close()
	now := time.Now()
	o := boardserver.Options() // as the server of the page, which works on the same file
	o.Retention, o.Erasures, o.Now = 24*time.Hour, file+".erasures", func() time.Time { return now }
	s, err := server.New(t.Context(), d, o)
	require.NoError(t, err)
	act(s, d, &now)
}

// passRetention lets a server whose retention is one day purge everything that was deleted so far. The
// side p stays online, and gets the new fence with its next pull.
func (p *panel) passRetention(file string) {
	p.t.Helper()
	operate(p.t, file, func(s *server.Server, _ *server.Database, now *time.Time) {
		for range 2 {
			require.NoError(p.t, s.Retain(p.t.Context()))
			p.await("the side has pulled", func() bool { return reached(p.Cursor()) == reached(p.network.observer(p.t).Cursor()) })
			*now = now.Add(24 * time.Hour)
		}
	})
	p.retry()
}

// reached returns the part of a cursor that says up to where its client has everything. The rest is about the buckets of
// the client, and differs.
func reached(cursor string) string {
	before, _, _ := strings.Cut(cursor, "~")
	return before
}

// kept returns everything that the page keeps in the storage of its browser for both sides, and in
// the page itself: texts, values and explanations.
func (s *screen) kept() string {
	s.t.Helper()
	s.saved()
	return eval[string](s, `(async () => {
		const result = (request) => new Promise((resolve, reject) => {
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error);
		});
		const kept = [document.documentElement.outerHTML];
		for (const control of document.querySelectorAll('input, textarea, select')) kept.push(control.value);
		for (const storage of [localStorage, sessionStorage]) kept.push(JSON.stringify({ ...storage }));
		for (const { name } of await indexedDB.databases()) {
			const database = await result(indexedDB.open(name));
			for (const store of database.objectStoreNames) {
				const all = database.transaction(store).objectStore(store);
				kept.push(name, JSON.stringify(await Promise.all([result(all.getAllKeys()), result(all.getAll())])));
			}
			database.close();
		}
		return kept.join('\n');
	})()`)
}

// forgets waits until nothing that the page keeps contains a text.
func (s *screen) forgets(text string) {
	s.t.Helper()
	var kept string
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if kept = s.kept(); !strings.Contains(kept, text) {
			return
		}
		if time.Now().After(end) {
			at := strings.Index(kept, text)
			require.FailNow(s.t, "the page keeps "+text, kept[max(0, at-300):min(len(kept), at+100)])
		}
	}
}

// TestPageReturnsAfterRetention: a side that was offline for longer than the retention comes back
// with edits. It fetches everything again. The edit of a title merges. The edit of a task that was
// deleted and purged is gone, and so is the edit of a field that the server does not have. For both,
// the user is told what they wrote, and makes the edit again. The deleted data does not come back,
// and the page keeps nothing of it.
func TestPageReturnsAfterRetention(t *testing.T) {
	file := databasetest.SQLite(t)
	s := visitOn(t, file)
	for _, title := range []string{"Paint the fence", "Fix the gate", "Order the paint"} {
		s.left.AddTask(title)
	}
	s.agree()
	s.left.Online(false)
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.left.SetTitle("Fix the gate", "Close the gate")
	s.left.SetAssignee("Order the paint", "Cleo")
	s.left.Waits(3)
	s.right.Delete("Fix the gate")
	s.right.click(s.right.find("deleted-tasks"))
	s.await("the list is open", func() bool { return eval[bool](s, s.right.find("restore")+" !== null") })
	eval[any](s, s.right.find("restore")+".focus()")
	s.await("the server has the deletion", func() bool { return s.stored().Deleted == 1 })
	s.right.passRetention(file)
	s.await("the purged task has left the list", func() bool { return s.right.shown().Deleted == 0 })
	require.True(t, s.hasFocus(s.right.element()), "the focus was lost with the list")
	require.Empty(t, s.right.shown().Notices)

	s.left.Online(true)
	s.left.IsTold("This device last synced longer ago than the server keeps deletions", "3 edits that have not been sent are kept")
	s.left.IsTold("Your edit to a task came too late", "You wrote: title ‘Close the gate’")
	s.left.IsTold("Your edit to the assignee of “Order the paint” came too late", "You wrote: assignee ‘Cleo’")
	s.left.Shows("Paint it red", "Order the paint")
	s.agree()
	require.Zero(t, s.left.shown().Deleted)
	require.Empty(t, s.right.shown().Notices)
	s.forgets("Fix the gate")
	s.picture("told")

	again := func(told string) {
		button := fmt.Sprintf(`[...%s.querySelectorAll('[data-testid="notice"]')].find((n) => n.textContent.includes(%q)).querySelector('[data-testid="notice-action"]')`, s.left.element(), told)
		eval[any](s, button+".focus()")
		s.press(kb.Enter)
	}
	again("Close the gate")
	again("Cleo")
	s.right.Shows("Paint it red", "Order the paint", "Close the gate")
	s.agree()
	require.Equal(t, "Cleo", s.right.Tasks()[1].Assignee)
	require.True(t, eval[bool](s, s.left.element()+".contains(document.activeElement)"), "the focus was lost with a notice")
}

// TestPageForgetsErasedTask: a task is erased while everything that can show or keep its text does:
// explanations, a notice, a waiting edit, a text that is being typed, and the name of a device. The
// page forgets all of it, and the user is told once that an edit is not kept.
func TestPageForgetsErasedTask(t *testing.T) {
	file := databasetest.SQLite(t)
	s := visitOn(t, file)
	s.left.AddTask("Call Tom about covert things")
	s.left.AddTask("Paint the fence")
	s.settle()
	s.left.Online(false)
	s.right.SetTitle("Call Tom about covert things", "Call covert Tom")
	s.right.SetAssignee("Call covert Tom", "covert")
	s.isStored("Call covert Tom")
	s.left.SetTitle("Call Tom about covert things", "Call Tom, covert")
	s.left.Online(true)
	s.agree()
	s.left.IsTold("Call Tom, covert", "‘Call covert Tom’")
	s.left.Online(false)
	s.left.SetTitle("Call Tom, covert", "Call covertly")
	s.left.click(s.left.element() + `.querySelector('[data-part="outbox"] summary')`)
	s.left.Waits(1)
	s.right.click(s.right.inTask("Call Tom, covert", "task-assignee"))
	s.press(" covert typing")
	require.Contains(t, s.left.Why("Call covertly", "title"), "covert") // stays open
	require.Contains(t, s.kept(), "covert")

	var key record.Key
	for _, r := range s.records() {
		if strings.Contains(text(r, board.Title), "covert") {
			key = r.Key()
		}
	}
	operate(t, file, func(srv *server.Server, _ *server.Database, _ *time.Time) {
		done, err := srv.Erase(t.Context(), "demo", key)
		require.NoError(t, err)
		require.Equal(t, 1, done.Records)
	})
	s.right.Shows("Paint the fence")
	s.right.IsTold("A task was erased on the server. Your edit to the task is not kept.")
	s.left.Shows("Call covertly", "Paint the fence")
	eval[any](s, s.left.find("online-switch")+".click()") // the mouse stays on the mark
	s.left.IsTold("A task was erased on the server. Your edit to the task is not kept.")
	s.left.Shows("Paint the fence")
	s.agree()
	s.forgets("covert")
	require.Len(t, s.left.shown().Notices, 1)
	require.Len(t, s.right.shown().Notices, 1)
	require.Zero(t, s.left.shown().Deleted+s.right.shown().Deleted)
	s.reload()
	s.agree()
	s.left.Shows("Paint the fence")
	s.forgets("covert")
}
