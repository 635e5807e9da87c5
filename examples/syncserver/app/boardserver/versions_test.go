package boardserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/record"
)

// TestLensOfTheBoardGivesBackEachValue: an old client pulls what it pushed, whatever it is, and the server stores the
// words of the new version.
func TestLensOfTheBoardGivesBackEachValue(t *testing.T) {
	l, err := boardserver.FromVersion1()
	require.NoError(t, err)
	for field, values := range map[string][]any{
		board.Status:                  {"open", "started", "closed", "todo", "doing", "done", "archived", nil, 7},
		boardserver.Text:              {"", "a", "a\n", "a\nb", "\nb", "a\nb\nc", nil, 7, []string{"x"}},
		boardserver.Deadline:          {"2026-03-02", nil},
		boardserver.Label + "/urgent": {true},
		boardserver.Text + "/x":       {1},
		board.Votes + "/v":            {1},
	} {
		for _, value := range values {
			old, err := record.New(record.Key{Table: board.Tasks, ID: "1"}).Edit(clock.Stamp{Time: 1, Client: clock.ClientID{1}}).Set(field, value).Mutation()
			require.NoError(t, err)
			up, err := l.UpRecord(old.Data)
			require.NoError(t, err, "%s: %v", field, value)
			down, err := l.Down(up)
			require.NoError(t, err, "%s: %v", field, value)
			require.Equal(t, old.Data.Map(), down.Map())
		}
	}
	old, err := record.New(record.Key{Table: board.Tasks, ID: "1"}).Edit(clock.Stamp{Time: 1, Client: clock.ClientID{1}}).
		Set(board.Status, "started").Set(boardserver.Text, "Paint\nRed").Mutation()
	require.NoError(t, err)
	up, err := l.UpRecord(old.Data)
	require.NoError(t, err)
	require.Equal(t, map[string]any{board.Status: "doing", board.Title: "Paint", board.Notes: "Red"}, up.Map())
}
