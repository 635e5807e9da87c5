package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
)

// TestPageTaskLeavesWithoutADelete: a task that one side moves to a private project goes from the other
// side, which keeps nothing of it and does not list it among the deleted tasks. When it is moved back,
// it returns with its later title.
func TestPageTaskLeavesWithoutADelete(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Order the paint")
	s.garden("Surprise for Ana")
	s.left.IsTold("A task is no longer on this device", "moved to a project that you are not in")
	require.Zero(t, s.left.shown().Deleted, "the task was deleted")
	require.Empty(t, s.left.Projects())
	require.Equal(t, map[string][]string{"Garden": {"Ben’s laptop (you): Owner"}}, s.right.Projects())
	s.await("the left side keeps nothing of the task", func() bool { return !strings.Contains(s.left.stored(), "Surprise") })
	require.Contains(t, s.right.stored(), "Surprise")
	for _, r := range s.records() {
		require.NotContains(t, r.String(), "Surprise", "a new user gets the task")
	}
	s.says("✓ The same board, except private projects")
	s.picture("left")

	s.right.SetTitle("Surprise for Ana", "Surprise")
	s.right.Shows("Order the paint", "Surprise")
	s.right.Move("Surprise", "Everyone")
	s.agreeOn("Order the paint", "Surprise")
}

// TestPageReaderCannotWrite: a reader sees the tasks of a project, but gets no control that would change
// them, neither on the card nor for new tasks, nor among the deleted tasks. A writer gets them all.
func TestPageReaderCannotWrite(t *testing.T) {
	s := visit(t)
	s.garden("Plant a tree")
	s.right.AddTask("Dig a hole")
	s.right.Move("Dig a hole", "Garden")
	s.right.Delete("Dig a hole")
	s.right.Admit("Garden", "Ana’s phone", "Reader")
	s.left.IsTold("You are now in the project “Garden”", "You can read its tasks, but not change them")
	s.left.Shows("Plant a tree")
	s.await("the card is read-only", func() bool { return s.left.isReadOnly("Plant a tree") })
	s.click(s.left.inTask("Plant a tree", "task-title"))
	s.press("Cut it down" + kb.Enter)
	s.left.Shows("Plant a tree")
	require.False(t, s.left.offers(s.left.find("add-project"), "Garden"))
	s.left.AddTask("Order the paint")
	require.False(t, s.left.offers(s.left.inTask("Order the paint", "task-project"), "Garden"))
	s.click(s.left.find("deleted-tasks"))
	s.await("the deleted tasks are listed", func() bool { return eval[bool](s, `Boolean(`+s.left.find("deleted")+`)`) })
	require.Equal(t, "“Dig a hole”Read only", eval[string](s, `((e) => e.firstElementChild.textContent + e.lastElementChild.textContent)(`+s.left.find("deleted")+`)`))
	s.left.openProjects(true)
	s.left.isIn("Garden")
	require.True(t, eval[bool](s, s.left.project("Garden")+`.querySelector('[data-testid="project-title"]').readOnly`))
	require.False(t, eval[bool](s, s.left.project("Garden")+`.querySelector('[data-testid="add-member"]').checkVisibility()`))
	require.Equal(t, []string{"Ana’s phone (you): Reader", "Ben’s laptop: Owner"}, s.left.Projects()["Garden"])
	s.picture("reader")
	s.left.openProjects(false)
	s.left.Waits(0)
	require.Zero(t, s.left.counts("refused"), "the page wrote something that a reader may not write")

	s.right.Promote("Garden", "Ana’s phone", "Writer")
	s.left.IsTold("You can now change the tasks of the project “Garden”")
	s.await("the card can be written", func() bool { return !s.left.isReadOnly("Plant a tree") })
	s.left.SetTitle("Plant a tree", "Plant two trees")
	s.await("the edit arrives", func() bool { return slices.Contains(s.right.Titles(), "Plant two trees") })
	s.left.pick(s.left.find("add-project"), "Garden")
	s.left.AddTask("Water them")
	s.await("the task arrives", func() bool { return slices.Contains(s.right.Titles(), "Water them") })
	require.NotContains(t, s.publicTitles(), "Water them")
	s.agreeOn("Plant two trees", "Water them", "Order the paint")
}

