package memory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRestoredServerResetsOlderCursorsOnce: a client with a cursor from before the restore is reset,
// loads the restored state page by page, and is not reset again. A new client is not reset.
func TestRestoredServerResetsOlderCursorsOnce(t *testing.T) {
	o := newOffice(t, 1)
	o.PageSize = 1
	o.edits(named("1"), 1, sets("title"))
	o.edits(named("2"), 1, sets("title"))
	backup := o.Server.Restored()
	o.edits(named("3"), 1, sets("title"))
	_, lost := o.pulls("")
	require.Equal(t, "3", lost)

	o.Server = backup
	lines, next := o.pulls(lost)
	require.Equal(t, 1, strings.Count(lines, `{"reset":[""],"why":"epoch"}`))
	require.True(t, strings.HasPrefix(lines, `{"reset"`))
	require.Equal(t, 2, strings.Count(lines, `"data"`))
	lines, again := o.pulls(next)
	require.Empty(t, lines)
	require.Equal(t, next, again)
	lines, _ = o.pulls("")
	require.NotContains(t, lines, "reset")

	o.Server = backup.Restored()
	lines, _ = o.pulls(next)
	require.Contains(t, lines, `"why":"epoch"`, "each restore has its own epoch")
}

// TestRestoredServerSharesNothing: neither server sees what the other stores after the restore.
func TestRestoredServerSharesNothing(t *testing.T) {
	o := newOffice(t, 1)
	o.edits(named("1"), 1, sets("title"))
	before := o.Server
	after := before.Restored()
	o.edits(named("1"), 2, deletes)
	o.Server = after
	o.edits(named("2"), 2, sets("title"))
	require.Equal(t, 1, before.Records().Len())
	r, _ := after.Records().Get(named("1").Key())
	require.False(t, r.Deleted())
}

// TestEmptyRestoredServerDoesNotResetForever: a server without records has a cursor, too.
func TestEmptyRestoredServerDoesNotResetForever(t *testing.T) {
	o := newOffice(t, 1)
	o.Server = o.Server.Restored()
	lines, next := o.pulls("9")
	require.Equal(t, 1, strings.Count(lines, "reset"))
	lines, _ = o.pulls(next)
	require.Empty(t, lines)
}

// TestCursorOfAnEmptyServerIsNotThatOfANewClient: a server restored from an empty backup resets a client that pulled from
// the empty server.
func TestCursorOfAnEmptyServerIsNotThatOfANewClient(t *testing.T) {
	o := newOffice(t, 1)
	lines, next := o.pulls("")
	require.Empty(t, lines)
	_, again := o.pulls(next)
	require.Equal(t, next, again)
	backup := o.Server.Restored()
	o.edits(named("1"), 1, sets("title"))

	o.Server = backup
	lines, _ = o.pulls(next)
	require.Contains(t, lines, `"why":"epoch"`)
}
