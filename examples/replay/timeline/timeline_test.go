package timeline

import (
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/stretchr/testify/require"
)

const minute, hour = time.Minute, time.Hour

func TestShapesTellHowEachWriteEnded(t *testing.T) {
	first := edit{by: 0, at: 0, pushed: time.Second, field: "f", value: "a"}
	for name, c := range map[string]struct {
		edits []edit
		want  []string
	}{
		"seen":              {[]edit{first, {by: 1, at: hour, pushed: hour, field: "f", value: "b", saw: &first}}, []string{"replaced", "counts"}},
		"own":               {[]edit{first, {by: 0, at: hour, pushed: hour, field: "f", value: "b"}}, []string{"replaced", "counts"}},
		"unseen":            {[]edit{first, {by: 1, at: hour, pushed: hour, field: "f", value: "b"}}, []string{"lost edit", "counts"}},
		"unknown":           {[]edit{first, {by: 1, at: hour, pushed: hour, field: "f", value: "b", blind: true}}, []string{"replaced", "counts"}},
		"late, unseen":      {[]edit{first, {by: 1, at: -hour, pushed: hour, field: "f", value: "b"}}, []string{"counts", "lost edit"}},
		"late, unknown":     {[]edit{first, {by: 1, at: -hour, pushed: hour, field: "f", value: "b", blind: true}}, []string{"counts", "too late"}},
		"again":             {[]edit{first, first}, []string{"counts", "sent again"}},
		"again, too late":   {[]edit{first, {by: 1, at: hour, pushed: hour, field: "f", value: "b"}, first}, []string{"lost edit", "counts", "sent again"}},
		"clock":             {[]edit{{by: 0, at: hour, pushed: 0, field: "f", value: "a"}, first}, []string{"refused", "counts"}},
		"refused, then not": {[]edit{{by: 0, at: hour, pushed: 0, field: "f", value: "a"}, {by: 0, at: hour, pushed: 2 * hour, field: "f", value: "a"}}, []string{"refused", "counts"}},
		"refused, then late": {[]edit{{by: 0, at: hour, pushed: 0, field: "f", value: "a"}, {by: 1, at: 2 * hour, pushed: 2 * hour, field: "f", value: "b", blind: true},
			{by: 0, at: hour, pushed: 3 * hour, field: "f", value: "a", blind: true}}, []string{"refused", "counts", "too late"}},
		"deleted": {[]edit{first, {by: 1, at: hour, pushed: hour, field: "f", value: true}}, []string{"counts", "counts"}},
	} {
		w := newWorld(t, "t/1/f")
		w.edits(c.edits...)
		require.Equal(t, c.want, shapesOfMarks(w.draw(Options{})), name)
	}
}

// TestWriteThatVanishedCanBeStoredAgain: only the last event with the write counts at the end.
func TestWriteThatVanishedCanBeStoredAgain(t *testing.T) {
	first := edit{by: 0, at: 0, pushed: 0, field: "f", value: "a"}
	w := newWorld(t, "t/1/f")
	w.edits(first)
	w.state = merge.Collection{}
	w.edits(first)
	tl := w.draw(Options{})
	require.Equal(t, []string{"replaced", "removed", "counts"}, shapesOfMarks(tl))
	require.Contains(t, tl.marks[2].row.details, "It is write 1 again.")
	require.Equal(t, []string{"by A", "nothing yet", "by A"}, []string{tl.spans[0].text, tl.spans[1].text, tl.spans[2].text})
}

func TestWriteTwiceInOnePushIsAlsoARepeat(t *testing.T) {
	e := edit{by: 0, at: 0, field: "f", value: "a"}
	w := newWorld(t, "t/1/f")
	w.push(0, minute, e.item(t), e.item(t))
	require.Equal(t, []string{"counts", "sent again"}, shapesOfMarks(w.draw(Options{})))
}

func TestTimesAreInTheZoneOfTheReader(t *testing.T) {
	tl := New(manyLog(t, 3, 2), Options{Zone: time.FixedZone("Here", 2*60*60)})
	for _, text := range []string{tl.Text(80), tl.SVG(), tl.HTML()} {
		require.Contains(t, text, "Times are in Here.")
		require.Contains(t, text, "14:00")
		require.NotContains(t, text, "12:00<")
	}
}

func TestBandTellsWhatUsersSee(t *testing.T) {
	first := edit{by: 0, at: 0, pushed: 0, field: "f", value: "a"}
	w := newWorld(t, "t/1/f")
	w.edits(first,
		edit{by: 1, at: 1 * hour, pushed: 1 * hour, field: "f", value: nil, saw: &first},
		edit{by: 2, at: 2 * hour, pushed: 2 * hour, field: "f", value: "b"},
		edit{by: 0, at: 3 * hour, pushed: 3 * hour, field: "f", value: true},
		edit{by: 1, at: 4 * hour, pushed: 4 * hour, field: "f", value: "c"}, // below the deletion
		edit{by: 2, at: 5 * hour, pushed: 5 * hour, field: "f", value: false},
		edit{by: 2, at: 1, pushed: 6 * hour, field: "f", value: "d"}, // too late
	)
	require.Equal(t, []span{
		{0, value, 1, 0, "by A"}, {1, cleared, 2, 1, "cleared by B"}, {2, value, 3, 2, "by C"},
		{3, deletion, 4, 0, "deleted by A"}, {5, value, 5, 1, "by B"},
	}, w.draw(Options{}).spans)
}