// publicTitles returns the titles of the tasks that a new user of the workspace gets.
func (s *screen) publicTitles() (titles []string) {
	s.t.Helper()
	for _, r := range s.records() {
		titles = append(titles, text(r, board.Title))
	}
	return titles
}

// agreeOn waits until both sides are in sync, show these tasks, and the page says that they are the same.
func (s *screen) agreeOn(titles ...string) {
	s.t.Helper()
	s.left.isQuiet()
	s.right.isQuiet()
	s.left.Shows(titles...)
	s.right.Shows(titles...)
	s.await("the page says that both sides are the same", func() bool { return s.equal() == "true" })
}

// TestPageMembershipIsTakenWhileOffline: a writer is taken out of a project while the device is offline,
// with edits in the outbox. When the device returns, it forgets the project, and each edit is answered
// and quoted in full.
func TestPageMembershipIsTakenWhileOffline(t *testing.T) {
	s := visit(t)
	s.garden("Plant a tree")
	s.right.Admit("Garden", "Ana’s phone", "Writer")
	s.left.Shows("Plant a tree")
	s.await("the left side may write", func() bool { return s.left.offers(s.left.find("add-project"), "Garden") })
	s.left.Online(false)
	s.left.SetTitle("Plant a tree", "Plant an old apple tree")
	s.left.pick(s.left.find("add-project"), "Garden")
	s.left.AddTask("Water it every morning")
	s.left.Waits(2)
	s.right.Expel("Garden", "Ana’s phone")
	s.left.Shows("Plant an old apple tree", "Water it every morning")
	s.picture("before")

	s.left.Online(true)
	s.left.IsTold("You are no longer in the project “Garden”")
	s.left.IsTold("What you wrote in a task is not kept", "you are no longer in its project", "title ‘Plant an old apple tree’")
	s.left.IsTold("What you wrote in a task is not kept", "title ‘Water it every morning’")
	s.left.Waits(0)
	s.left.Shows()
	s.picture("after")
	require.Empty(t, s.left.Projects())
	require.Equal(t, 2, s.left.counts("is not kept"), "there is not one notice for each task")
	require.Equal(t, 1, s.left.counts("You are no longer in the project"))
	for _, word := range []string{"tree", "Water", "Garden"} {
		s.await("the left side keeps nothing of the project", func() bool { return !strings.Contains(s.left.stored(), word) })
	}
	s.right.Shows("Plant a tree")
	require.Empty(t, s.right.shown().Notices)
	require.Equal(t, map[string][]string{"Garden": {"Ben’s laptop (you): Owner"}}, s.right.Projects())

	// The new task of the left side must not become one for everyone, or for a project that it has left.
	require.True(t, eval[bool](s, s.left.find("add-project")+".checkVisibility()"))
	s.write(s.left.find("add-title"), "Not for everyone")
	s.left.IsTold("could not be saved", "you may not add tasks to this project", "Not for everyone")
	s.left.Shows()
	require.Equal(t, "Not for everyone", s.valueOf("add-title"))
	s.left.pick(s.left.find("add-project"), "Everyone")
	s.left.AddTask("For everyone")
	s.await("the task arrives", func() bool { return slices.Contains(s.right.Titles(), "For everyone") })
}

