package server

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestJournalKeepsWhatAnAuthorHadPulled follows the member from the trailer of a pull to the journal. It
// changes no answer, and no record that others pull.
func TestJournalKeepsWhatAnAuthorHadPulled(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	ana.push(ana.set(board.Tasks, "a", board.Title, "1"))
	_, text := ana.request("GET", "/v1/pull?cursor=", "")
	var last trailer
	require.NoError(t, json.Unmarshal([]byte(text[strings.LastIndex(text, `{"cursor"`):]), &last))
	seen := last.Seen
	require.Equal(t, int64(1), seen.Seq)
	require.NotEmpty(t, seen.Epoch)

	m := ana.set(board.Tasks, "b", board.Title, "2")
	m.Seen = seen
	ana.push(m)
	_, text = ben.request("GET", "/v1/pull?cursor=", "")
	require.Equal(t, 1, strings.Count(text, `"seen"`), "only the trailer has it")

	var journal bytes.Buffer
	require.NoError(t, s.database.Journal(context.Background(), &journal, "demo"))
	lines := bytes.Split(bytes.TrimSuffix(journal.Bytes(), []byte("\n")), []byte("\n"))
	for i, want := range []record.Seen{{}, seen} {
		line, err := merge.ParseJournalLine(lines[i])
		require.NoError(t, err)
		require.Equal(t, want, line.Request.Items[0].Mutation.Seen)
		answer, err := line.Replay()
		require.NoError(t, err)
		require.Equal(t, line.Answer, answer.Digest())
	}
}
