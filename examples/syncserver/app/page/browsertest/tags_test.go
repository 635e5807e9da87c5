package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
)

// Tags returns the tags and the votes that a card shows, such as "late urgent ▲ 2".
func (p *panel) Tags(title string) string {
	p.t.Helper()
	return eval[string](p.screen, fmt.Sprintf(`((card) => card ? [...card.querySelectorAll('.tags :is(.chip > span, [data-testid="vote"], [data-testid="votes"])')]
		.filter((e) => e.checkVisibility()).map((e) => e.textContent).join(' ') : 'no card')(%s)`, p.task(title)))
}

// HasTags waits until a card shows these tags and votes.
func (p *panel) HasTags(title, tags string) {
	p.t.Helper()
	p.await(fmt.Sprintf("the %s side shows %q, and not %q", p.side, tags, p.Tags(title)), func() bool { return p.Tags(title) == tags })
}

// openTags opens the line for tags and votes of a card.
func (p *panel) openTags(title string) {
	p.t.Helper()
	p.click(p.inTask(title, "task-tags-open"))
	p.await("the line is open", func() bool { return p.hasFocus(p.inTask(title, "tag-add")) })
}

// removal returns an expression for the button that removes a tag.
func (p *panel) removal(title, tag string) string {
	return fmt.Sprintf(`[...%s?.querySelectorAll('[data-testid="tag-remove"]') ?? []].find((b) => b.previousElementSibling.textContent === %q)`, p.task(title), tag)
}

// offersVotes reports whether a card offers to take a vote back, and to reset the votes.
func (p *panel) offersVotes(title string) (back, reset bool) {
	shown := func(name string) bool {
		return eval[bool](p.screen, p.inTask(title, name)+`?.checkVisibility() === true`)
	}
	return shown("vote-back"), shown("votes-reset")
}

// TestPageTagsAndVotesOfBothSidesCount: both devices are offline, tag one task differently and vote for it. Both tags and
// both votes are there in the end, and a vote that the author of a reset had not seen still counts.
func TestPageTagsAndVotesOfBothSidesCount(t *testing.T) {
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			const paint = "Paint the fence"
			s := visit(t)
			s.left.use(program)
			s.left.AddTask(paint)
			s.settle()
			s.left.openTags(paint)
			s.right.openTags(paint)
			s.left.Online(false)
			s.right.Online(false)
			s.left.write(s.left.inTask(paint, "tag-add"), "  urgent ")
			s.left.HasTags(paint, "urgent ▲ 0")
			s.left.click(s.left.inTask(paint, "vote"))
			s.left.HasTags(paint, "urgent ▲ 1")
			s.right.write(s.right.inTask(paint, "tag-add"), "for/Ana 😀")
			s.right.HasTags(paint, "for/Ana 😀 ▲ 0")
			s.right.click(s.right.inTask(paint, "vote"))
			s.right.HasTags(paint, "for/Ana 😀 ▲ 1")
			require.Equal(t, "Vote for “Paint the fence”: 1 vote", eval[string](s, s.right.inTask(paint, "vote")+`.getAttribute("aria-label")`))
			s.left.Online(true)
			s.right.Online(true)
			for _, p := range []*panel{s.left, s.right} {
				p.HasTags(paint, "for/Ana 😀 urgent ▲ 2")
			}
			s.agree()

			s.left.Online(false)
			s.left.click(s.left.inTask(paint, "votes-reset"))
			s.left.HasTags(paint, "for/Ana 😀 urgent ▲ 0")
			s.right.click(s.right.inTask(paint, "vote"))
			s.right.HasTags(paint, "for/Ana 😀 urgent ▲ 3")
			s.right.isQuiet()
			s.left.Online(true)
			for _, p := range []*panel{s.left, s.right} {
				p.HasTags(paint, "for/Ana 😀 urgent ▲ 1")
			}
			s.agree()
			require.Empty(t, append(s.left.shown().Notices, s.right.shown().Notices...))
			s.picture("tags")
		})
	}
}