// TestPageMembershipIsGivenWhileOffline: a user becomes a member while the device is offline. When the
// device returns, it has the project with its tasks, and waiting edits of other tasks arrive.
func TestPageMembershipIsGivenWhileOffline(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Order the paint")
	s.garden("Plant a tree")
	s.left.Online(false)
	s.left.SetTitle("Order the paint", "Order green paint")
	s.right.Admit("Garden", "Ana’s phone", "Owner")
	require.Empty(t, s.left.Projects())
	s.left.Online(true)
	s.left.IsTold("You are now in the project “Garden”", "You can change its tasks, and decide who is in it")
	s.agreeOn("Order green paint", "Plant a tree")
	require.Equal(t, []string{"Ana’s phone (you): Owner", "Ben’s laptop: Owner"}, s.left.Projects()["Garden"])
}

// TestPageWriterBecomesReaderWhileOffline: the edits of a writer who has become a reader are refused
// with the reason, and put back.
func TestPageWriterBecomesReaderWhileOffline(t *testing.T) {
	s := visit(t)
	s.garden("Plant a tree")
	s.right.Admit("Garden", "Ana’s phone", "Writer")
	s.left.Shows("Plant a tree")
	s.await("the left side may write", func() bool { return s.left.offers(s.left.find("add-project"), "Garden") })
	s.left.Online(false)
	s.left.SetTitle("Plant a tree", "Plant a bush")
	s.left.Waits(1)
	s.right.Promote("Garden", "Ana’s phone", "Reader")
	s.left.Online(true)
	s.left.IsTold("You can now only read the project “Garden”")
	s.left.IsTold("refused the title of “Plant a tree”", "you may only read its project", "put back", "You wrote ‘Plant a bush’")
	s.agreeOn("Plant a tree")
	s.await("the card is read-only", func() bool { return s.left.isReadOnly("Plant a tree") })
	s.picture("reader")
}

// TestPageTypingWhileTheTaskLeaves: a text that is typed into a task while the task leaves is not
// written, and is quoted.
func TestPageTypingWhileTheTaskLeaves(t *testing.T) {
	s := visit(t)
	s.right.MakeProject("Garden")
	s.right.AddTask("Plant a tree")
	s.left.Shows("Plant a tree")
	s.click(s.left.inTask("Plant a tree", "task-title"))
	s.press(kb.End + ", an old one")
	s.right.change(s.right.inTask("Plant a tree", "task-project"), "Garden")
	s.left.IsTold("could not be saved", "the task is no longer there", "‘Plant a tree, an old one’")
	s.left.Shows()
	require.Zero(t, s.left.shown().Outbox)
	s.right.Shows("Plant a tree")
}

// TestPageProjectsNeedTheServer: offline, and without a server, the page says that projects and members
// can be changed only online, and offers no control for it. It still shows the members, and keeps them
// and the roles over a reload.
func TestPageProjectsNeedTheServer(t *testing.T) {
	s := visit(t)
	s.garden("Plant a tree")
	s.right.Admit("Garden", "Ana’s phone", "Reader")
	s.left.Shows("Plant a tree")
	s.left.isIn("Garden")
	members := []string{"Ana’s phone: Reader", "Ben’s laptop (you): Owner"}
	blocked := func(p *panel) bool {
		controls := p.element() + `.querySelectorAll('.projects :is(form, .members) :is(input, select, button)')`
		return eval[bool](s, `[...`+controls+`].every((e) => e.disabled || !e.checkVisibility())`)
	}
	s.right.Online(false)
	s.right.openProjects(true)
	require.Equal(t, "This device is offline. Projects can be made, and members changed, only online.", s.right.text("projects-note"))
	require.True(t, blocked(s.right))
	require.Equal(t, members, s.right.Projects()["Garden"])
	s.picture("offline")
	s.right.openProjects(false)
	s.right.SetTitle("Plant a tree", "Plant two trees")
	s.right.Waits(1)

	s.left.Online(false)
	s.reload()
	require.True(t, s.left.isReadOnly("Plant a tree"))
	require.Equal(t, members, s.right.Projects()["Garden"])
	s.right.Online(true)
	s.right.openProjects(true)
	s.await("the note says who sees a project", func() bool { return strings.HasPrefix(s.right.text("projects-note"), "Only its members") })
	s.await("there are controls again", func() bool { return !blocked(s.right) })

	s.network.server.Kill()
	s.right.openProjects(false)
	s.right.SetTitle("Plant two trees", "Plant three trees")
	s.await("the page says that the server cannot be reached", func() bool {
		return s.right.text("projects-note") == "The server cannot be reached. Projects can be made, and members changed, only online."
	})
	require.True(t, blocked(s.right))
	require.NoError(t, s.network.server.StartAgain())
	s.left.Online(true)
	s.agreeOn("Plant three trees")
}

