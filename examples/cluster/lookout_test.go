package main

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

func TestLookoutReportsNodes(t *testing.T) {
	var lines bytes.Buffer
	l := newLookout(slog.New(slog.NewTextHandler(&lines, nil)))
	for _, c := range []struct {
		away   []string
		spare  int
		logged string
	}{
		{nil, 1, ""},
		{[]string{"c"}, 0, ""},
		{[]string{"c"}, 0, "one more loss stops writes"},
		{[]string{"c"}, 0, ""},
		{nil, 1, "is back"},
		{[]string{"b"}, 0, ""},
		{nil, 1, ""},
		{[]string{"b"}, 1, ""},
		{[]string{"b"}, 1, "writes stop when 2 more are lost"},
	} {
		lines.Reset()
		l.see(store.Nodes{Leader: "a", Away: c.away, Spare: c.spare})
		require.Equal(t, c.logged != "", lines.Len() > 0, "%s", &lines)
		require.Contains(t, lines.String(), c.logged)
	}
}