// TestOnePushGivesOneSpan: users see only the state after a push.
func TestOnePushGivesOneSpan(t *testing.T) {
	w := newWorld(t, "t/1/f")
	early, late := edit{by: 0, at: 0, field: "f", value: "a"}, edit{by: 0, at: hour, field: "f", value: "b"}
	w.push(0, hour, late.item(t), early.item(t))
	tl := w.draw(Options{})
	require.Len(t, tl.spans, 1)
	require.Equal(t, tl.spans[0].number, 1)
	require.Equal(t, []string{"counts", "replaced"}, shapesOfMarks(tl))
	w.push(0, 2*hour, edit{by: 0, at: 2 * hour, field: "f", value: "c"}.item(t), edit{by: 0, at: 2*hour + 1, field: "f", value: true}.item(t))
	tl = w.draw(Options{})
	require.Len(t, tl.spans, 2)
	require.Equal(t, deletion, tl.spans[1].state)
}

func TestPurgedDataIsShownAsPurged(t *testing.T) {
	w := newWorld(t, "t/1/f")
	w.edits(edit{by: 0, at: 0, pushed: 0, field: "f", value: "a"}, edit{by: 0, at: hour, pushed: hour, field: "f", value: nil},
		edit{by: 0, at: hour, pushed: hour, field: "g", value: 1})
	w.fence = clock.TimestampOf(noon.Add(30 * minute))
	w.edits(edit{by: 0, at: 2 * hour, pushed: 2 * hour, field: "g", value: 2})
	require.Equal(t, []string{"replaced", "counts"}, shapesOfMarks(w.draw(Options{})), "the deletion is above the fence")
	w.fence = clock.TimestampOf(noon.Add(90 * minute))
	for r := range w.state.All() {
		w.store(merge.Purge(r, w.fence, 1))
	}
	w.edits(edit{by: 0, at: 3 * hour, pushed: 3 * hour, field: "g", value: 3},
		edit{by: 1, at: 80 * minute, pushed: 4 * hour, field: "f", value: "late"})
	tl := w.draw(Options{})
	require.Equal(t, []string{"replaced", "replaced", "removed", "unreadable"}, shapesOfMarks(tl))
	require.Contains(t, tl.marks[2].row.outcome, "was purged")
	require.Equal(t, "nothing yet", tl.spans[len(tl.spans)-1].text)
	require.Contains(t, tl.marks[3].row.outcome, "gone")
	require.Contains(t, tl.Text(80), "◇")
	require.Contains(t, tl.SVG(), "Write 2 is no longer stored.")
}

func TestCorrectedClockIsShown(t *testing.T) {
	w := newWorld(t, "t/1/f")
	w.edits(edit{by: 0, at: hour, pushed: 0, field: "f", value: "a"}, edit{by: 1, at: 0, pushed: minute, field: "f", value: "b"},
		edit{by: 0, at: minute, pushed: 2 * minute, field: "f", value: "a"})
	tl := w.draw(Options{})
	require.Equal(t, []bool{true, false, true}, []bool{tl.marks[0].clock, tl.marks[1].clock, tl.marks[2].clock})
	require.Contains(t, tl.marks[2].row.details, "The author's clock was corrected after write 1 had been refused.")
	require.Contains(t, tl.Text(80), "◷")
}

func TestArrivalsNeverGoBack(t *testing.T) {
	w := newWorld(t, "t/1/f")
	w.edits(edit{by: 0, at: 0, pushed: hour, field: "f", value: "a"}, edit{by: 1, at: 1, pushed: minute, field: "f", value: "b"})
	tl := w.draw(Options{})
	require.Equal(t, tl.marks[0].arrived, tl.marks[1].arrived)
	require.Equal(t, noon.Add(minute), tl.marks[1].row.arrived)
}

func TestLanesThatMatterLeastAreMerged(t *testing.T) {
	w := newWorld(t, "t/1/f")
	for i := range 30 {
		w.edits(edit{by: i, at: time.Duration(i) * minute, pushed: time.Duration(i) * minute, field: "f", value: i, blind: i != 21})
	}
	tl := w.draw(Options{})
	require.Len(t, tl.lanes, mostLanes)
	require.Equal(t, "21 others", tl.lanes[mostLanes-1])
	require.Equal(t, lost, tl.marks[20].shape)
	require.Equal(t, "U", tl.lanes[tl.marks[20].lane], "the author of a lost edit keeps a lane")
	require.Contains(t, tl.lanes, string(rune('A'+29)), "the author of the write that counts keeps a lane")
	for _, m := range tl.marks {
		require.Less(t, m.lane, mostLanes)
	}
}
