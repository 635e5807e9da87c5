package board_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
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

// TestPositionThatIsNoneIsRefused: every device puts its tasks next to tasks of others, and needs their positions for that.
// An app that has numbered its tasks keeps the numbers.
func TestPositionThatIsNoneIsRefused(t *testing.T) {
	ana := clock.ClientID{1}
	check := func(table string, value record.Value) error {
		m, err := record.New(record.Key{Table: table, ID: "1"}).Edit(clock.Stamp{Time: 1, Client: ana}).Set(board.Position, value).Mutation()
		require.NoError(t, err)
		return board.Guard()(ana, m)
	}
	position, err := fields.Between("", "", fields.Turn{Client: ana, N: 1})
	require.NoError(t, err)
	for _, good := range []any{position, nil, 0, 7, -1.5} {
		require.NoError(t, check(board.Tasks, record.MustOf(good)), good)
	}
	require.NoError(t, check(board.Tasks, record.Deletion()))
	for _, bad := range []any{"", "1", "top", position + " ", position + position, true, []int{1}} {
		var refused *merge.Refusal
		require.ErrorAs(t, check(board.Tasks, record.MustOf(bad)), &refused, bad)
		require.Equal(t, [2]any{merge.Invalid, "data.position"}, [2]any{refused.Code, refused.Path})
		require.NoError(t, check(board.Projects, record.MustOf(bad)), "the position of something else")
	}
}

// TestLongPositionIsRefused: pages compare the positions of all tasks each time they draw them.
func TestLongPositionIsRefused(t *testing.T) {
	low, high := "", ""
	accepted := 0
	for n := int64(1); ; n++ {
		turn := fields.Turn{Client: clock.ClientID{byte(1 + n%2)}, N: n}
		position, err := fields.Between(low, high, turn)
		require.NoError(t, err)
		if n%2 == 0 {
			low = position
		} else {
			high = position
		}
		m, err := record.New(record.Key{Table: board.Tasks, ID: "1"}).Edit(clock.Stamp{Time: 1, Client: turn.Client}).Set(board.Position, position).Mutation()
		require.NoError(t, err)
		err = board.Guard()(turn.Client, m)
		if len(position) > board.MaxPosition {
			require.EqualError(t, err, "merge: invalid at data.position: must be a position or a number")
			break
		}
		require.NoError(t, err)
		accepted = len(position)
	}
	require.Greater(t, accepted, board.MaxPosition-16)
}

// TestTaskWithoutPositionIsAccepted: a task needs no position, and a deletion says nothing about it.
func TestTaskWithoutPositionIsAccepted(t *testing.T) {
	ana := clock.ClientID{1}
	r := record.New(record.Key{Table: board.Tasks, ID: "1"})
	for _, edit := range []*record.Edit{
		r.Edit(clock.Stamp{Time: 1, Client: ana}).Set(board.Title, "Paint the fence"),
		r.Edit(clock.Stamp{Time: 1, Client: ana}).DeleteRecord(),
	} {
		m, err := edit.Mutation()
		require.NoError(t, err)
		require.NoError(t, board.Guard()(ana, m))
	}
}
