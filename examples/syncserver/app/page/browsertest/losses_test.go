package browsertest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// programs are the languages of a replica.
var programs = []string{"javascript", "webassembly"}

// settles presses a button of the first notice of a lost edit, and waits until that notice is gone.
func (p *panel) settles(button string) {
	p.t.Helper()
	notice := ""
	p.await("a lost edit is shown", func() bool {
		notice = eval[string](p.screen, p.find(button)+`?.closest('[data-kind="loss"]').dataset.id ?? ""`)
		return notice != ""
	})
	p.click(p.find(button))
	p.await("the notice is gone", func() bool {
		return eval[bool](p.screen, fmt.Sprintf(`%s.querySelector('[data-kind="loss"][data-id="%s"]') === null`, p.element(), notice))
	})
}

// losses returns how many notices of lost edits are shown.
func (p *panel) losses() int {
	return eval[int](p.screen, after("losses.js", p.element()+`.querySelectorAll('[data-kind="loss"]').length`))
}

// hasNoLoss waits until no notice of a lost edit is shown.
func (p *panel) hasNoLoss() {
	p.t.Helper()
	p.await("no lost edit is shown on the "+p.side+" side", func() bool { return p.losses() == 0 })
}

// loses makes Ana lose an edit of a title that she has already sent: Ben, who has not seen it, overwrites it.
func (s *screen) loses(old, mine, theirs string) {
	s.t.Helper()
	s.right.Online(false)
	s.left.SetTitle(old, mine)
	s.isStored(mine)
	s.left.Waits(0) // otherwise Ana would send it again
	s.right.SetTitle(old, theirs)
	s.right.Shows(theirs)
	s.left.Online(false)
	s.right.Online(true)
	s.isStored(theirs)
}

// TestPageTellsTheLoserAndOffersBothValues: a user whose edit was overwritten by someone who had not seen it is told,
// after days offline and after a reload. The other user is not told. The choice is made offline.
func TestPageTellsTheLoserAndOffersBothValues(t *testing.T) {
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			s := visit(t)
			s.left.use(program)
			s.right.use(program)
			s.left.AddTask("Paint the fence")
			s.settle()
			s.loses("Paint the fence", "Paint it red", "Paint it blue")
			s.left.Shows("Paint it red")
			require.Zero(t, s.left.losses())
			s.left.Online(true)
			s.left.IsTold("Your edit to the title of “Paint it blue” was lost", "Ben’s laptop made a later one", "It is now ‘Paint it blue’", "you wrote ‘Paint it red’")
			s.agree()
			s.says("✓ Both sides show the same board")
			require.Zero(t, s.right.losses(), "only the loser is told")
			for _, p := range []*panel{s.left, s.right} {
				require.Empty(t, p.shown().Warnings, "a lost edit is not a conflict of meetings")
			}
			s.picture("loss-" + program)

			s.reload()
			s.left.IsTold("was lost", "‘Paint it red’")
			s.left.Online(false)
			s.left.settles("loss-use")
			s.left.Shows("Paint it red")
			s.left.hasNoLoss()
			s.left.Waits(2)
			s.left.Online(true)
			s.right.Shows("Paint it red")
			s.agree()
			require.Zero(t, s.left.losses()+s.right.losses(), "the title was overwritten knowingly")

			s.loses("Paint it red", "Paint it white", "Paint it black")
			s.left.Online(true)
			s.left.IsTold("was lost", "‘Paint it white’")
			s.left.settles("loss-keep")
			s.left.hasNoLoss()
			s.agree()
			s.left.Shows("Paint it black")
			s.reload()
			s.settle()
			require.Zero(t, s.left.losses())
		})
	}
}

// TestPageLossNamesWhatTheUserSaw: while the notice is open, somebody writes the field again. The notice shows the
// new value, and "Use mine" replaces that one knowingly.
func TestPageLossNamesWhatTheUserSaw(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.loses("Paint the fence", "Paint it red", "Paint it blue")
	s.left.Online(true)
	s.left.IsTold("was lost", "It is now ‘Paint it blue’")
	eval[bool](s, "Boolean(window.button = "+s.left.find("loss-use")+")")
	s.right.SetTitle("Paint it blue", "Paint it green")
	s.left.IsTold("was lost", "It is now ‘Paint it green’")
	require.True(t, eval[bool](s, "window.button === "+s.left.find("loss-use")), "a click would be lost")
	s.left.settles("loss-use")
	s.right.Shows("Paint it red")
	s.agree()
	require.Zero(t, s.right.losses()+s.left.losses())

	s.loses("Paint it red", "Paint it white", "Paint it black")
	s.left.Online(true)
	s.left.IsTold("was lost", "It is now ‘Paint it black’")
	s.left.Online(false)
	s.right.SetTitle("Paint it black", "Paint it green")
	s.isStored("Paint it green")
	s.left.settles("loss-use")
	s.left.Shows("Paint it white")
	s.left.Online(true)
	s.right.IsTold("Your edit to the title of “Paint it white” was lost", "you wrote ‘Paint it green’")
	s.agree()
}

// TestPageLossEndsWithTheNextEditOfTheUser: a user who writes the field again has chosen. While the task is deleted, there is
// nothing to choose.
func TestPageLossEndsWithTheNextEditOfTheUser(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.loses("Paint the fence", "Paint it red", "Paint it blue")
	s.left.Online(true)
	s.left.IsTold("was lost", "It is now ‘Paint it blue’")
	s.left.Online(false) // otherwise the server takes the row away
	s.left.Delete("Paint it blue")
	s.left.hasNoLoss()
	s.left.undo()
	s.left.IsTold("was lost", "It is now ‘Paint it blue’")
	s.left.Online(true)
	s.left.SetTitle("Paint it blue", "Paint it violet")
	s.left.hasNoLoss()
	s.right.SetTitle("Paint it violet", "Paint it white")
	s.left.Shows("Paint it white")
	s.reload()
	s.agree()
	require.Zero(t, s.left.losses(), "the row is closed")
}