// TestPageTagsByKeyboard: tags are added and removed, and votes cast, taken back and reset, with the keyboard alone. The
// focus stays in the card. Each step can be undone, and the line goes away with the last tag and vote.
func TestPageTagsByKeyboard(t *testing.T) {
	const paint = "Paint the fence"
	s := visit(t)
	s.left.AddTask(paint)
	s.settle()
	s.tabTo(s.left.task(paint))
	s.press(kb.Enter)
	s.tabTo(s.left.inTask(paint, "task-tags-open"))
	s.press(" ")
	s.await("the line is open", func() bool { return s.hasFocus(s.left.inTask(paint, "tag-add")) })
	s.press("urgent" + kb.Enter)
	s.left.HasTags(paint, "urgent ▲ 0")
	s.press("late" + kb.Enter)
	s.left.HasTags(paint, "late urgent ▲ 0")
	s.press("late" + kb.Enter + strings.Repeat("x", board.MaxTag+1) + kb.Enter)
	s.left.IsTold("a tag can have at most 40 characters", "xxx")
	s.left.HasTags(paint, "late urgent ▲ 0")
	s.right.HasTags(paint, "late urgent")

	s.tabTo(s.left.inTask(paint, "vote"), kb.ModifierShift)
	s.press(" ")
	s.press(" ")
	s.left.HasTags(paint, "late urgent ▲ 2")
	s.tabTo(s.left.inTask(paint, "vote-back"))
	s.press(kb.Enter)
	s.left.HasTags(paint, "late urgent ▲ 1") // a reset takes what is shown
	s.tabTo(s.left.inTask(paint, "votes-reset"))
	s.press(kb.Enter)
	s.left.HasTags(paint, "late urgent ▲ 0")
	s.right.HasTags(paint, "late urgent")
	s.await("the reset can be undone", func() bool { return s.left.undoes() == "Undo: the votes of “Paint the fence”" })
	s.left.undo()
	s.right.HasTags(paint, "late urgent ▲ 1")

	s.enter(s.left.inTask(paint, "task-title"))
	s.tabTo(s.left.removal(paint, "late"))
	s.press(" ")
	s.left.HasTags(paint, "urgent ▲ 1")
	require.True(t, s.hasFocus(s.left.removal(paint, "urgent")))
	require.Equal(t, "Undo: the tag ‘late’ of “Paint the fence”", s.left.undoes())
	editElsewhere(t, s.network.URL, board.Tasks, map[string]record.Value{"tag/urgent": record.Deletion()})
	s.left.HasTags(paint, "▲ 1")
	s.right.HasTags(paint, "▲ 1")
	require.True(t, s.hasFocus(s.left.inTask(paint, "vote")), "the focused button is gone")
	back, reset := s.right.offersVotes(paint)
	require.False(t, back || reset, "the line is not open")
	s.tabTo(s.left.inTask(paint, "votes-reset"))
	s.press(kb.Enter)
	s.right.HasTags(paint, "")
	s.agree()
}

// TestPageShowsTheFirstOfManyTags: a member may give a task any number of tags. The card shows a few of them, and how many
// there are besides. A removed tag makes room for the next one.
func TestPageShowsTheFirstOfManyTags(t *testing.T) {
	const paint = "Paint the fence"
	s := visit(t)
	s.left.AddTask(paint)
	s.settle()
	write := func(value record.Value) {
		for from := 0; from < 1200; from += 200 { // the most fields of an item
			tags := make(map[string]record.Value)
			for i := range 200 {
				tags[fmt.Sprintf("tag/%04d", from+i)] = value
			}
			editElsewhere(t, s.network.URL, board.Tasks, tags)
		}
	}
	write(record.Bool(true))
	more := func(text string) {
		t.Helper()
		s.await("the card shows "+text, func() bool {
			return eval[string](s, s.left.inTask(paint, "tags-more")+`?.checkVisibility() && `+s.left.inTask(paint, "tags-more")+`.textContent || ''`) == text
		})
	}
	more("and 1,180 more")
	require.Equal(t, 20, eval[int](s, s.left.task(paint)+`.querySelectorAll('[data-testid="tag"]').length`))
	s.enter(s.left.inTask(paint, "task-title"))
	s.tabTo(s.left.removal(paint, "0019"))
	s.press(" ")
	more("and 1,179 more")
	require.True(t, s.hasFocus(s.left.removal(paint, "0018")))
	require.True(t, eval[bool](s, s.left.removal(paint, "0020")+".checkVisibility()"))
	s.picture("many-tags")

	write(record.Deletion())
	more("")
	s.left.HasTags(paint, "")
}

