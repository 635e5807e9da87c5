package merge_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// vectorChunk runs a chunk of columns that holds rows, or that is refused.
func vectorChunk(t *testing.T, v vector) {
	rows, err := new(record.Decoder).Columns(v.In)
	if v.refusedAs(t, err) {
		require.Nil(t, rows)
		return
	}
	var want []record.Row
	for _, line := range v.Rows {
		var place struct {
			Seq int64
			In  []string
		}
		require.NoError(t, json.Unmarshal(line, &place))
		m, err := new(record.Decoder).Mutation(line)
		require.NoError(t, err)
		want = append(want, record.Row{Record: m.Data, In: place.In, Seq: place.Seq})
	}
	require.Len(t, rows, len(want))
	for i := range want {
		require.True(t, want[i].Record.Equal(rows[i].Record), "%v", rows[i].Record)
		require.Equal(t, want[i].In, rows[i].In)
		require.Equal(t, want[i].Seq, rows[i].Seq)
	}
	require.Equal(t, string(v.In), string(bytes.TrimSuffix(record.AppendColumns(nil, want), []byte("\n"))))
}

// vectorForm runs a chunk that holds rows, but not in the canonical form.
func vectorForm(t *testing.T, v vector) {
	rows, err := new(record.Decoder).Columns(v.In)
	require.ErrorIs(t, err, record.ErrColumns)
	require.Nil(t, rows)
}
