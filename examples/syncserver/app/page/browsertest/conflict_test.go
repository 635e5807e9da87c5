package browsertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPageKeepsEditsOfDifferentFields: offline, one side changes the title of a task and the other
// side its assignee. Both edits survive.
func TestPageKeepsEditsOfDifferentFields(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	before := s.stored()
	s.left.Online(false)
	s.right.Online(false)

	s.left.SetTitle("Paint the fence", "Paint the gate")
	s.right.SetAssignee("Paint the fence", "Ben")
	s.left.Shows("Paint the gate")
	s.right.Shows("Paint the fence")
	s.left.Waits(1)
	s.right.Waits(1)
	require.Equal(t, before, s.stored(), "an offline side sent something")
	s.picture("apart")

	s.left.Online(true)
	s.right.Online(true)
	s.agree()
	require.Equal(t, []task{{Title: "Paint the gate", Assignee: "Ben", Status: "todo"}}, s.left.Tasks())
	require.Equal(t, "plain", s.right.Mark("Paint the gate", "title"))
}

// TestPageLaterEditOfOneFieldWins: offline, both sides change the same title. The later edit wins
// on both sides, even if it arrives first. The mark of the title says who won, why, and which value
// was replaced.
func TestPageLaterEditOfOneFieldWins(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.left.Online(false)
	s.right.Online(false)
	s.right.SetTitle("Paint the fence", "Paint it blue")
	s.right.Shows("Paint it blue")
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.left.Shows("Paint it red")

	s.right.Online(true)
	s.isStored("Paint it blue")
	s.left.Online(true)
	s.agree()
	s.right.Shows("Paint it red")
	s.left.IsTold("replaced one by Ben’s laptop", "‘Paint it blue’", "not seen")
	s.right.IsTold("was lost: Ana’s phone made a later one", "you wrote ‘Paint it blue’")
	for _, p := range []*panel{s.left, s.right} {
		why := p.Why("Paint it red", "title")
		require.Regexp(t, `Ana’s phone wrote ‘Paint it red’ at \d\d:\d\d:\d\d`, why)
		margin := map[string]string{"left": `had not seen it\. It won because it is [\d.]+ (milli)?seconds? later`, "right": `[\d.]+ (milli)?seconds? earlier`}[p.side]
		require.Regexp(t, margin, why)
		require.Contains(t, why, "It replaced ‘Paint it blue’, written by Ben’s laptop")
		s.picture("why-" + p.side)
	}
	require.Equal(t, "won", s.left.Mark("Paint it red", "title"))
	require.Equal(t, "replaced", s.right.Mark("Paint it red", "title"), "only the device that sent the edit is told that it had not seen the other one")

	s.left.Online(false)
	s.right.Online(false)
	s.right.SetTitle("Paint it red", "Paint it white")
	s.right.Shows("Paint it white")
	s.left.SetTitle("Paint it red", "Paint it black")
	s.left.Shows("Paint it black")
	s.left.Online(true)
	s.isStored("Paint it black")
	s.right.Online(true)
	s.right.IsTold("was lost: Ana’s phone made a later one", "‘Paint it black’", "you wrote ‘Paint it white’")
	require.Len(t, s.right.shown().Notices, 1, "the notice with the choice replaces the one of the answer, and the new edit has closed the one before")
	s.agree()
	s.left.Shows("Paint it black")
	require.Contains(t, s.right.Why("Paint it black", "title"), "It replaced ‘Paint it white’, written by Ben’s laptop")
	require.Equal(t, "won", s.right.Mark("Paint it black", "title"))

	s.left.SetTitle("Paint it black", "Paint it green")
	s.right.Shows("Paint it green")
	s.right.SetTitle("Paint it green", "Paint it yellow")
	s.left.Shows("Paint it yellow")
	s.agree()
	require.Equal(t, "replaced", s.right.Mark("Paint it yellow", "title"))
	require.Contains(t, s.right.Why("Paint it yellow", "title"), "Ben’s laptop had seen it.")
	require.NotContains(t, s.right.Why("Paint it yellow", "title"), "won")
}