// TestPageMemberLeaves: a member may leave a project, and its last owner may not.
func TestPageMemberLeaves(t *testing.T) {
	s := visit(t)
	s.garden("Plant a tree")
	s.right.Admit("Garden", "Ana’s phone", "Writer")
	s.left.Shows("Plant a tree")
	s.left.isIn("Garden")
	s.left.Expel("Garden", "Ana’s phone")
	s.left.Shows()
	require.Empty(t, s.left.Projects())
	s.right.openProjects(true) // asks who is a member
	s.await("the member is gone", func() bool { return len(s.right.Projects()["Garden"]) == 1 })
	require.False(t, eval[bool](s, s.right.project("Garden")+`.querySelector('[data-testid="take"], [data-testid="member-role"]') !== null`))
	s.left.isQuiet()
	require.Zero(t, s.left.counts("You are no longer in"), "the user who leaves a project is told that it is gone")
}

// TestPageRefusesAStaleOwner: a change that the server refuses is told with the reason, and the list
// shows the members as they are.
func TestPageRefusesAStaleOwner(t *testing.T) {
	s := visit(t)
	s.garden("Plant a tree")
	s.right.Admit("Garden", "Ana’s phone", "Owner")
	s.left.isIn("Garden")
	s.left.openProjects(true)
	s.await("the left side owns the project", func() bool {
		return eval[bool](s, s.left.member("Garden", "Ben’s laptop")+`?.querySelector('[data-testid="take"]') !== null`)
	})
	release := s.network.holdMembers(s.left.Client())
	s.right.Promote("Garden", "Ana’s phone", "Reader")
	s.left.openProjects(true)
	s.click(s.left.member("Garden", "Ben’s laptop") + `.querySelector('[data-testid="take"]')`)
	s.left.IsTold("The membership was not changed: only an owner of the project may change who is in it")
	release()
	s.await("the list shows the members as they are", func() bool {
		return s.left.hasMember("Garden", "Ana’s phone: Reader") && s.left.hasMember("Garden", "Ben’s laptop: Owner")
	})
}

