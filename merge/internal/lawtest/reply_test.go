package lawtest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
)

// TestRepliesAgreeWithResults: the replies that a client decodes from the JSON of an answer agree
// with the results. The replies have no other members, so they contain no values.
func TestRepliesAgreeWithResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genSituation().Draw(t, "situation").input()
		a := applied(&judging, in)
		text := a.AppendJSON(nil)
		var replies []merge.Reply
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&replies))
		require.Len(t, replies, len(a.Results))
		for i, r := range a.Results {
			reply := replies[i]
			require.Equal(t, i, reply.Index)
			require.Equal(t, []string{r.Key.Table, r.Key.ID}, []string{reply.Table, reply.ID})
			require.Equal(t, r.Changed, reply.Changed)
			require.Equal(t, r.Notes, reply.Notes)
			require.Len(t, reply.Fields, len(r.Fields))
			if !r.Accepted() {
				require.Equal(t, "refused", reply.Verdict)
				require.Equal(t, r.Refusal.Code, reply.Code)
				require.Equal(t, r.Refusal.Path, reply.Path)
				require.Equal(t, r.Refusal.Retryable, reply.Retryable)
				require.Equal(t, r.Refusal.ServerTime, reply.ServerTime)
				continue
			}
			require.Equal(t, "accepted", reply.Verdict)
			for _, f := range r.Fields {
				requireFieldReply(t, f, reply.Fields[f.Field])
			}
		}
		again, err := json.Marshal(replies)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))
	})
}

func requireFieldReply(t require.TestingT, d merge.Decision, f merge.FieldReply) {
	require.Equal(t, d.Outcome.String(), f.Outcome)
	require.Equal(t, d.Lost(), f.Lost)
	stays := d.Outcome != merge.Equal && d.Winner() != d.Incoming
	require.Equal(t, stays, f.Winner != nil)
	require.Equal(t, d.Lost() && !stays, f.Loser != nil)
	for _, other := range []*merge.StampReply{f.Winner, f.Loser} {
		if other != nil {
			require.Equal(t, d.Before.Stamp.Time, other.UpdatedAt)
			require.Equal(t, d.Before.Stamp.Client, other.ClientID)
		}
	}
}
