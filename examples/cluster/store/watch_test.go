package store_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/node"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/ports"
)

// watch starts a watch, and waits for its first change.
func watch(t *testing.T, s *store.Store) <-chan store.Change {
	ctx, cancel := context.WithCancel(t.Context())
	changes := make(chan store.Change, 1000)
	ended := make(chan error)
	go func() { ended <- s.Watch(ctx, func(c store.Change) { changes <- c }) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
	require.Equal(t, store.Change{Any: true}, receive(t, changes))
	return changes
}

// receive returns the next change.
func receive(t *testing.T, changes <-chan store.Change) store.Change {
	t.Helper()
	select {
	case c := <-changes:
		return c
	case <-time.After(2 * time.Minute):
		require.Fail(t, "no change")
		return store.Change{}
	}
}

func TestWatchReportsWhichBucketsChanged(t *testing.T) {
	for !watchIsWhole(t) { // a watch begins again if a busy machine delivers nothing for two seconds
	}
}

// watchIsWhole checks what a watch reports of a new workspace. It returns whether the watch did not begin again meanwhile:
// then it need not report each change.
func watchIsWhole(t *testing.T) (whole bool) {
	s, w := openStream(t, 0, "watched"), workspace(t)
	changes := watch(t, openStream(t, 1, "watched"))
	whole = true
	next := func(isAny bool, why string, buckets ...string) {
		t.Helper()
		if !whole {
			return
		}
		view, err := s.Load(t.Context(), w, nil)
		require.NoError(t, err)
		c := receive(t, changes)
		if whole = c.Workspace != ""; !whole {
			return
		}
		require.Equal(t, w, c.Workspace)
		require.Equal(t, view.Head, c.Seq)
		require.Equal(t, isAny, c.Any, why)
		if !isAny {
			require.Equal(t, buckets, append([]string(nil), c.Buckets...), why)
		}
	}
	put(t, s, store.Put{Key: record(w, "a"), Buckets: []string{"x"}})
	next(true, "what was before the first change is not known")

	commit(t, s, batch(
		store.Put{Key: record(w, "b"), Buckets: []string{"y\r\n", "x"}},
		store.Put{Key: record(w, "c"), Buckets: []string{"x", ""}},
	))
	next(false, "two records", "", "x", "y\r\n")

	put(t, s, store.Put{Key: store.Key{Workspace: w, Kind: store.KindMark, Name: "m"}})
	next(false, "no record")

	put(t, s, store.Put{Key: store.Key{Kind: store.KindClient, Name: w}})
	put(t, s, store.Put{Key: store.Key{Workspace: w, Kind: store.KindUser, Name: "u"}})
	next(true, "rights changed; and entries of the whole cluster are not reported")
	put(t, s, store.Put{Key: store.Key{Workspace: w, Kind: store.KindState}})
	next(true, "the state changed")

	var many []string
	for i := range 3000 {
		many = append(many, fmt.Sprint("bucket ", i))
	}
	put(t, s, store.Put{Key: record(w, "d"), Buckets: many})
	next(true, "too many buckets")
	return whole
}

// TestWatchNeverMissesABucket replaces heads while a watch does not look. The buckets of the heads
// that are gone must be covered by Any.
func TestWatchNeverMissesABucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		see := store.NewGaps()
		type head struct{ workspace, seq, count int }
		var stored []head
		seq := 0
		for _, w := range rapid.SliceOfN(rapid.IntRange(0, 3), 1, 40).Draw(t, "workspaces") {
			count := rapid.IntRange(1, 3).Draw(t, "count")
			seq += count
			stored = append(stored, head{w, seq, count})
		}
		missed := map[int]bool{}
		for i, h := range stored {
			if gone := rapid.Bool().Draw(t, "replaced"); gone && replacedLater(stored[i+1:], func(o head) bool { return o.workspace == h.workspace }) {
				missed[h.workspace] = true
				continue
			}
			sure := see(fmt.Sprint(h.workspace), int64(h.seq), int64(h.count))
			require.False(t, sure && missed[h.workspace], "a head was missed")
			missed[h.workspace] = false
		}
	})
}

func replacedLater[T any](later []T, is func(T) bool) bool {
	for _, h := range later {
		if is(h) {
			return true
		}
	}
	return false
}

func TestWatchIsSureIfNothingIsMissed(t *testing.T) {
	see := store.NewGaps()
	require.False(t, see("a", 5, 2))
	require.True(t, see("a", 7, 2))
	require.False(t, see("b", 8, 1), "the first one of b")
	require.True(t, see("b", 9, 1))
	require.False(t, see("a", 12, 2), "10 is missing")
	require.False(t, see("b", 13, 1), "10 may have been of b")
	require.True(t, see("a", 14, 1))
	require.True(t, see("b", 15, 1))
}

