package replica_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestTrailerThatRaisesTheFencePurges: the Replica purges its own records, because no line of a
// pull reports what a fence has purged. At level 1, the deletion of a dead record remains in the
// storage, but is not shown.
func TestTrailerThatRaisesTheFencePurges(t *testing.T) {
	for level, left := range map[int][]string{1: {"record/tasks\x00dead", "record/tasks\x00fence"}, 2: {"record/tasks\x00fence"}} {
		d := newWorld(t).device(ana)
		dead := record.Key{Table: "tasks", ID: "dead"}
		d.gets(lineOf(fence, map[string]string{"title": "x", "due": "y"}, 1), lineOf(dead, map[string]string{"title": "secret"}, 1), trailerAt(at(0), 1))
		d.gets(lineOf(fence, map[string]string{"title": "z", "due": deletion}, 2), lineOf(dead, map[string]string{"title": "secret", "$deleted": "true"}, 2), trailerAt(at(0), 1))
		require.True(t, d.Shown(dead).Deleted())
		d.save()
		d.TakeChanged()
		d.gets(trailerAt(at(1), level))
		require.Equal(t, []string{"due", "title"}, fieldsOf(d.Shown(fence)))
		require.True(t, d.Shown(dead).Deleted())
		require.Empty(t, d.TakeChanged())
		d.gets(trailerAt(at(2), level))
		require.Equal(t, []record.Key{dead, fence}, d.TakeChanged())
		require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
		require.Zero(t, d.Shown(dead).Len())
		for r := range d.Records("tasks") {
			require.Equal(t, fence, r.Key())
		}
		require.Empty(t, d.sentence(fence, "due"))
		d.save()
		var keys []string
		for key, value := range d.disk {
			require.NotContains(t, value, "secret")
			require.NotContains(t, value, "due")
			if strings.HasPrefix(key, "record/") {
				keys = append(keys, key)
			}
		}
		require.ElementsMatch(t, left, keys)
		d.open()
		require.Empty(t, d.TakeSaves())
		require.Zero(t, d.Shown(dead).Len())
		d.gets(trailerAt(at(2), level))
		require.Empty(t, d.TakeSaves(), "the fence was saved")
	}
}

// TestHuskDisappearsWhenTheFenceRises: nothing of a record but its deletion was stored, so purging
// changes only what is shown.
func TestHuskDisappearsWhenTheFenceRises(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(lineOf(fence, map[string]string{"$deleted": "true"}, 2), trailerAt(at(1), 1))
	require.True(t, d.Shown(fence).Deleted())
	d.TakeChanged()
	d.gets(trailerAt(at(2), 1))
	require.Equal(t, []record.Key{fence}, d.TakeChanged())
	require.Zero(t, d.Shown(fence).Len())
}

// TestEditOfADeadRecordCreatesIt: its author was shown no such record.
func TestEditOfADeadRecordCreatesIt(t *testing.T) {
	for level := 1; level <= 2; level++ {
		d := newWorld(t).device(ana)
		d.gets(lineOf(fence, map[string]string{"title": "x", "$deleted": "true"}, 2), trailerAt(at(2), level))
		d.w.now = d.w.now.Add(-time.Hour) // the clock is above the fence anyway
		d.edit(fence, "title", str("again"))
		m := d.Waiting()[0]
		require.True(t, m.New)
		require.Equal(t, map[string]clock.Stamp{"title": {}}, m.Base)
		require.Greater(t, d.times()[0], at(2))
		require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
		require.Equal(t, `"again"`, d.title(fence))
		d.edit(fence, "due", str("x"))
		require.False(t, d.Waiting()[1].New)
		require.Equal(t, []string{"due", "title"}, fieldsOf(d.Shown(fence)))
	}
}