// TestPageOffersADeletionAgain: somebody restores a task that another user had deleted again, without having seen
// that. The user is told, and may delete it again.
func TestPageOffersADeletionAgain(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.left.Delete("Paint the fence")
	s.agree()
	s.right.Online(false)
	restore := func(p *panel) {
		p.click(p.find("deleted-tasks"))
		p.click(p.find("restore"))
		p.Shows("Paint the fence")
	}
	restore(s.left)
	s.isStored("Paint the fence")
	s.left.Delete("Paint the fence")
	s.await("the server has the deletion", func() bool { return s.stored().Deleted == 1 })
	restore(s.right)
	s.right.Online(true)
	s.left.IsTold("You deleted “Paint the fence”, and Ben’s laptop restored it later without having seen that.")
	require.Equal(t, "Delete it again", eval[string](s, s.left.find("loss-use")+".textContent"))
	s.left.settles("loss-use")
	s.right.Shows()
	s.left.hasNoLoss()
	s.agree()
}

// TestPageShowsManyLossesInTurn: ten notices are shown, and the others as these are closed.
func TestPageShowsManyLossesInTurn(t *testing.T) {
	brief(t)
	s := visit(t)
	const all = 12
	for i := range all {
		s.left.AddTask(fmt.Sprintf("Task %02d", i))
	}
	s.settle()
	s.right.Online(false)
	for i := range all {
		s.left.SetTitle(fmt.Sprintf("Task %02d", i), fmt.Sprintf("Mine %02d", i))
	}
	s.left.Waits(0)
	for i := range all {
		s.right.SetTitle(fmt.Sprintf("Task %02d", i), fmt.Sprintf("Theirs %02d", i))
	}
	s.right.Online(true)
	s.await("ten are shown", func() bool { return s.left.losses() == 10 })
	s.left.settles("loss-keep")
	s.left.settles("loss-keep")
	s.left.settles("loss-keep")
	s.await("nine are left", func() bool { return s.left.losses() == 9 })
	s.agree()
}

// SetNotes writes the notes of a task.
func (p *panel) SetNotes(title, text string) {
	p.t.Helper()
	p.click(p.inTask(title, "task-notes-open"))
	p.write(p.inTask(title, "task-notes"), text)
	p.HasNotes(title, text)
}

// HasNotes waits until a task shows these notes.
func (p *panel) HasNotes(title, text string) {
	p.t.Helper()
	p.await("the notes are shown on the "+p.side+" side", func() bool {
		return eval[string](p.screen, p.inTask(title, "task-notes")+".value") == text
	})
}

// TestPageKeepsBothNotesForBothAuthors: when two people write the notes of a task, and neither has seen the other's,
// both are shown the two texts until one of them chooses.
func TestPageKeepsBothNotesForBothAuthors(t *testing.T) {
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			if program != programs[0] {
				brief(t)
			}
			s := visit(t)
			s.left.use(program)
			s.right.use(program)
			s.left.AddTask("Paint the fence")
			s.settle()
			write := func(mine, theirs string) {
				s.left.Online(false)
				s.right.Online(false)
				s.left.SetNotes("Paint the fence", mine)
				s.right.SetNotes("Paint the fence", theirs)
				s.left.Online(true)
				s.left.Waits(0)
				s.right.Online(true)
				s.left.IsTold("The notes of “Paint the fence” were written twice", "you wrote ‘"+mine+"’, and Ben’s laptop wrote ‘"+theirs+"’")
				s.right.IsTold("Ana’s phone wrote ‘"+mine+"’, and you wrote ‘"+theirs+"’", "until somebody chooses")
				s.agree()
				require.Equal(t, []int{1, 1}, []int{s.left.losses(), s.right.losses()})
				require.Len(t, s.right.shown().Notices, 1, "the notice with the choice replaces the one of the answer")
			}
			write("Ask Cleo for the brush", "The paint is in the shed")
			s.picture("kept-" + program)
			s.reload()
			s.right.IsTold("were written twice")
			s.left.settles("loss-use")
			s.left.hasNoLoss()
			s.right.hasNoLoss()
			s.right.HasNotes("Paint the fence", "Ask Cleo for the brush")
			s.agree()

			write("Ask Dan", "Ask Eve")
			require.Equal(t, "Use theirs", eval[string](s, s.right.find("loss-use")+".textContent"))
			s.right.settles("loss-keep")
			s.right.hasNoLoss()
			s.left.hasNoLoss()
			s.left.HasNotes("Paint the fence", "Ask Eve")
			s.agree()

			write("Ask Fay", "Ask Gil")
			s.left.Online(false)
			s.right.Online(false)
			s.left.settles("loss-use")
			s.right.settles("loss-keep")
			s.left.Online(true)
			s.left.Waits(0)
			s.right.Online(true)
			for _, p := range []*panel{s.left, s.right} {
				p.IsTold("were written twice", "‘Ask Fay’", "‘Ask Gil’")
			}
			s.agree()
			s.left.SetNotes("Paint the fence", "Ask Fay and Gil")
			s.left.hasNoLoss()
			s.right.hasNoLoss()
			s.right.HasNotes("Paint the fence", "Ask Fay and Gil")
			s.agree()
		})
	}
}
