package lawtest

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestStampAfterRangeIsTooFarAhead: a client that pulled the greatest timestamp stamps its next
// item with a time after the range. The item is refused temporarily, with the server's time, so
// that the client restamps it. This holds for every bound, and whether or not the item was
// decoded.
func TestStampAfterRangeIsTooFarAhead(t *testing.T) {
	now := time.Unix(0, epoch)
	for _, at := range []clock.Timestamp{clock.MaxTimestamp + 1, math.MaxInt64} {
		stamp := clock.Stamp{Time: at, Client: clients[0]}
		m, err := record.New(keyOf("1")).Edit(stamp).Set("title", "x").Mutation()
		require.NoError(t, err)
		for _, bound := range []time.Duration{0, time.Hour, math.MaxInt64, -1} {
			e := merge.Engine{MaxAhead: bound}
			decoded, err := e.Decode(m.AppendJSON(nil))
			require.NoError(t, err)
			in := input{Actor: clients[0], Wall: now, Items: append(decoded, record.Item{Mutation: m})}
			require.Empty(t, keysOf(&e, in))
			a := applied(&e, in)
			for _, r := range a.Results {
				require.Equal(t, merge.TooFarAhead, r.Refusal.Code)
				require.Equal(t, "data.title.updatedAt", r.Refusal.Path)
				require.True(t, r.Refusal.Retryable)
				require.Equal(t, clock.TimestampOf(now), r.Refusal.ServerTime)
				require.ErrorIs(t, r.Refusal, clock.ErrAhead)
			}
			require.Empty(t, a.Watermarks)
			require.Empty(t, a.Updates)
			require.Equal(t, a.Digest(), replayed(t, journaled(&e, in)).Digest())

			in.Wall = time.Time{}
			if bound >= 0 {
				for _, r := range applied(&e, in).Results {
					require.Equal(t, merge.ServerClock, r.Refusal.Code, "the server's clock is not set")
					require.Zero(t, r.Refusal.ServerTime)
				}
			}
		}
	}
	// A refusal that came with the item stays unchanged.
	given := &merge.Refusal{Code: "of_the_app", Err: clock.ErrAhead}
	a := applied(new(merge.Engine), input{Wall: now, Items: []record.Item{{Err: given}}})
	require.Equal(t, given, a.Results[0].Refusal)
}

// TestBaseAfterRangeIsInvalid: a base after the range is refused, because no client can have seen
// it. A stored record that this host stamped after the range is recorded in the journal and read
// again.
func TestBaseAfterRangeIsInvalid(t *testing.T) {
	own := clock.Stamp{Time: clock.MaxTimestamp + 1, Client: clients[1]}
	stored, err := record.New(keyOf("1")).Edit(own).Set("title", "x").Mutation()
	require.NoError(t, err)
	m, err := record.New(keyOf("1")).Edit(clock.Stamp{Time: clock.Timestamp(epoch), Client: clients[0]}).Set("title", "y").Mutation()
	require.NoError(t, err)
	var e merge.Engine
	in := input{Actor: clients[0], Wall: time.Unix(0, epoch), Current: merge.Collect(stored.Data), Items: []record.Item{{Mutation: m}}}
	a := applied(&e, in)
	require.Equal(t, merge.Superseded, a.Results[0].Fields[0].Outcome)
	require.Equal(t, a.Digest(), replayed(t, journaled(&e, in)).Digest())

	in.Items[0].Mutation.Base["title"] = own
	require.Equal(t, merge.Invalid, applied(&e, in).Results[0].Refusal.Code)
}

// TestWatermarkAfterRangeIsIgnored: a watermark at the greatest timestamp is valid, so lower
// stamps of its client are reported as rewound, and the watermark stays. A watermark after the
// range is ignored.
func TestWatermarkAfterRangeIsIgnored(t *testing.T) {
	m, err := record.New(keyOf("1")).Edit(clock.Stamp{Time: clock.Timestamp(epoch), Client: clients[0]}).Set("title", "y").Mutation()
	require.NoError(t, err)
	in := input{Actor: clients[0], Wall: time.Unix(0, epoch), Items: []record.Item{{Mutation: m}}}
	for mark, want := range map[clock.Timestamp]clock.Timestamp{
		clock.MaxTimestamp: clock.MaxTimestamp, clock.MaxTimestamp + 1: clock.Timestamp(epoch),
	} {
		in.Watermarks = []clock.Stamp{{Time: mark, Client: clients[0]}}
		a := applied(new(merge.Engine), in)
		require.Equal(t, mark == want, slices.Contains(a.Results[0].Notes, merge.Rewound))
		require.Equal(t, []clock.Stamp{{Time: want, Client: clients[0]}}, a.Watermarks)
	}
}
