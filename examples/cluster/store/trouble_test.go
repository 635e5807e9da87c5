package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/node"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/ports"
)

// soon returns a context that ends after n seconds.
func soon(t *testing.T, n int) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestWithoutAMajorityACallEndsAndSaysWhy(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a leader takes long to notice that it is alone")
	}
	n, err := clustertest.New(3)
	require.NoError(t, err)
	t.Cleanup(n.Stop)
	s, err := n.Open(0, "fieldlww")
	require.NoError(t, err)
	w := workspace(t)
	put(t, s, store.Put{Key: record(w, "a"), Data: []byte("1")})
	require.NoError(t, s.Health(t.Context()))
	n.All[1].Stop()
	n.All[2].Stop()

	// A leader that has lost its followers notices after some seconds. Until then it takes a batch, and
	// cannot say what becomes of it. Nor can a call whose time is up while a node is asked.
	calls := 0
	refused := func(call func(context.Context) error) {
		t.Helper()
		err := call(soon(t, 2))
		for ; errors.Is(err, store.ErrUnknown); err = call(soon(t, 2)) {
			calls++
			require.Less(t, calls, 100)
		}
		require.ErrorIs(t, err, store.ErrUnavailable)
	}
	for range 2 {
		refused(func(ctx context.Context) error {
			return s.Commit(ctx, batch(store.Put{Key: record(w, fmt.Sprint(calls))}))
		})
	}
	refused(s.Health)
	_, err = s.Load(soon(t, 2), w, []store.Key{record(w, "a")})
	require.ErrorIs(t, err, store.ErrUnavailable)
	_, err = s.After(soon(t, 2), w, 0, 10)
	require.ErrorIs(t, err, store.ErrUnavailable)
	_, err = s.List(soon(t, 2), w, store.KindMark, 0, 10)
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.ErrorIs(t, s.Delete(soon(t, 2), []store.Entry{{Key: record(w, "a"), Seq: 1}}), store.ErrUnavailable)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Load(ctx, w, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, store.ErrUnavailable)
}

// TestAFullStreamIsReported fills a stream. Each batch has two large entries, and is refused as a
// whole. What is stored can still be read and deleted.
func TestAFullStreamIsReported(t *testing.T) {
	t.Parallel()
	for _, count := range []int{1, 3} {
		n, err := clustertest.New(count)
		require.NoError(t, err)
		t.Cleanup(n.Stop)
		s, err := clustertest.Open(n.Conns[0], store.Options{Replicas: count, MaxBytes: 2 << 20})
		require.NoError(t, err)
		w := workspace(t)
		stored := 0
		for ; err == nil; stored++ {
			require.Less(t, stored, 100)
			data := bytes.Repeat([]byte("x"), 100<<10)
			err = s.Commit(t.Context(), batch(store.Put{Key: record(w, fmt.Sprint("a", stored)), Data: data}, store.Put{Key: record(w, fmt.Sprint("b", stored)), Data: data}))
		}
		require.ErrorIs(t, err, store.ErrFull)
		entries, _ := pull(t, s, w, 0, 100)
		require.Equal(t, 2*(stored-1), len(entries))
		fill(t, s, w)
		require.ErrorIs(t, s.Health(t.Context()), store.ErrFull)
		require.NoError(t, s.Delete(t.Context(), entries[:5]))
		require.NoError(t, s.Health(t.Context()), "there is space again")
		first := load(t, s, entries[9].Key)
		put(t, s, store.Put{Key: first.Key, After: first.Seq, Data: []byte("replaced")})
		if count == 1 {
			_, err = store.Open(soon(t, 120), n.Conns[0], store.Options{Stream: "huge", MaxBytes: 1 << 50})
			require.ErrorIs(t, err, store.ErrFull)
		}
	}
}

// fill stores small entries until nothing fits.
func fill(t *testing.T, s *store.Store, w string) {
	for size := 50 << 10; size > 0; size /= 2 {
		for i := 0; ; i++ {
			err := s.Commit(t.Context(), batch(store.Put{Key: record(w, fmt.Sprint(size, i)), Data: make([]byte, size)}))
			if err != nil {
				require.ErrorIs(t, err, store.ErrFull)
				break
			}
		}
	}
	for s.Commit(t.Context(), store.Batch{Workspace: w + "x", ID: "1"}) == nil {
		w += "x"
	}
}

// TestALostAnswerIsReportedAsUnknown holds back what the node answers to a client.
func TestALostAnswerIsReportedAsUnknown(t *testing.T) {
	dir, err := clustertest.TempDir()
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	port, err := ports.Reserve(1)
	require.NoError(t, err)
	t.Cleanup(port.Release)
	o := node.Options{Name: "one", Dir: dir, Client: port.Addresses[0]}
	n, err := node.Start(o)
	require.NoError(t, err)
	t.Cleanup(n.Stop)
	proxy, err := clustertest.NewProxy(o.Client)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	far, err := nats.Connect("nats://"+proxy.Address(), nats.ReconnectBufSize(-1))
	require.NoError(t, err)
	t.Cleanup(far.Close)
	near, err := n.Connect()
	require.NoError(t, err)
	t.Cleanup(near.Close)
	s, err := store.Open(t.Context(), far, store.Options{})
	require.NoError(t, err)
	other, err := store.Open(t.Context(), near, store.Options{})
	require.NoError(t, err)
	w := workspace(t)
	mark := store.Key{Workspace: w, Kind: store.KindMark, Name: "client"}

	proxy.Set(true, false)
	b := batch(store.Put{Key: mark, Data: []byte("first")})
	require.ErrorIs(t, s.Commit(soon(t, 3), b), store.ErrUnknown)
	require.Eventually(t, func() bool { return string(load(t, other, mark).Data) == "first" }, time.Minute, 10*time.Millisecond)
	proxy.Set(true, true)
	require.ErrorIs(t, s.Commit(t.Context(), batch(store.Put{Key: mark, Data: []byte("second")})), store.ErrConflict)

	// A request that is held back arrives later. A retry excludes it.
	proxy.Set(false, true)
	seq := load(t, other, mark).Seq
	late := batch(store.Put{Key: mark, After: seq, Data: []byte("late")})
	require.ErrorIs(t, s.Commit(soon(t, 3), late), store.ErrUnknown)
	require.Equal(t, "first", string(load(t, other, mark).Data))
	put(t, other, store.Put{Key: mark, After: seq, Data: []byte("retry")})
	proxy.Set(true, true)
	require.NoError(t, far.FlushTimeout(time.Minute))
	require.Equal(t, "retry", string(load(t, s, mark).Data))
}