// TestWaitingEditThatIsGoneIsNotShown: neither an edit of a purged field nor an edit of a dead record
// is shown. It stays in the outbox until the server refuses it. A late deletion of the record is not
// gone.
func TestWaitingEditThatIsGoneIsNotShown(t *testing.T) {
	for level := 1; level <= 2; level++ {
		d := newWorld(t).device(ana)
		lines := lineOf(fence, map[string]string{"title": "x", "due": "y"}, 0) + lineOf(gate, map[string]string{"title": "x"}, 0)
		d.gets(lines, plainTrailer)
		d.edit(fence, "due", str("edited")) // at 1 s
		d.edit(gate, "title", str("edited"))
		d.edit(poisoned, "title", str("new"))
		d.outbox()
		d.TakeChanged()
		d.gets(lineOf(fence, map[string]string{"title": "x"}, 0), lineOf(gate, map[string]string{"title": "x", "$deleted": "true"}, 5), trailerAt(at(6), level))
		require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
		require.Zero(t, d.Shown(gate).Len())
		keys := []record.Key{fence, gate, poisoned}
		if level == 1 {
			require.Equal(t, `"new"`, d.title(poisoned), "at level 1, a record that is missing never existed")
			keys = keys[:2]
		} else {
			require.Zero(t, d.Shown(poisoned).Len())
		}
		require.Equal(t, keys, d.TakeChanged())
		require.Equal(t, 3, d.NumWaiting())

		d = newWorld(t).device(ana)
		d.gets(lineOf(fence, map[string]string{"title": "x"}, 0), plainTrailer)
		d.edit(fence, record.DeletedField, record.Bool(true))
		d.gets(trailerAt(at(6), level))
		require.Zero(t, d.Shown(fence).Len(), "it is deleted, and dead")
	}
}

// TestItemsAreJudgedByTheConfirmedRecordAlone: the other items of the push do not count, so their
// order does not matter. The record {title@3} is deleted at 5, below the fence 6; the deletion is
// late, but an edit of the title at 8 does not make it gone.
func TestItemsAreJudgedByTheConfirmedRecordAlone(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(lineOf(fence, map[string]string{"title": "x"}, 3), plainTrailer)
	d.w.now = d.w.now.Add(4 * time.Second)
	d.edit(fence, record.DeletedField, record.Bool(true)) // at 5 s
	d.gets(trailerAt(at(6), 2))
	d.w.now = d.w.now.Add(2 * time.Second)
	d.edit(fence, "title", str("y")) // at 8 s
	require.True(t, d.Shown(fence).Deleted())
	require.Equal(t, `"y"`, d.title(fence))
}

// TestGoneItemIsDroppedWithANotice: an item may be gone as a whole, or only some of its fields.
func TestGoneItemIsDroppedWithANotice(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(lineOf(fence, map[string]string{"title": "x"}, 0), plainTrailer)
	require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("edited"), "due": str("gone")}))
	d.edit(gate, "title", str("new"))
	d.outbox()
	require.NoError(t, d.Answer([]byte(`[{"verdict":"accepted","changed":true,"notes":["gone"],"fields":{"due":{"outcome":"gone"},"title":{"outcome":"applied"}}},
		{"verdict":"refused","code":"gone"}]`)))
	require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
	require.Equal(t, `"edited"`, d.title(fence))
	require.Zero(t, d.Shown(gate).Len())
	require.Zero(t, d.NumWaiting())
	notices := d.TakeNotices()
	require.Len(t, notices, 2)
	for i, want := range []replica.Notice{{Key: fence, Fields: []string{"due"}}, {Key: gate, Fields: []string{"title"}}} {
		want.Kind, want.Code, want.RolledBack = replica.Refused, merge.Gone, notices[i].RolledBack
		require.Equal(t, want, notices[i])
		require.Equal(t, want.Fields, fieldsOf(notices[i].RolledBack))
	}
	d.save()
	for _, value := range d.disk {
		require.NotContains(t, value, "due")
	}
	d.open()
	require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
}

// TestClockFollowsTheTrailerWithoutABound: the next edit is above the clock of the trailer, even if
// the server's time says that it is too far ahead, also after the clock was corrected or the Replica
// was opened again. A later trailer may lower it.
func TestClockFollowsTheTrailerWithoutABound(t *testing.T) {
	d := newWorld(t).device(ana)
	stamp := func() clock.Timestamp {
		d.edit(record.Key{Table: "tasks", ID: fmt.Sprint(d.NumWaiting())}, "title", str("x"))
		d.outbox()
		return d.times()[d.NumWaiting()-1]
	}
	d.told(0, 0)
	floor := at(0) + clock.Timestamp(time.Hour)
	d.gets(strings.Replace(plainTrailer, `"level"`, `"clock":"`+floor.String()+`","level"`, 1))
	require.Greater(t, stamp(), floor)
	d.save()
	d.told(0, 0)
	require.Greater(t, stamp(), floor, "the clock was corrected")
	d.open()
	d.told(0, 0)
	require.Greater(t, stamp(), floor, "the floor is saved")
	d.gets(trailerAt(at(0), 1))
	d.told(0, 0)
	require.Less(t, stamp(), floor, "the server says that no fence will be so high")
	d.gets(strings.Replace(plainTrailer, `"level"`, `"clock":"2262-04-11T23:47:16.854775807Z","level"`, 1))
	d.told(0, 0)
	d.refuseAll(0)
	require.Less(t, stamp(), clock.Timestamp(math.MaxInt64-1), "the clock does not reach its end")
}

