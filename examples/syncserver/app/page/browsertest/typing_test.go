package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
)

// TestPageKeepsTypedTitle: another device changes a title that a user is typing. The typed text
// stays and wins, and a notice says that it replaced an unseen edit.
func TestPageKeepsTypedTitle(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.click(s.left.inTask("Paint the fence", "task-title"))
	s.press(kb.End + " green")

	device := editElsewhere(t, s.network.URL, board.Tasks, map[string]record.Value{board.Title: record.MustOf("Paint the fence red")})
	s.right.Shows("Paint the fence red")
	s.left.hasWrite(device, "task-title", "title")
	s.left.Shows("Paint the fence green") // not written yet
	s.press(kb.Enter)
	s.right.Shows("Paint the fence green")
	s.agree()
	s.left.IsTold("replaced one by", "‘Paint the fence red’", "not seen")
	require.Contains(t, s.left.Why("Paint the fence green", "title"), "had not seen it")
}

// TestPageWritesTypedDateOnce: a typed date is written once, not with each digit.
func TestPageWritesTypedDateOnce(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	due := func(date string) {
		eval[any](s, s.left.find("task-due")+".focus()")
		s.press(date + kb.Tab + kb.Tab)
	}
	due("03032026")
	s.settle()
	s.left.Online(false)
	due("12312026") // passes through a date in January, then through the 3rd of December
	s.left.Waits(1)
	s.left.Online(true)
	s.agree()
	require.Equal(t, "2026-12-31", s.right.Tasks()[0].Due)

	const leave = kb.Tab + kb.Tab // past the day and the year
	due(kb.Backspace + leave)     // a date without a month is incomplete
	require.Equal(t, "2026-12-31", s.left.Tasks()[0].Due, "the left side does not show the written date")
	s.left.Waits(0)
	s.agree()
	require.Equal(t, "2026-12-31", s.right.Tasks()[0].Due)

	due(kb.Backspace + kb.Tab + kb.Backspace + kb.Tab + kb.Backspace) // clears all three parts
	s.await("the date is gone", func() bool { return s.right.Tasks()[0].Due == "" })
	s.agree()
}

// TestPageWritesDateTypedBack: an old date that is typed again after Enter is written. A date that
// another device sets after Enter is not overwritten when the field is left.
func TestPageWritesDateTypedBack(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	due := func(keys string) {
		s.leaveField() // otherwise the keys would continue in the part of the date where the previous keys ended
		eval[any](s, s.left.find("task-due")+".focus()")
		s.press(keys)
	}
	is := func(date string) {
		s.agree()
		require.Equal(t, date, s.left.Tasks()[0].Due)
		require.Equal(t, date, s.right.Tasks()[0].Due)
	}
	due("03032026" + kb.Enter)
	is("2026-03-03")
	due("12312026" + kb.Enter)
	is("2026-12-31")
	due("03032026")
	s.leaveField()
	is("2026-03-03")

	due("12312026" + kb.Enter)
	is("2026-12-31")
	editElsewhere(t, s.network.URL, board.Tasks, map[string]record.Value{"due": record.MustOf("2027-01-01")})
	s.await("the date is shown", func() bool { return s.valueOf("task-due") == "2027-01-01" })
	s.leaveField()
	is("2027-01-01")

	due("0505") // another device sets the date before Enter
	device := editElsewhere(t, s.network.URL, board.Tasks, map[string]record.Value{"due": record.MustOf("2028-01-01")})
	s.await("the right side shows the date", func() bool { return s.right.Tasks()[0].Due == "2028-01-01" })
	s.left.hasWrite(device, "task-due", "due")
	require.Equal(t, "2027-05-05", s.valueOf("task-due"), "the typed date was replaced while the user was typing")
	require.Equal(t, "false", s.equal())
	s.leaveField()
	is("2027-05-05")
	s.left.IsTold("replaced one by", "1 Jan 2028", "not seen")
}

// editElsewhere edits the only record of a table, from a device outside the browser, whose ID it returns.
func editElsewhere(t *testing.T, url, table string, fields map[string]record.Value) clock.ClientID {
	t.Helper()
	c := newcomer(t, url)
	for r := range c.Replica.Records(table) {
		require.NoError(t, c.Replica.Edit(r.Key(), fields))
	}
	require.NoError(t, c.Sync(t.Context()))
	return c.Replica.ID()
}
