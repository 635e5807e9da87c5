package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/record"
)

// TestMeetingLargerThanPushLimitsIsPulled: a meeting with more fields than a push may have is
// pulled and checked like any other meeting.
func TestMeetingLargerThanPushLimitsIsPulled(t *testing.T) {
	w := &wall{now: time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)}
	s := newServer("East", w)
	ana, err := newClient("Ana", "phone", clock.ClientID{1}, w)
	require.NoError(t, err)
	key := record.Key{Table: rooms.Table, ID: "fair"}
	for half := range 2 {
		edit := ana.edit(key)
		for i := range 5001 {
			edit.Set(fmt.Sprintf("guests/%d", half*5001+i), true)
		}
		m, err := edit.Mutation()
		require.NoError(t, err)
		ana.outbox = append(ana.outbox, m)
		_, err = ana.push(s)
		require.NoError(t, err)
		require.Empty(t, ana.outbox)
	}
	ben, err := newClient("Ben", "laptop", clock.ClientID{2}, w)
	require.NoError(t, err)
	require.NoError(t, ben.pull(s))
	meeting, ok := ben.shown().Get(key)
	require.True(t, ok)
	require.Equal(t, 10002, meeting.Len())
	_, err = rooms.FindJSON(record.Mutation{Data: meeting}.AppendJSON(nil))
	require.NoError(t, err)
}
