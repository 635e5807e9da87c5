package replica_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// TestColumnsArePulledLikeRows pulls the same chunk as rows and as columns, among lines of other kinds, and
// compares everything that the clients would save.
func TestColumnsArePulledLikeRows(t *testing.T) {
	for _, in := range [][]string{{""}, {"a"}, {"a", "b"}} {
		var rows []record.Row
		var lines strings.Builder
		for i := range 5 {
			e := record.New(record.Key{Table: "tasks", ID: fmt.Sprint(i)}).Edit(clock.Stamp{Time: clock.Timestamp(1_700_000_000_000_000_000 + int64(i)), Client: clock.ClientID{7}})
			m, err := e.Set("title", fmt.Sprint("x", i)).Mutation()
			require.NoError(t, err)
			if i == 4 {
				in = []string{""} // in a chunk of columns of its own
			}
			rows = append(rows, record.Row{Record: m.Data, In: in, Seq: int64(i + 1)})
			m.New = false
			fmt.Fprintf(&lines, `{"seq":%d,"in":["%s"],%s`+"\n", i+1, strings.Join(in, `","`), m.AppendJSON(nil)[1:])
		}
		const left, trailer = `{"seq":9,"table":"tasks","id":"9","left":true}` + "\n", `{"cursor":"e.9","buckets":["","a","b"],"level":1}` + "\n"
		columns := string(record.AppendColumns(nil, rows))
		byRows := pulledSaves(t, lines.String()+left+trailer)
		require.Len(t, byRows, 5+1)
		require.Equal(t, byRows, pulledSaves(t, left+columns+trailer))
		row, _, _ := strings.Cut(lines.String(), "\n")
		require.Equal(t, byRows, pulledSaves(t, row+"\n"+string(record.AppendColumns(nil, rows[1:]))+left+trailer))

		r, err := replica.Open(replica.Options{ID: clock.ClientID{1}})
		require.NoError(t, err)
		p := r.BeginPull()
		require.ErrorIs(t, r.Pulled(&p, []byte(strings.Replace(columns, `"kind":[0`, `"kind":[1`, 1)+trailer)), record.ErrColumns)
		require.Empty(t, r.Cursor())
		require.Empty(t, r.TakeSaves())
	}
}

// pulledSaves returns what a new client saves after it has pulled a chunk.
func pulledSaves(t *testing.T, chunk string) map[string]string {
	t.Helper()
	r, err := replica.Open(replica.Options{ID: clock.ClientID{1}})
	require.NoError(t, err)
	p := r.BeginPull()
	require.NoError(t, r.Pulled(&p, []byte(chunk)))
	saves := make(map[string]string)
	for _, e := range r.TakeSaves() {
		saves[e.Key] = string(e.Value)
	}
	return saves
}