// TestWatchTellsWhatHappensWithoutItsConsumer takes the consumer away while a watch is busy, and stores a head before
// the watch can notice. The watch must report that head, or that changes may have been missed.
func TestWatchTellsWhatHappensWithoutItsConsumer(t *testing.T) {
	for name, heads := range map[string]int{"before the first head": 0, "after a head": 1, "after a restore": 2} {
		t.Run(name, func(t *testing.T) {
			stream := fmt.Sprint("lost", workspaces.Add(1))
			s, w, conn := openStream(t, 0, stream), workspace(t), shared(t).Conns[0]
			put(t, s, store.Put{Key: record(w, "a")})
			backup, err := clustertest.Save(conn, stream)
			require.NoError(t, err)

			changes := make(chan store.Change) // each report waits until it is received
			ended := make(chan error)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				ended <- s.Watch(ctx, func(c store.Change) {
					select {
					case changes <- c:
					case <-ctx.Done():
					}
				})
			}()
			t.Cleanup(func() {
				cancel()
				require.ErrorIs(t, <-ended, context.Canceled)
			})
			consumer := consumerOf(t, stream) // it exists before the first report
			for i := range heads {
				require.Equal(t, i == 0, receive(t, changes).Workspace == "")
				put(t, s, store.Put{Key: record(w, fmt.Sprint("b", i))})
			}
			require.Eventually(t, func() bool {
				info, err := consumer.Info(t.Context())
				return err == nil && info.Delivered.Consumer == uint64(heads) && info.NumAckPending == 0
			}, time.Minute, 10*time.Millisecond, "each head that arrived is acknowledged, or it would come again")
			if heads < 2 {
				js, err := jetstream.New(conn)
				require.NoError(t, err)
				require.NoError(t, js.DeleteConsumer(t.Context(), stream, consumer.CachedInfo().Name))
			} else {
				require.NoError(t, backup.Restore(conn)) // without consumers, and with earlier sequences
			}
			put(t, s, store.Put{Key: record(w, "c")})
			view, err := s.Load(t.Context(), w, nil)
			require.NoError(t, err)
			if heads == 0 {
				require.Empty(t, receive(t, changes).Workspace)
			}
			for c := receive(t, changes); c.Seq != view.Head && c.Workspace != ""; {
				c = receive(t, changes)
			}
		})
	}
}

// consumerOf waits for the only consumer of a stream.
func consumerOf(t *testing.T, stream string) (found jetstream.Consumer) {
	js, err := jetstream.New(shared(t).Conns[0])
	require.NoError(t, err)
	s, err := js.Stream(t.Context(), stream)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		for name := range s.ConsumerNames(t.Context()).Name() {
			found, err = s.Consumer(t.Context(), name)
		}
		return found != nil && err == nil
	}, time.Minute, 10*time.Millisecond)
	return found
}

// TestWatchNoticesAHeadThatIsLost takes a head out of the hands of a watch.
func TestWatchNoticesAHeadThatIsLost(t *testing.T) {
	stream := fmt.Sprint("taken", workspaces.Add(1))
	s, w := openStream(t, 0, stream), workspace(t)
	changes := watch(t, s)
	taken, err := consumerOf(t, stream).Fetch(1, jetstream.FetchMaxWait(time.Minute))
	require.NoError(t, err)
	for i, done := 0, false; !done; i++ { // the nodes give each requester one in turn
		put(t, s, store.Put{Key: record(w, fmt.Sprint(i))})
		select {
		case m := <-taken.Messages():
			require.NotNil(t, m)
			done = true
		case <-time.After(100 * time.Millisecond):
		}
	}
	for receive(t, changes).Workspace != "" {
	}
}

// TestWatchResumesAfterADisconnect restarts the only node while a client in another process, here
// over TCP, watches.
func TestWatchResumesAfterADisconnect(t *testing.T) {
	dir, err := clustertest.TempDir()
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	port, err := ports.Reserve(1)
	require.NoError(t, err)
	t.Cleanup(port.Release)
	o := node.Options{Name: "one", Dir: dir, Client: port.Addresses[0], Secret: "secret"}
	n, err := node.Start(o)
	require.NoError(t, err)
	_, err = nats.Connect("nats://" + o.Client)
	require.ErrorIs(t, err, nats.ErrAuthorization)
	conn, err := nats.Connect("nats://fieldlww:secret@"+o.Client, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectBufSize(-1))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	s, err := store.Open(t.Context(), conn, store.Options{})
	require.NoError(t, err)
	w := workspace(t)
	changes := watch(t, s)
	put(t, s, store.Put{Key: record(w, "a")})
	require.Equal(t, w, receive(t, changes).Workspace)

	n.Stop()
	committed := make(chan error)
	go func() { committed <- s.Commit(t.Context(), batch(store.Put{Key: record(w, "b")})) }()
	time.Sleep(100 * time.Millisecond) // the first attempt fails
	n, err = node.Start(o)
	require.NoError(t, err)
	t.Cleanup(n.Stop)
	require.NotErrorIs(t, <-committed, store.ErrUnavailable, "a commit waits for the node")
	require.Eventually(t, func() bool {
		return s.Commit(t.Context(), batch(store.Put{Key: record(w, "c")})) == nil
	}, time.Minute, 50*time.Millisecond)
	view, err := s.Load(t.Context(), w, nil)
	require.NoError(t, err)
	for c := receive(t, changes); c.Seq != view.Head && c.Workspace != ""; {
		c = receive(t, changes)
	}
}
