package boardserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestLensOfTheBoardIsLawful checks the laws of a lens. A status may be a word of the new version, or any other value.
func TestLensOfTheBoardIsLawful(t *testing.T) {
	l, err := boardserver.FromVersion1()
	require.NoError(t, err)
	mergetest.CheckLens(t, l, mergetest.LensOptions{Table: board.Tasks, Fields: map[string][]string{
		board.Status:         {`"open"`, `"started"`, `"closed"`, `"todo"`, `"doing"`, `"done"`, `"archived"`, "null", "7"},
		boardserver.Text:     {`""`, `"a"`, `"a\n"`, `"a\nb"`, `"\nb"`, `"a\nb\nc"`, "null", "7", `["x"]`},
		boardserver.Deadline: {`"2026-03-02"`, "null"},
		boardserver.Label:    {"true"},
		board.Votes:          {"1"},
		board.Assignee:       nil,
	}})
}

// TestLensOfTheBoardTranslatesWords checks what the server stores.
func TestLensOfTheBoardTranslatesWords(t *testing.T) {
	l, err := boardserver.FromVersion1()
	require.NoError(t, err)
	old, err := record.New(record.Key{Table: board.Tasks, ID: "1"}).Edit(clock.Stamp{Time: 1, Client: clock.ClientID{1}}).
		Set(board.Status, "started").Set(boardserver.Text, "Paint\nRed").Set(boardserver.Label+"/urgent", true).Mutation()
	require.NoError(t, err)
	up, err := l.UpRecord(old.Data)
	require.NoError(t, err)
	require.Equal(t, map[string]any{board.Status: "doing", board.Title: "Paint", board.Notes: "Red", "tag/urgent": true}, up.Map())
}