// TestPageTellsWhoLosesATag: of a tag that is removed on one side and added on the other, the later write stands. The
// loser is told if the other author had not seen the edit, and may repeat it.
func TestPageTellsWhoLosesATag(t *testing.T) {
	brief(t)
	const paint = "Paint the fence"
	s := visit(t)
	s.left.AddTask(paint)
	s.settle()
	s.left.openTags(paint)
	s.press("urgent" + kb.Enter)
	s.right.HasTags(paint, "urgent")
	s.agree()

	s.right.Online(false)
	s.left.click(s.left.removal(paint, "urgent"))
	s.left.HasTags(paint, "▲ 0")
	s.left.isQuiet()
	s.right.click(s.right.removal(paint, "urgent"))
	s.right.openTags(paint)
	s.press("urgent" + kb.Enter)
	s.right.HasTags(paint, "urgent ▲ 0")
	s.right.Online(true)
	s.left.IsTold("You removed the tag ‘urgent’ from “Paint the fence”, and Ben’s laptop added it later without having seen that.")
	s.left.HasTags(paint, "urgent ▲ 0")
	s.picture("lost")
	require.Equal(t, []string{"Remove it again", "Keep the tag"}, eval[[]string](s, `[...document.querySelectorAll('#left [data-kind="loss"] button')].filter((b) => b.checkVisibility()).map((b) => b.textContent)`))
	s.left.settles("loss-use")
	s.right.HasTags(paint, "▲ 0")
	s.left.hasNoLoss()
	s.agree()

	s.left.Online(false)
	s.right.write(s.right.inTask(paint, "tag-add"), "urgent")
	s.right.isQuiet()
	s.left.write(s.left.inTask(paint, "tag-add"), "urgent")
	s.left.click(s.left.removal(paint, "urgent"))
	s.left.Online(true)
	s.right.IsTold("You added the tag ‘urgent’ to “Paint the fence”, and Ana’s phone removed it later without having seen that.")
	s.right.settles("loss-keep")
	s.right.hasNoLoss()
	s.agree()
	s.right.HasTags(paint, "▲ 0")
}

// TestPageReaderSeesTags: a reader of a project sees the tags and the votes of its tasks, without a button or a field for them.
func TestPageReaderSeesTags(t *testing.T) {
	brief(t)
	const tree = "Plant a tree"
	s := visit(t)
	s.garden(tree)
	s.right.openTags(tree)
	s.press("oak" + kb.Enter)
	s.right.click(s.right.inTask(tree, "vote"))
	s.right.HasTags(tree, "oak ▲ 1")
	s.right.Admit("Garden", "Ana’s phone", "Reader")
	s.left.Shows(tree)
	s.left.HasTags(tree, "oak ▲ 1")
	s.await("the card is read-only", func() bool { return s.left.isReadOnly(tree) })
	require.Zero(t, eval[int](s, fmt.Sprintf(`[...%s.querySelectorAll('.tags :is(button, input), [data-testid="task-tags-open"]')].filter((e) => e.checkVisibility()).length`, s.left.task(tree))))
	s.picture("reader")
}

// TestPageOffersAResetOfWhatItCannotCount: a vote that the page cannot add is not hidden, further votes name the cure, and
// a reset is that cure. A task holds a limited number of votes.
func TestPageOffersAResetOfWhatItCannotCount(t *testing.T) {
	brief(t)
	const paint = "Paint the fence"
	s := visit(t)
	s.left.AddTask(paint)
	s.settle()
	editElsewhere(t, s.network.URL, board.Tasks, map[string]record.Value{"votes/made-by-another-app": record.Int(1 << 60)})
	s.left.HasTags(paint, "▲ ?")
	s.left.click(s.left.inTask(paint, "vote"))
	s.left.IsTold("not a number that this page can add", "Reset them")
	s.left.click(s.left.inTask(paint, "votes-reset"))
	s.left.HasTags(paint, "▲ 0")
	s.right.HasTags(paint, "")

	many := make(map[string]record.Value)
	for i := range board.MaxVotes {
		many[fmt.Sprint("votes/made-by-another-app-", i)] = record.Int(1)
	}
	editElsewhere(t, s.network.URL, board.Tasks, many)
	s.left.HasTags(paint, fmt.Sprint("▲ ", board.MaxVotes))
	s.left.click(s.left.inTask(paint, "vote"))
	s.left.IsTold("at most 100 votes", "Reset them to make room")
	s.left.click(s.left.inTask(paint, "votes-reset"))
	s.left.HasTags(paint, "▲ 0")
	s.settle()
	require.False(t, slices.ContainsFunc(s.left.shown().Notices, func(n string) bool { return strings.Contains(n, "refused") }))
	s.picture("full")
}
