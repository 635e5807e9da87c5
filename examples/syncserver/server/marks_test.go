package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
)

// TestMarksGoAfterTheRetention checks that watermarks are removed when they are as old as the fence,
// and that newer ones are kept.
func TestMarksGoAfterTheRetention(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		url := listen(t, s.Server)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		ana.push2(s.edit(ana, task("a"), title("x")))
		s.pass(30)
		ben.push2(s.edit(ben, task("b"), title("x")))
		s.pass(90)
		require.Equal(t, 1, s.count("marks"))

		// An edit that arrives late, but above the fence, is known to be new even without the
		// watermark.
		ben.push2(s.edit(ben, task("a"), title("y")))
		s.wall = s.wall.Add(-time.Hour)
		item := s.edit(ana, task("a"), title("z"))
		item.Base = map[string]clock.Stamp{board.Title: {}}
		require.Equal(t, []merge.Code{merge.LostEdit}, ana.push2(item)[0].Notes)
	})
}

// TestRetriesWithoutAWatermarkAreNotLost: a client retries its edits in order after its watermark was
// removed. The first retry must not make the second one look as if it arrived for the first time.
func TestRetriesWithoutAWatermarkAreNotLost(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		url := listen(t, s.Server)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		first := s.edit(ana, task("a"), title("x"))
		s.wall = s.wall.Add(time.Second)
		second := s.edit(ana, task("b"), title("x"))
		second.Base = map[string]clock.Stamp{board.Title: {}}
		ana.push2(first, second)
		s.wall = s.wall.Add(time.Second)
		ben.push2(s.edit(ben, second.Data, title("y"))) // ben saw the edit, so it is not lost
		s.pass(92)
		require.Zero(t, s.count("marks"))
		require.Empty(t, ana.push2(first)[0].Notes)
		require.Empty(t, ana.push2(second)[0].Notes)
	})
}