// TestPageProjectsWorkByKeyboardAlone: with the keyboard alone, a user makes a project, admits a member
// and moves a task. Escape closes the list, and no step loses the focus.
func TestPageProjectsWorkByKeyboardAlone(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Plant a tree")
	s.agree()
	s.tabTo(s.left.find("projects"), kb.ModifierShift)
	s.press(kb.Enter)
	s.tabTo(s.left.find("project-name"))
	s.press("Garden" + kb.Enter)
	s.await("the project is made", func() bool { return len(s.left.Projects()["Garden"]) == 1 })
	focused := func(expression string) bool { return eval[bool](s, expression+" === document.activeElement") }
	require.True(t, focused(s.left.find("project-name")))
	in := s.left.project("Garden")
	s.await("the person can be chosen", func() bool { return s.left.offers(in+`.querySelector('[data-testid="new-member"]')`, "Ben’s laptop") })
	s.tabTo(in+`.querySelector('[data-testid="add-member"]')`, kb.ModifierShift)
	s.press(kb.Enter)
	s.await("the person is a member", func() bool { return s.left.hasMember("Garden", "Ben’s laptop: Reader") })
	require.False(t, focused("document.body"), "adding a member has lost the focus")
	s.right.IsTold("You are now in the project") // before the role changes; its name may come later
	s.tabTo(s.left.member("Garden", "Ben’s laptop")+`.querySelector('[data-testid="member-role"]')`, kb.ModifierShift)
	s.press(kb.ArrowDown)
	s.right.IsTold("You can now change the tasks")
	s.await("the server has answered", func() bool { return !strings.HasPrefix(s.left.text("projects-note"), "Asking") })
	require.True(t, focused(s.left.member("Garden", "Ben’s laptop")+`.querySelector('[data-testid="member-role"]')`), "a new role has lost the focus")
	s.tabTo(s.left.member("Garden", "Ben’s laptop") + `.querySelector('[data-testid="take"]')`)
	s.press(kb.Enter)
	s.await("the person is no longer a member", func() bool { return len(s.left.Projects()["Garden"]) == 1 })
	require.False(t, focused("document.body"), "taking a member out has lost the focus")
	s.press(kb.Escape)
	require.True(t, focused(s.left.find("projects")))
	s.tabTo(s.left.task("Plant a tree"))
	s.press(kb.Enter)
	s.tabTo(s.left.inTask("Plant a tree", "task-project"))
	s.press(kb.ArrowDown)
	s.right.Shows()
	s.left.Shows("Plant a tree")
	require.Empty(t, eval[[]string](s, nameless))
}

// TestPageProjectsFitEveryWidth: with the list of projects open, on the side of an owner and on the side
// of a reader, the page does not scroll sideways, and every control has an accessible name.
func TestPageProjectsFitEveryWidth(t *testing.T) {
	brief(t)
	s := visit(t)
	s.garden("Plant a tree in the garden of the Donaudampfschifffahrtsgesellschaft")
	s.right.Admit("Garden", "Ana’s phone", "Reader")
	s.left.isIn("Garden")
	for _, look := range []struct {
		width int64
		theme string
	}{{1440, "dark"}, {1024, "light"}, {768, "dark"}, {360, "light"}} {
		s.resize(look.width, 1000, look.theme)
		for _, p := range []*panel{s.left, s.right} {
			p.openProjects(true)
			body := p.find("projects") + ".nextElementSibling"
			require.True(t, eval[bool](s, body+".scrollWidth <= "+body+".clientWidth"), "the list scrolls sideways: %d", look.width)
			require.True(t, eval[bool](s, body+".getBoundingClientRect().right <= "+p.element()+".getBoundingClientRect().right"))
			require.Empty(t, eval[[]string](s, tooWide), look.width)
			require.Empty(t, eval[[]string](s, nameless), look.width)
			s.picture(fmt.Sprint(p.side, look.width))
			p.openProjects(false)
		}
	}
}

// TestPageSidesListenAlone: what one side writes in its private project does not wake the other side.
func TestPageSidesListenAlone(t *testing.T) {
	s := visit(t)
	s.garden("Plant a tree")
	title, wakes := "Plant a tree", 0
	// News of what came before may still be on its way to the left side, and wakes it during the first rounds.
	for round := range 5 {
		s.left.isQuiet()
		before := s.network.pulls(s.left.Client())
		for _, trees := range []string{"two", "three"} {
			planted := fmt.Sprintf("Plant %s trees, %d", trees, round)
			s.right.SetTitle(title, planted)
			s.await("the right side has the title", func() bool { return slices.Contains(s.right.Titles(), planted) })
			s.right.isQuiet()
			title = planted
		}
		paint := fmt.Sprint("Order the paint, ", round)
		s.right.AddTask(paint) // wakes the left side, after all that could have woken it before
		s.await("the left side has the task", func() bool { return slices.Contains(s.left.Titles(), paint) })
		s.left.isQuiet()
		if wakes = s.network.pulls(s.left.Client()) - before; wakes == 1 {
			return
		}
	}
	require.Equal(t, 1, wakes, "the left side was woken for nothing")
}