// TestRestampedEditStaysAboveTheTrailerBeforeIt: the time of an edit is corrected, but not below the
// clock of the last trailer before the edit, and regardless of later trailers.
func TestRestampedEditStaysAboveTheTrailerBeforeIt(t *testing.T) {
	d := newWorld(t).device(ana)
	d.skew = 3 * time.Hour
	d.gets(trailerAt(at(0)+clock.Timestamp(time.Hour), 1))
	d.edit(fence, "title", str("x"))
	before := d.times()[0]
	d.gets(strings.Replace(trailerAt(at(0)+clock.Timestamp(time.Hour), 1), `"clock":"2026-03-02T15`, `"clock":"2026-03-02T16`, 1))
	d.told(0, 0)
	after := d.times()[0]
	require.Less(t, after, before)
	require.Equal(t, at(0)+clock.Timestamp(time.Hour)+1, after)
}

// TestEditOfTheFormerRecordIsNotRenewed: it was made when the record still lived, so it is gone even
// if the user has created the record again since.
func TestEditOfTheFormerRecordIsNotRenewed(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(lineOf(fence, map[string]string{"title": "x"}, 0), trailerAt(at(0), 2))
	d.edit(fence, "due", str("former"))
	d.gets(leftLine(fence), trailerAt(at(2), 2))
	d.w.now = d.w.now.Add(2 * time.Second)
	d.edit(fence, "title", str("again"))
	require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
	d.w.now = d.w.now.Add(time.Hour)
	d.gets(trailerAt(at(60), 2))
	require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
	require.Less(t, d.times()[0], at(60))
}

// TestCreationThatWasSentIsNotRenewedWithALaterOne: the user creates the record again, because the first
// creation is gone.
func TestCreationThatWasSentIsNotRenewedWithALaterOne(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(trailerAt(at(0), 2))
	d.edit(fence, "due", str("sent"))
	d.outbox()
	first := d.times()[0]
	d.gets(trailerAt(at(10), 2))
	d.w.now = d.w.now.Add(time.Minute)
	d.edit(fence, "title", str("again"))
	require.True(t, d.Waiting()[1].New)
	d.w.now = d.w.now.Add(time.Hour)
	d.gets(trailerAt(at(120), 2))
	require.Equal(t, first, d.times()[0])
	require.Greater(t, d.times()[1], at(120))
	require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
}

// TestCreationThatTheFenceMakesGoneIsRenewed: it is restamped with the present time, and so are the
// edits after it, in their order. An item that was sent is never renewed, nor is one that was
// loaded, which may have been sent.
func TestCreationThatTheFenceMakesGoneIsRenewed(t *testing.T) {
	for _, sent := range []string{"never", "sent", "loaded"} {
		for level := 1; level <= 2; level++ {
			d := newWorld(t).device(ana)
			dead := lineOf(fence, map[string]string{"title": "x", "$deleted": "true"}, 0)
			d.gets(dead, trailerAt(at(0), level))
			d.edit(fence, "title", str("again"))
			d.edit(gate, "title", str("other"))
			d.edit(fence, "due", str("x"))
			d.edit(fence, "title", str("and again")) // replaces the first edit of the title
			require.Len(t, d.Waiting(), 3)
			before := d.Waiting()
			switch sent {
			case "sent":
				d.outbox()
			case "loaded":
				d.save()
				d.open()
			}
			d.w.now = d.w.now.Add(time.Hour)
			d.gets(trailerAt(at(60), level))
			d.save()
			all := d.Waiting()
			if sent != "never" {
				require.Equal(t, before, all)
				require.Zero(t, d.Shown(fence).Len(), "it is gone")
				continue
			}
			require.Equal(t, `"and again"`, d.title(fence))
			require.Equal(t, []string{"due", "title"}, fieldsOf(d.Shown(fence)))
			var keys []record.Key
			for i, m := range all {
				keys = append(keys, m.Data.Key())
				require.Equal(t, m.Data.Key() == gate && level == 1, d.times()[i] < at(60), "%v", m.Data.Key())
			}
			require.Len(t, keys, 3)
			require.True(t, all[1].New || all[2].New)
			require.IsIncreasing(t, d.times())
			d.open()
			require.Equal(t, all, d.Waiting())
		}
	}
}