// TestPageDoubleBookingShowsBanners: offline, both sides book the same room for the same hour.
// Neither booking is refused. Both sides get a banner, which disappears when one meeting is moved.
func TestPageDoubleBookingShowsBanners(t *testing.T) {
	s := visit(t)
	s.nextDay()
	s.left.Online(false)
	s.right.Online(false)
	s.left.Book("Room B", 10, "Planning")
	s.right.Book("Room B", 10, "Budget")
	require.Empty(t, s.left.shown().Warnings)

	s.left.Online(true)
	s.right.Online(true)
	s.left.IsWarned("Planning", "Budget", "Room B")
	s.right.IsWarned("Planning", "Budget", "Room B")
	s.agree()
	require.Len(t, s.left.shown().Meetings, 2)
	s.picture("banner")

	s.right.click(s.right.find("violation-move"))
	s.await("the banners are gone", func() bool {
		return len(s.left.shown().Warnings) == 0 && len(s.right.shown().Warnings) == 0
	})
	s.agree()
	s.picture("resolved")
	require.Equal(t, []meeting{
		{"Budget", "Room B", s.day() + "T11:00:00Z"}, {"Planning", "Room B", s.day() + "T10:00:00Z"},
	}, s.left.Meetings())
}

// TestPageKeptConflictLooksSettled: when people keep both meetings of a double booking, the banners and the red outlines
// go on both sides.
func TestPageKeptConflictLooksSettled(t *testing.T) {
	brief(t)
	s := visit(t)
	s.nextDay()
	s.left.Online(false)
	s.left.Book("Room B", 10, "Planning")
	s.right.Book("Room B", 10, "Budget")
	s.left.Online(true)
	s.left.IsWarned("Planning", "Budget")
	s.right.IsWarned("Planning", "Budget")
	s.agree()
	const outlined = `document.querySelectorAll(".meeting.clash").length`
	require.Equal(t, 4, eval[int](s, outlined))
	s.left.click(s.left.find("violation-dismiss"))
	s.await("the banners are gone", func() bool { return len(s.left.shown().Warnings)+len(s.right.shown().Warnings) == 0 })
	s.await("the outlines are gone", func() bool { return eval[int](s, outlined) == 0 })
	require.Len(t, s.left.Meetings(), 2)
}

// TestPageEditOfDeletedTaskCanBeRestored: one side deletes a task that the other edits offline.
// The task stays deleted, a notice says so, and restoring the task brings back the edit.
func TestPageEditOfDeletedTaskCanBeRestored(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.right.Online(false)
	s.left.Delete("Paint the fence")
	s.right.SetTitle("Paint the fence", "Paint it red")
	s.right.Shows("Paint it red")
	s.await("the server has the deletion", func() bool { return s.stored().Deleted == 1 })

	s.right.Online(true)
	s.right.IsTold("Ana’s phone", "had deleted “Paint it red”", "kept beneath the deletion")
	s.agree()
	s.picture("deleted")
	s.left.Shows()
	require.Equal(t, 1, s.left.shown().Deleted)
	s.left.click(s.left.find("deleted-tasks"))
	why := s.left.explained(s.left.find("deleted") + `.querySelector('[data-testid="why"]')`)
	require.Contains(t, why, "Ana’s phone deleted it at ")
	require.Contains(t, why, "Ben’s laptop wrote ‘Paint it red’ as title after that.")
	require.Contains(t, why, "comes back when it is restored")
	s.left.click(s.left.find("deleted-tasks"))

	s.right.click(s.right.find("notice-action"))
	s.right.Shows("Paint it red")
	s.agree()
	require.Zero(t, s.left.shown().Deleted)

	s.left.Delete("Paint it red")
	s.agree()
	s.left.click(s.left.find("deleted-tasks"))
	s.left.click(s.left.find("restore"))
	s.right.Shows("Paint it red")
	s.agree()
}
