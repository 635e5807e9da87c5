package record_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

const seenItem = `{"table":"t","id":"i","data":{},"seen":{"epoch":"N5XQ","seq":7}}`

// TestSeenIsReadInAnySpelling checks that the canonical form does not depend on the order of the
// members, on the spelling of the number, or on where in the item the member stands.
func TestSeenIsReadInAnySpelling(t *testing.T) {
	for _, text := range []string{
		seenItem,
		`{"seen" : { "seq" : 7.0e0, "x" : [1e999], "epoch" : "\u004e5XQ" }, "table":"t","data":{},"id":"i"}`,
		`{"table":"t","id":"i","data":{"a":` + fieldOf("1") + `},"seen":{"seq":70e-1,"epoch":"N5XQ"}}`,
	} {
		var m record.Mutation
		require.NoError(t, json.Unmarshal([]byte(text), &m))
		require.Equal(t, record.Seen{Epoch: "N5XQ", Seq: 7}, m.Seen, text)
		require.True(t, strings.HasSuffix(string(m.AppendJSON(nil)), seenItem[strings.Index(seenItem, `,"seen"`):]), text)
	}
}

// TestSeenDoesNotDisturbTheFields reads an item in which the number of the member stands between the
// values of fields.
func TestSeenDoesNotDisturbTheFields(t *testing.T) {
	text := `{"table":"t","id":"i","data":{"a":` + fieldOf(`"one"`) + `,"b":` + fieldOf(`[2,{"c":3}]`) + `},"seen":{"epoch":"E","seq":9007199254740991}}`
	swapped := `{"seen":{"epoch":"E","seq":9007199254740991},` + text[1:strings.Index(text, `,"seen"`)] + "}"
	for _, text := range []string{text, swapped} {
		var d record.Decoder
		m, err := d.Mutation([]byte(text))
		require.NoError(t, err)
		require.JSONEq(t, text, string(m.AppendJSON(nil)))
	}
}

// TestSeenHasBounds checks that an epoch is at most as long as a name, and that the zero sequence is
// distinguished from a member that is missing.
func TestSeenHasBounds(t *testing.T) {
	d := record.Decoder{Limits: record.Limits{Name: 20}}
	item := func(n int) []byte { return []byte(strings.Replace(seenItem, "N5XQ", strings.Repeat("x", n), 1)) }
	_, err := d.Mutation(item(20))
	require.NoError(t, err)
	_, err = d.Mutation(item(21))
	require.ErrorIs(t, err, record.ErrLimit)

	m, err := d.Mutation([]byte(strings.Replace(seenItem, ":7}", ":0}", 1)))
	require.NoError(t, err)
	require.Equal(t, record.Seen{Epoch: "N5XQ"}, m.Seen)
	m, err = d.Mutation([]byte(`{"table":"t","id":"i","data":{}}`))
	require.NoError(t, err)
	require.Zero(t, m.Seen)
	require.NotContains(t, string(m.AppendJSON(nil)), "seen")
}

// TestSeenIsReadAloneLikeInAMutation reads the member as encoding/json does for a message that has it.
func TestSeenIsReadAloneLikeInAMutation(t *testing.T) {
	var message struct{ Seen record.Seen }
	require.NoError(t, json.Unmarshal([]byte(`{"seen":{"epoch":"N5XQ","seq":7}}`), &message))
	require.Equal(t, record.Seen{Epoch: "N5XQ", Seq: 7}, message.Seen)
	text, err := json.Marshal(message.Seen)
	require.NoError(t, err)
	require.Equal(t, `{"epoch":"N5XQ","seq":7}`, string(text))
	before := message
	var wrong *record.Error
	require.ErrorAs(t, json.Unmarshal([]byte(`{"seen":{"epoch":"N5XQ","seq":-1}}`), &message), &wrong)
	require.Equal(t, "seq", wrong.Path)
	require.Equal(t, before, message)
}

// TestRestampKeepsSeen checks that a new stamp does not change what the author had pulled.
func TestRestampKeepsSeen(t *testing.T) {
	var m record.Mutation
	require.NoError(t, json.Unmarshal([]byte(`{"table":"t","id":"i","data":{"a":`+fieldOf("1")+`},"seen":{"epoch":"N5XQ","seq":7}}`), &m))
	again, err := record.Restamp([]record.Mutation{m}, func() clock.Stamp {
		return clock.Stamp{Time: clock.MustParseTimestamp("2026-11-23T00:00:00Z"), Client: clock.ClientID{1}}
	})
	require.NoError(t, err)
	require.Equal(t, m.Seen, again[0].Seen)
}
