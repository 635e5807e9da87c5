package fields

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// TestPositionVectors runs the cases that programs in other languages share. Their results were computed by a program
// that shares no code with this package.
func TestPositionVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/positions.json")
	require.NoError(t, err)
	var v struct {
		Hashes []struct {
			Client clock.ClientID
			Hash   string
		}
		Texts []struct {
			Path [][3]string
			Text string
		}
		Refused []string
		Between []struct {
			Before, After, Want string
			Client              clock.ClientID
			N                   int64 `json:",string"`
		}
	}
	require.NoError(t, json.Unmarshal(data, &v))
	for _, c := range v.Hashes {
		require.Equal(t, c.Hash, hashOf(c.Client))
	}
	for _, c := range v.Texts {
		path, ok := parse(c.Text)
		require.True(t, ok, c.Text)
		require.Equal(t, c.Text, text(path))
		require.Len(t, path, len(c.Path))
		for i, e := range path {
			at, err := strconv.ParseInt(c.Path[i][0], 10, 64)
			require.NoError(t, err)
			count, err := strconv.ParseInt(c.Path[i][2], 10, 64)
			require.NoError(t, err)
			require.Equal(t, element{at, c.Path[i][1], count}, e)
		}
	}
	for _, s := range v.Refused {
		_, ok := parse(s)
		require.False(t, ok, s)
	}
	require.Greater(t, len(v.Between), 200)
	for _, c := range v.Between {
		got, err := Between(c.Before, c.After, Turn{c.Client, c.N})
		require.NoError(t, err)
		require.Equal(t, c.Want, got)
	}
}
