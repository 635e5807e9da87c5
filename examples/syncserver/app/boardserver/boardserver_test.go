package boardserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestWriterMayVoteOnlyWithIntegers: the server asks for the rights of the user first, and then about the votes.
func TestWriterMayVoteOnlyWithIntegers(t *testing.T) {
	none := record.New(record.Key{Table: board.Tasks, ID: "1"})
	mayWrite := boardserver.Options().MayWrite
	check := func(role string, vote any) merge.Code {
		m, err := none.Edit(clock.Stamp{Time: 1, Client: clock.ClientID{1}}).Set("votes/a-vote-of-a-test", vote).Mutation()
		require.NoError(t, err)
		m.New = true
		if err = mayWrite(server.Actor{Roles: map[string]string{"": role}}, none, m.Data, m); err == nil {
			return ""
		}
		var refused *merge.Refusal
		require.ErrorAs(t, err, &refused)
		return refused.Code
	}
	require.Empty(t, check(board.Writer, 1))
	require.Equal(t, merge.Invalid, check(board.Writer, "x"))
	require.Equal(t, board.ReadOnly, check(board.Reader, "x"))
}
