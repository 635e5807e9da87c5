package replica_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCreationIsNeverGuessed: the storage keeps with each record whether this client created it. The
// client no longer counts as the creator of a record that has left, has died, was dropped by the
// fence, or may have been created again by another client.
func TestCreationIsNeverGuessed(t *testing.T) {
	mine := func(t *testing.T) *device {
		d := newWorld(t).device(ana)
		d.edit(fence, "title", str("x"))
		line := d.line(fence)
		d.accept()
		d.gets(line, trailerAt(at(0), 2))
		d.save()
		require.Contains(t, d.disk["record/tasks\x00fence"], `{"created":"`)
		d.open()
		return d
	}
	again := func(d *device, lines ...string) []string {
		d.gets(lines...)
		d.gets(lineOf(fence, map[string]string{"title": "y"}, 10), trailerAt(at(0), 2))
		d.w.now = d.w.now.Add(20 * time.Second)
		d.edit(fence, "due", str("x"))
		d.accept()
		d.save()
		d.open()
		d.gets(resetLine("epoch"), epochTrailer)
		return d.sent()
	}
	require.Equal(t, []string{"fence due @22 new"}, again(mine(t), trailerAt(at(0), 2)))
	cameBack := func(seconds, fenceAt int) string {
		return resetLine("fence") + lineOf(fence, map[string]string{"title": "y"}, seconds) + trailerAt(at(fenceAt), 2)
	}
	require.Equal(t, []string{"fence due @22 new"}, again(mine(t), cameBack(1, 0)), "the life that it created came back")
	for name, lines := range map[string]string{
		"left": leftLine(fence) + trailerAt(at(0), 2), "gone after a reset by the fence": resetLine("fence") + trailerAt(at(0), 2), "another life after a reset": cameBack(6, 5),
		"reset by the epoch": resetLine("epoch") + lineOf(fence, map[string]string{"title": "y"}, 5) + trailerAt(at(0), 2),
		"born again":         lineOf(fence, map[string]string{"title": "z"}, 6) + trailerAt(at(5), 2),
		"dead":               lineOf(fence, map[string]string{"$deleted": "true"}, 4) + trailerAt(at(4), 2),
	} {
		require.Equal(t, []string{"fence due @22"}, again(mine(t), lines), name)
	}
	d := mine(t)
	d.gets(lineOf(fence, map[string]string{"$deleted": "true"}, 4), trailerAt(at(4), 1))
	d.save()
	require.NotContains(t, d.disk["record/tasks\x00fence"], "created", "a husk has no creator")
}

// TestCreationIsKnownWhenTheRecordComesBackInALaterChunk: meanwhile the changes are drawn and saved.
func TestCreationIsKnownWhenTheRecordComesBackInALaterChunk(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("x"))
	line := d.line(fence)
	d.accept()
	d.gets(line, plainTrailer)
	d.gets(resetLine("fence"), unsettled(plainTrailer))
	d.save()
	d.TakeChanged()
	require.NoError(t, d.Pulled([]byte(line+plainTrailer)))
	d.gets(resetLine("epoch"), epochTrailer)
	require.Equal(t, []string{"fence title @1 new"}, d.sent())
}

// TestCreationIsKnownAfterTwoRestores: the first backup has the records, and the second, older one has
// none.
func TestCreationIsKnownAfterTwoRestores(t *testing.T) {
	for _, opened := range []bool{false, true} {
		d := ownWrites(t)
		d.push() // by now nothing waits
		d.gets(resetLine("epoch"), d.line(fence), d.line(gate), d.line(theirs), epochTrailer)
		require.Zero(t, d.NumWaiting(), "the restored server lacks nothing")
		if d.save(); opened {
			d.open()
		}
		d.gets(resetLine("epoch"), epochTrailer)
		require.Equal(t, []string{"theirs title @1", "fence notes @2 new", "fence title @3 new", "gate title @4 new", "fence due @5 new"}, d.sent())
	}
	d := ownWrites(t)
	d.gets(resetLine("epoch"), lineOf(gate, map[string]string{"title": "theirs"}, 30), epochTrailer)
	d.edit(gate, "due", str("x"))
	d.accept()
	d.gets(resetLine("epoch"), epochTrailer)
	require.Contains(t, d.sent(), "gate due @30", "nothing of the creation was in the record")
}
