package board_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestUnknownFieldsOfAMeetingAreRefused checks that a meeting can have no unknown fields, not even
// as tombstones, because these count towards the size limit of the meeting.
func TestUnknownFieldsOfAMeetingAreRefused(t *testing.T) {
	ana := clock.ClientID{1}
	edit := record.New(record.Key{Table: board.Meetings, ID: "1"}).Edit(clock.Stamp{Time: 1, Client: ana})
	guard := board.Guard()
	for _, name := range []string{"title", "host", "slot"} {
		m, err := edit.Set(name, "x").Mutation()
		require.NoError(t, err)
		require.NoError(t, guard(ana, m), name)
	}
	m, err := edit.Delete("a b").Mutation()
	require.NoError(t, err)
	var refused *merge.Refusal
	require.ErrorAs(t, guard(ana, m), &refused)
	require.Equal(t, board.UnknownField, refused.Code)
	require.Equal(t, "data."+record.PathName("a b"), refused.Path)

	m, err = record.New(record.Key{Table: board.Meetings, ID: "1"}).Edit(clock.Stamp{Time: 2, Client: ana}).DeleteRecord().Mutation()
	require.NoError(t, err)
	require.NoError(t, guard(ana, m), "the deletion of a meeting was refused")
}
