package lawtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestRepairMustLowerTheWatermark: if a client's watermark dates from a time when clocks were
// wrong, its stamps are reported as rewound, and its lost edits are not reported. If the repair
// lowers the watermark to the time of the repair, its new stamps are not reported as rewound,
// and its lost edits are reported.
func TestRepairMustLowerTheWatermark(t *testing.T) {
	var e merge.Engine
	own, other := clock.ClientID(clients[0]), clock.ClientID(clients[1])
	now := time.Unix(0, epoch)
	edit := func(by clock.ClientID, at time.Time, id string) record.Mutation {
		m, err := record.New(keyOf(id)).Edit(clock.Stamp{Time: clock.TimestampOf(at), Client: by}).Set("title", by.String()).Mutation()
		require.NoError(t, err)
		return m
	}
	theirs := edit(other, now.Add(time.Minute), "1").Data
	push := func(wall, at time.Time, mark clock.Stamp, id string) merge.Answer {
		in := input{Actor: own, Wall: wall, Watermarks: []clock.Stamp{mark}, Current: merge.Collect(theirs)}
		in.Items = []record.Item{{Mutation: edit(own, at, id)}}
		return applied(&e, in)
	}
	later := now.Add(8 * time.Hour)
	wrong := push(later, later, clock.Stamp{Client: own}, "2").Watermarks[0]
	require.Equal(t, clock.TimestampOf(later), wrong.Time)
	repaired := clock.Stamp{Time: clock.TimestampOf(now), Client: own}

	require.Equal(t, []merge.Code{merge.Rewound}, push(now, now.Add(time.Second), wrong, "2").Results[0].Notes)
	require.Empty(t, push(now, now.Add(time.Second), repaired, "2").Results[0].Notes)
	require.Empty(t, push(now.Add(time.Minute), now.Add(time.Second), wrong, "1").LostEdits())
	lost := push(now.Add(time.Minute), now.Add(time.Second), repaired, "1").LostEdits()
	require.Len(t, lost, 1)
	require.Equal(t, own, lost[0].Loser().Stamp.Client)
}

// TestTwoDevicesOfOneClientLoseUnreported shows a documented hazard: two devices with one client
// ID overwrite each other's edits, and nothing is reported if each stamp is above the watermark.
func TestTwoDevicesOfOneClientLoseUnreported(t *testing.T) {
	var e merge.Engine
	own := clock.ClientID(clients[0])
	in := input{Actor: own, Wall: time.Unix(0, epoch+10), Watermarks: []clock.Stamp{{Client: own}}}
	push := func(at clock.Timestamp, v string) merge.Answer {
		// Neither device has seen the other device's write.
		m, err := record.New(keyOf("1")).Edit(clock.Stamp{Time: clock.Timestamp(epoch) + at, Client: own}).Set("title", v).Mutation()
		require.NoError(t, err)
		in.Items = []record.Item{{Mutation: m}}
		a := applied(&e, in)
		in.Current, in.Watermarks = stateAfter(in, a), a.Watermarks
		return a
	}
	push(1, "by one")
	a := push(2, "by the other")
	require.Empty(t, a.LostEdits())
	require.Empty(t, a.Results[0].Notes)
}
