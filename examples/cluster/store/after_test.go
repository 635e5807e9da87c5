package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// pull reads all pages after a position.
func pull(t *testing.T, s *store.Store, w string, seq int64, limit int) (entries []store.Entry, reached int64) {
	t.Helper()
	for more := true; more; {
		page, err := s.After(t.Context(), w, seq, limit)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Entries), limit)
		require.True(t, page.Reached > seq || !page.More, "the page does not move")
		entries = append(entries, page.Entries...)
		seq, more = page.Reached, page.More
	}
	return entries, seq
}

func TestAfterReturnsRecordsOnlyAndEndsAtTheHead(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	entries, reached := pull(t, s, w, 0, 3)
	require.Empty(t, entries)
	require.Zero(t, reached)

	for i := range 10 {
		put(t, s, store.Put{Key: record(w, fmt.Sprint(i)), Data: []byte("1")})
		put(t, s, store.Put{Key: store.Key{Workspace: w, Kind: store.KindMark, Name: fmt.Sprint(i)}})
		put(t, s, store.Put{Key: record(w+" other", fmt.Sprint(i)), Data: []byte("1")})
	}
	entries, reached = pull(t, s, w, 0, 3)
	require.Len(t, entries, 10)
	for i, e := range entries {
		require.Equal(t, record(w, fmt.Sprint(i)), e.Key)
		require.Equal(t, e, load(t, s, e.Key))
	}
	view, err := s.Load(t.Context(), w, nil)
	require.NoError(t, err)
	require.Equal(t, view.Head, reached)

	put(t, s, store.Put{Key: store.Key{Workspace: w, Kind: store.KindMark, Name: "last"}})
	entries, at := pull(t, s, w, reached, 3)
	require.Empty(t, entries, "a batch without records moves the position")
	require.Greater(t, at, reached)
	entries, at = pull(t, s, w, at+100, 3)
	require.Empty(t, entries)
	require.Greater(t, at, reached)
}

func TestAfterStopsAtFourMegabytes(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	for i := range 15 {
		put(t, s, store.Put{Key: record(w, fmt.Sprint(i)), Data: bytes.Repeat([]byte("x"), 1<<20)})
	}
	page, err := s.After(t.Context(), w, 0, 1000)
	require.NoError(t, err)
	require.True(t, page.More)
	require.LessOrEqual(t, len(page.Entries), 5)
	entries, _ := pull(t, s, w, 0, 1000)
	require.Len(t, entries, 15)
}

// TestAfterDoesNotBelieveAFollowerThatLags: a follower that has nothing answers like one at the end.
func TestAfterDoesNotBelieveAFollowerThatLags(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	for i := range 5 {
		put(t, s, store.Put{Key: record(w, fmt.Sprint(i)), Data: []byte("1")})
		put(t, s, store.Put{Key: store.Key{Workspace: w, Kind: store.KindMark, Name: fmt.Sprint(i)}})
	}
	lagging(t, s)
	for range 3 {
		entries, _ := pull(t, s, w, 0, 2)
		require.Len(t, entries, 5)
		require.Len(t, list(t, s, w, store.KindMark, 2), 5)
	}
}

// list reads all entries of a kind.
func list(t *testing.T, s *store.Store, w string, kind store.Kind, limit int) (entries []store.Entry) {
	t.Helper()
	for seq, more := int64(0), true; more; {
		page, err := s.List(t.Context(), w, kind, seq, limit)
		require.NoError(t, err)
		entries = append(entries, page.Entries...)
		seq, more = page.Reached, page.More
	}
	return entries
}

func TestListReturnsOneKind(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	require.Empty(t, list(t, s, w, store.KindMark, 10))
	for i := range 7 {
		put(t, s, store.Put{Key: record(w, fmt.Sprint(i))})
		put(t, s, store.Put{Key: store.Key{Workspace: w, Kind: store.KindMark, Name: fmt.Sprint("m.", i)}, Data: []byte("1")})
	}
	for _, limit := range []int{1, 3, 7, 100} {
		entries := list(t, s, w, store.KindMark, limit)
		require.Len(t, entries, 7)
		for i, e := range entries {
			require.Equal(t, fmt.Sprint("m.", i), e.Key.Name)
			require.Equal(t, e, load(t, s, e.Key))
		}
	}
	require.Len(t, list(t, s, w, store.KindRecord, 3), 7)
	_, err := s.List(t.Context(), w, store.KindState, 0, 1)
	require.Error(t, err)
	names, err := s.Workspaces(t.Context())
	require.NoError(t, err)
	require.Contains(t, names, w)
	require.NotContains(t, names, "")
	require.IsIncreasing(t, names)
}

// TestPullsSkipNothing lets three writers replace and delete records while three readers pull pages
// from different nodes. At the end, each reader has the last version of each record.
func TestPullsSkipNothing(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for n := range 3 {
		writer, reader := open(t, n), open(t, (n+1)%3)
		writers.Go(func() { churn(t, writer, w, n) })
		readers.Go(func() {
			held, seq := map[store.Key]store.Entry{}, int64(0)
			for last := false; ; {
				page, err := reader.After(t.Context(), w, seq, 1+rand.IntN(20))
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range page.Entries {
					held[e.Key] = e
				}
				seq = page.Reached
				if last && !page.More {
					break
				}
				select {
				case <-done:
					last = true
				default:
				}
			}
			compare(t, reader, w, held)
		})
	}
	writers.Wait()
	put(t, open(t, 0), store.Put{Key: record(w, "last")}) // a node that has this has deleted what was deleted before
	close(done)
	readers.Wait()
}

