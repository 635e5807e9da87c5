package main

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// TestLayoutsEndWithTheJoinInMemory: whatever is pushed, every layout ends with the
// bytes of the join in memory. A device that pulls now and then ends with the same
// bytes.
func TestLayoutsEndWithTheJoinInMemory(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		r := rand.New(rand.NewPCG(1, 2))
		batches := append(randomBatches(r, ana, 60), randomBatches(r, ben, 60)...)
		r.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
		var phone device
		for _, b := range batches {
			answer, err := s.push(context.Background(), b.client, b.body)
			require.NoError(t, err)
			require.NotContains(t, string(answer), "refused")
			if r.IntN(5) == 0 {
				require.NoError(t, phone.pull(context.Background(), s))
			}
		}
		require.NoError(t, phone.pull(context.Background(), s))
		want := reference(t, batches)
		require.Equal(t, string(want.AppendLines(nil)), string(stateOf(t, s).AppendLines(nil)))
		require.Equal(t, string(want.AppendLines(nil)), string(phone.seen.AppendLines(nil)))
		requireLoads(t, s)
		requireRestart(t, s)
	})
}

// requireLoads requires that load returns the same records as pull, and none for an
// unknown key.
func requireLoads(t *testing.T, s *server) {
	t.Helper()
	all := stateOf(t, s)
	keys := []record.Key{task("0")}
	for r := range all.All() {
		keys = append(keys, r.Key())
	}
	tx := begin(t, s.db)
	got, err := s.layout.load(context.Background(), tx, keys)
	require.NoError(t, err)
	require.NoError(t, tx.Rollback())
	require.Equal(t, all.Digest(), got.records.Digest())
}

// requireRestart requires that the clock of a restarted server continues above every
// accepted stamp.
func requireRestart(t *testing.T, s *server) {
	t.Helper()
	var greatest clock.Timestamp
	for r := range stateOf(t, s).All() {
		for _, w := range r.All() {
			greatest = max(greatest, w.Stamp.Time)
		}
	}
	require.Equal(t, greatest, s.clock.Last())
	again := serverOn(t, s.db, s.layout)
	require.Equal(t, greatest, again.clock.Last())
}

// TestRetryChangesNothing: a retry is accepted, takes no sequence, and is not pulled by
// other clients.
func TestRetryChangesNothing(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		body := batchOf(titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		_, err := s.push(context.Background(), ana, body)
		require.NoError(t, err)
		before, err := s.pull(context.Background(), 0, 10)
		require.NoError(t, err)
		answer, err := s.push(context.Background(), ana, body)
		require.NoError(t, err)
		require.Contains(t, string(answer), `"verdict":"accepted","changed":false`)
		after, err := s.pull(context.Background(), before.cursor, 10)
		require.NoError(t, err)
		require.Equal(t, pulled{cursor: before.cursor}, after)
	})
}

// TestPageEndsBetweenSequences: pages of the smallest size skip no record and cut none.
func TestPageEndsBetweenSequences(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		for _, b := range randomBatches(rand.New(rand.NewPCG(3, 4)), ana, 20) {
			_, err := s.push(context.Background(), b.client, b.body)
			require.NoError(t, err)
		}
		var small device
		for {
			p, err := s.pull(context.Background(), small.cursor, 1)
			require.NoError(t, err)
			if p.cursor == small.cursor {
				break
			}
			news, err := parseLines(p.lines)
			require.NoError(t, err)
			require.Equal(t, 1, news.Len())
			small.apply(record.Mutation{Data: news.At(0)})
			small.cursor = p.cursor
		}
		require.Equal(t, stateOf(t, s).Digest(), small.seen.Digest())
	})
}

// TestRefusedItemsAreNotStored: items that the engine refuses are not stored, and do
// not block the others.
func TestRefusedItemsAreNotStored(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		good := titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana})
		answer, err := s.push(context.Background(), ana, batchOf(good,
			good.WithKey(record.Key{Table: "secrets", ID: "a"}),
			titled(t, "b", "Too far ahead", clock.Stamp{Time: at(6), Client: ana}),
			titled(t, "c", "By another client", clock.Stamp{Time: at(0), Client: ben})))
		require.NoError(t, err)
		for _, code := range []string{"unknown_table", "too_far_ahead", "other_client"} {
			require.Contains(t, string(answer), code)
		}
		require.Equal(t, string(batchOf(good)), string(stateOf(t, s).AppendLines(nil)))

		_, err = s.push(context.Background(), ana, []byte("{"))
		require.ErrorIs(t, err, record.ErrSyntax)
	})
}
