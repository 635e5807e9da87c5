package browsertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// undo presses the button that undoes the last edit.
func (p *panel) undo() {
	p.t.Helper()
	p.click(p.find("undo"))
}

// undoes returns what the button says that it undoes, or "" if there is nothing to undo.
func (p *panel) undoes() string {
	return eval[string](p.screen, after("undo.js", `((b) => b.hidden ? "" : b.getAttribute("aria-label"))(`+p.find("undo")+`)`))
}

// TestPageUndoesEditsMovesAndDeletions: each is undone by an ordinary write, also offline, and in the order of the edits.
func TestPageUndoesEditsMovesAndDeletions(t *testing.T) {
	s := visit(t)
	require.Empty(t, s.left.undoes())
	s.left.AddTask("Paint the fence")
	s.settle()
	s.nextDay()
	s.left.Book("Room B", 10, "Planning")
	s.agree()
	require.NotContains(t, s.left.undoes(), "Planning", "a new record has nothing to go back to")
	before := s.left.Meetings()

	s.left.Online(false)
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.left.Shows("Paint it red")
	s.choose(s.left.inTask("Paint it red", "task-status"), "doing")
	s.left.SetAssignee("Paint it red", "Ben")
	s.await("the edit can be undone", func() bool { return s.left.undoes() == "Undo: the assignee of “Paint it red”" })
	s.left.Delete("Paint it red")
	require.Equal(t, "Undo: deleting “Paint it red”", s.left.undoes())
	s.picture("undo")
	s.left.undo()
	s.left.Shows("Paint it red")
	s.left.undo()
	s.left.undo()
	s.left.undo()
	s.left.Shows("Paint the fence")
	s.await("nothing is left to undo", func() bool { return s.left.undoes() == "" })
	require.Equal(t, []task{{Title: "Paint the fence", Status: "todo"}}, s.left.Tasks())

	s.click(s.left.find("meeting-more"))
	s.choose(s.left.find("meeting-hour"), "11") // a list is chosen from with the arrow keys
	s.await("the move can be undone", func() bool { return s.left.undoes() == "Undo: the room and time of “Planning”" })
	s.left.undo()
	s.await("the meeting is back", func() bool { return s.left.Meetings()[0] == before[0] })
	s.left.Online(true)
	s.agree()
	require.Equal(t, before, s.right.Meetings())
	require.Equal(t, []task{{Title: "Paint the fence", Status: "todo"}}, s.right.Tasks())
}

// TestPageUndoesOnlyWhatStillStands: a field that somebody else has written since stays as it is, and the user is told.
func TestPageUndoesOnlyWhatStillStands(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.left.Shows("Paint it red")
	s.left.SetAssignee("Paint it red", "Ana")
	s.right.Shows("Paint it red")
	s.right.SetTitle("Paint it red", "Paint it blue")
	s.left.Shows("Paint it blue")
	s.left.undo()
	s.await("the assignee is undone", func() bool { return s.left.Tasks()[0].Assignee == "" })
	s.left.undo()
	s.left.IsTold("Not undone: Ben’s laptop has changed the title of “Paint it blue” since.")
	s.agree()
	s.left.Shows("Paint it blue")
	require.Empty(t, s.left.undoes())

	s.left.SetTitle("Paint it blue", "Paint it white")
	s.right.Shows("Paint it white")
	s.right.SetTitle("Paint it white", "Paint it black")
	s.left.Shows("Paint it black")
	s.left.SetTitle("Paint it black", "Paint it green")
	s.await("the edit can be undone", func() bool { return s.left.undoes() != "" })
	s.left.undo()
	s.left.Shows("Paint it black")
	s.await("an edit that the user has replaced is not undone", func() bool { return s.left.undoes() == "" })
}