// compare requires that a reader has the stored version of each record that is stored.
func compare(t *testing.T, s *store.Store, w string, held map[store.Key]store.Entry) {
	keys := []store.Key{record(w, "last")}
	for i := range hot {
		keys = append(keys, record(w, fmt.Sprint(i)), record(w, fmt.Sprint("x", i)))
	}
	view, err := s.Load(t.Context(), w, keys)
	if err != nil {
		t.Error(err)
		return
	}
	stored := 0
	for _, e := range view.Entries {
		if e.Seq == 0 {
			continue
		}
		if stored++; held[e.Key].Seq != e.Seq {
			t.Errorf("%s: the reader has %d %q, stored is %d %q", e.Key, held[e.Key].Seq, held[e.Key].Data, e.Seq, e.Data)
		}
	}
	if stored < hot {
		t.Error("too few records are stored")
	}
}

// hot is half of the number of records that churn writes to.
const hot = 60

// churn replaces and deletes records, at least until a hundred batches are committed. Then most records are stored.
func churn(t *testing.T, s *store.Store, w string, n int) {
	ctx := t.Context()
	end := time.Now().Add(4 * time.Second)
	for i, committed := 0, 0; ctx.Err() == nil && (committed < 100 || time.Now().Before(end)); i++ {
		keys := []store.Key{record(w, fmt.Sprint(rand.IntN(hot))), record(w, fmt.Sprint("x", rand.IntN(hot)))}
		view, err := s.Load(ctx, w, keys)
		if err != nil {
			continue
		}
		var puts []store.Put
		for _, e := range view.Entries {
			puts = append(puts, store.Put{Key: e.Key, After: e.Seq, Data: fmt.Appendf(nil, "%d %d", n, i)})
		}
		if s.Commit(ctx, batch(puts...)) != nil {
			continue
		}
		committed++
		if gone := view.Entries[:1]; i%5 == 0 {
			_ = s.Delete(ctx, gone)
		} else if i%7 == 0 {
			if view, err := s.Load(ctx, w, keys[1:]); err == nil {
				_ = s.Delete(ctx, view.Entries)
			}
		}
	}
}

func TestDeleteLeavesAReplacedEntryAlone(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	a, b := record(w, "a"), record(w, "b")
	put(t, s, store.Put{Key: a, Data: []byte("1")})
	put(t, s, store.Put{Key: b, Data: []byte("1")})
	old := []store.Entry{load(t, s, a), load(t, s, b), {Key: record(w, "none")}}
	put(t, s, store.Put{Key: a, After: old[0].Seq, Data: []byte("2")})

	require.NoError(t, s.Delete(t.Context(), old))
	require.NoError(t, s.Delete(t.Context(), old), "a retry")
	require.Equal(t, "2", string(load(t, s, a).Data))
	require.Eventually(t, func() bool { return load(t, s, b).Seq == 0 }, time.Minute, 10*time.Millisecond, "followers may lag")
	require.ErrorIs(t, s.Commit(t.Context(), batch(store.Put{Key: b, After: old[1].Seq})), store.ErrConflict)
	put(t, s, store.Put{Key: b, Data: []byte("3")})
	require.Error(t, s.Delete(t.Context(), []store.Entry{{Key: store.Key{Workspace: w, Kind: store.KindState}, Seq: 1}}))
}

// TestDeleteCanBeRepeatedWhenAFileIsGone fills files of a node with one entry each. The node removes a file when its last
// entry is deleted, and then has another answer for what is not stored.
func TestDeleteCanBeRepeatedWhenAFileIsGone(t *testing.T) {
	s, w := openStream(t, 0, "files"), workspace(t)
	var entries []store.Entry
	for i := range 2 {
		k := record(w, fmt.Sprint(i))
		put(t, s, store.Put{Key: k, Data: bytes.Repeat([]byte("x"), 6<<20)})
		entries = append(entries, load(t, s, k))
	}
	for range 2 {
		require.NoError(t, s.Delete(t.Context(), entries))
	}
}

// TestDeleteOfWhatANodeNeverHad checks that an entry which the stream lacks, for example because it was restored from a
// backup, counts as deleted. The node answers with other words than for an entry whose file it has removed.
func TestDeleteOfWhatANodeNeverHad(t *testing.T) {
	w := workspace(t)
	for _, s := range []*store.Store{open(t, 0), openStream(t, 0, "restored")} {
		k := record(w, "a")
		put(t, s, store.Put{Key: k, Data: []byte("1")})
		require.NoError(t, s.Delete(t.Context(), []store.Entry{{Key: record(w, "b"), Seq: 1 << 40}, load(t, s, k)}))
		require.Eventually(t, func() bool { return load(t, s, k).Seq == 0 }, time.Minute, 10*time.Millisecond, "followers may lag")
	}
}
