package replica_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
)

// TestFollowerThatIsGoneIsSentOnceMore: an edit of a record that another client created is sent once
// more if it is gone, because that client may have sent the creation again by then. If it is gone
// again, it is reported.
func TestFollowerThatIsGoneIsSentOnceMore(t *testing.T) {
	for _, opened := range []bool{false, true} {
		d := ownWrites(t)
		reopen := func() {
			if d.save(); opened {
				d.open()
			}
		}
		data := map[string]string{"title": "later", "due": "later", "notes": "later"}
		restored := []string{resetLine("epoch"), lineOf(fence, data, 30), lineOf(gate, data, 30), strings.Replace(trailerAt(at(0), 2), "e.9", "f.9", 1)}
		d.gets(restored...)
		d.discard()
		require.Len(t, d.TakeNotices(), 2+2, "another code is final")
		require.Zero(t, d.NumWaiting())

		d = ownWrites(t)
		d.gets(restored...)
		require.Equal(t, []string{"theirs title @1", "fence due @5 base"}, d.sent())
		reopen()
		d.TakeNotices()
		d.BeginPull()
		d.gone()
		require.Empty(t, d.TakeNotices())
		reopen()
		sends := d.outbox
		require.NotContains(t, string(sends()), "theirs")
		if !opened {
			require.NoError(t, d.Pulled([]byte(epochTrailer)))
			require.NotContains(t, string(sends()), "theirs", "the pull began before the answer")
		}
		d.gets(unsettled(epochTrailer))
		require.NotContains(t, string(sends()), "theirs")
		d.gets(epochTrailer)
		if !opened {
			require.NotContains(t, string(sends()), "theirs", "the record is not there yet")
			d.gets(epochTrailer)
		}
		reopen()
		require.Contains(t, string(d.Batch(1, 1<<20)), "theirs")
		d.gone()
		notices := d.TakeNotices()
		require.Len(t, notices, 1)
		require.Equal(t, merge.Gone, notices[0].Code)
		require.Equal(t, theirs, notices[0].Key)
		d.gone()
		require.Len(t, d.TakeNotices(), 1, "an edit that the server had not accepted before the restore gets no second attempt")
		require.Zero(t, d.NumWaiting())
	}
}

// gone sends one edit, which is gone.
func (d *device) gone() {
	d.Batch(1, 1<<20)
	require.NoError(d.w.t, d.Answer([]byte(`[{"verdict":"refused","code":"gone"}]`)))
}

// goneFollower returns a device whose edit of Ben's record is gone after a restore.
func goneFollower(t *testing.T) *device {
	d := newWorld(t).device(ana)
	d.gets(lineOf(theirs, map[string]string{"title": "x"}, 0), plainTrailer)
	d.edit(theirs, "title", str("mine"))
	d.accept()
	d.gets(resetLine("epoch"), epochTrailer)
	d.gone()
	return d
}

// TestFollowerIsSentOnceItsRecordIsBack: the first pull after the answer may bring the record.
func TestFollowerIsSentOnceItsRecordIsBack(t *testing.T) {
	d := goneFollower(t)
	d.gets(lineOf(theirs, map[string]string{"title": "x"}, 0), epochTrailer)
	require.NotEmpty(t, d.outbox())
	require.Equal(t, `"mine"`, d.title(theirs))
}

// TestCreationThatIsGoneIsNotSentOnceMore: a creation does not depend on another item.
func TestCreationThatIsGoneIsNotSentOnceMore(t *testing.T) {
	d := ownWrites(t)
	data := map[string]string{"title": "later", "due": "later", "notes": "later"}
	d.gets(resetLine("epoch"), lineOf(fence, data, 30), lineOf(theirs, data, 30), epochTrailer)
	require.Equal(t, []string{"gate title @4 new", "fence due @5 base"}, d.sent())
	d.gone()
	require.Equal(t, []string{"fence due @5 base"}, d.sent())
	require.Equal(t, replica.Refused, d.TakeNotices()[2].Kind)
}

// TestReplicaThatWaitsForAPullSendsNothing: its only edit waits for a pull, and that is not an
// error.
func TestReplicaThatWaitsForAPullSendsNothing(t *testing.T) {
	d := goneFollower(t)
	require.Equal(t, 1, d.NumWaiting())
	require.Empty(t, d.outbox())
	require.Zero(t, d.Sent())
}
