package seal_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/sealed/seal"
	"github.com/fieldlww/fieldlww/record"
)

// vectors are the cases that this package and the JavaScript client share.
type vectors struct {
	Keys           map[string]string
	Opens, Refused []vector
}

type vector struct {
	Name, Table, ID, Field, UpdatedAt, ClientID string
	Sealed, Value, Refused                      string // the first two are JSON
}

func (v vector) place() seal.Place {
	return seal.Place{
		Key: record.Key{Table: v.Table, ID: v.ID}, Field: v.Field,
		Stamp: clock.Stamp{Time: clock.MustParseTimestamp(v.UpdatedAt), Client: clock.MustParseClientID(v.ClientID)},
	}
}

func parse(t *testing.T, text string) record.Value {
	t.Helper()
	v, err := record.ParseValue([]byte(text))
	require.NoError(t, err)
	return v
}

// TestVectors: values open exactly as in the vectors, and refused ones are refused for the reason
// that the vectors give.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/sealed.json")
	require.NoError(t, err)
	var all vectors
	require.NoError(t, json.Unmarshal(text, &all))
	keys := map[string][]byte{}
	for id, digits := range all.Keys {
		keys[id], err = hex.DecodeString(digits)
		require.NoError(t, err)
	}
	ring, err := seal.New(seal.Options{Keys: keys, Current: "k1"})
	require.NoError(t, err)

	require.NotEmpty(t, all.Opens)
	for _, v := range all.Opens {
		opened, err := ring.Open(v.place(), parse(t, v.Sealed))
		require.NoError(t, err, v.Name)
		require.Equal(t, v.Value, opened.JSON(), v.Name)
		require.True(t, seal.IsSealed(parse(t, v.Sealed)), v.Name)
	}
	reasons := map[string]error{
		"unsealed": seal.ErrUnsealed, "key": seal.ErrKey, "forged": seal.ErrForged, "value": seal.ErrValue,
	}
	require.NotEmpty(t, all.Refused)
	for _, v := range all.Refused {
		require.Contains(t, reasons, v.Refused, v.Name)
		_, err := ring.Open(v.place(), parse(t, v.Sealed))
		require.ErrorIs(t, err, reasons[v.Refused], v.Name)
		require.Equal(t, v.Refused != "unsealed", seal.IsSealed(parse(t, v.Sealed)), v.Name)
	}
}
