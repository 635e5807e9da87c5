package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
)

// TestMoveWritesOnlyTheSlot: moving a meeting does not write its other fields, so it does not
// overwrite a title that another user changes at the same time.
func TestMoveWritesOnlyTheSlot(t *testing.T) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	s.book(s.ben, s.budget)
	s.move(s.ben, s.budget, slot("Room B", 16))
	require.Len(t, s.ben.outbox, 2)
	require.Equal(t, 3, s.ben.outbox[0].Data.Len())
	moved := s.ben.outbox[1].Data
	require.Equal(t, 1, moved.Len())
	got, err := rooms.SlotOf(moved)
	require.NoError(t, err)
	require.Equal(t, slot("Room B", 16), got)
}
