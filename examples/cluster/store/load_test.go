package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

func TestLoadReturnsTheKeysInTheirOrder(t *testing.T) {
	s, w := open(t, 1), workspace(t)
	view, err := s.Load(t.Context(), w, []store.Key{record(w, "a")})
	require.NoError(t, err)
	require.Equal(t, store.View{Entries: []store.Entry{{Key: record(w, "a")}}}, view)

	odd := store.Key{Workspace: w, Kind: store.KindUser, Name: "ä .*>\n%"}
	none := store.Key{Workspace: w, Kind: store.KindClient}
	put(t, s, store.Put{Key: odd, Data: []byte("odd")})
	put(t, s, store.Put{Key: none, Data: []byte("none")})
	view, err = s.Load(t.Context(), w, []store.Key{none, record(w, "a"), odd, none})
	require.NoError(t, err)
	var texts []string
	for _, e := range view.Entries {
		texts = append(texts, string(e.Data))
	}
	require.Equal(t, []string{"none", "", "odd", "none"}, texts)
	require.Equal(t, view.Entries[0].Seq+1, view.Head)

	_, err = s.Load(t.Context(), w, []store.Key{record("other", "a")})
	require.Error(t, err)
	view, err = s.Load(t.Context(), w, nil)
	require.NoError(t, err)
	require.Positive(t, view.Head)
}

// between stands between a Store and the nodes that answer its reads. A request is passed on to them
// if pass returns true.
func between(t *testing.T, s *store.Store, conn *nats.Conn, pass func(*nats.Msg) bool) {
	subject := nats.NewInbox()
	nodes := s.ReadFrom(subject)
	sub, err := conn.Subscribe(subject, func(m *nats.Msg) {
		if pass(m) {
			_ = conn.PublishRequest(nodes, m.Reply, m.Data)
		}
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = sub.Unsubscribe() })
}

// lagging makes every second read meet a replica that has nothing yet.
func lagging(t *testing.T, s *store.Store) {
	conn, n := shared(t).Conns[0], 0
	between(t, s, conn, func(m *nats.Msg) bool {
		if n++; n%2 == 0 {
			return true
		}
		_ = conn.PublishMsg(&nats.Msg{Subject: m.Reply, Header: nats.Header{"Status": {"404"}}})
		return false
	})
}

func TestLoadDoesNotBelieveAFollowerThatLags(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	a := record(w, "a")
	put(t, s, store.Put{Key: a, Data: []byte("1")})
	lagging(t, s)

	stale := 0
	for range 50 {
		require.Equal(t, "1", string(load(t, s, a).Data))
		view, err := s.LoadAnywhere(t.Context(), w, []store.Key{a})
		if err == nil && view.Entries[0].Seq == 0 { // under load, a node may not answer in time
			stale++
		}
	}
	require.Positive(t, stale, "without the floor, some reads are old")
}

func TestLoadIsOfOneMoment(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	var keys []store.Key
	for i := range 1500 { // two pieces
		keys = append(keys, record(w, fmt.Sprint(i)))
	}
	pair := []store.Key{keys[0], keys[1400]}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for n := range 3 {
		writer, reader := open(t, n), open(t, n)
		wg.Go(func() {
			for ctx.Err() == nil {
				view, err := writer.Load(t.Context(), w, pair)
				if err != nil {
					continue
				}
				var puts []store.Put
				text := fmt.Appendf(nil, "%d %d", n, view.Head)
				for _, e := range view.Entries {
					puts = append(puts, store.Put{Key: e.Key, After: e.Seq, Data: text})
				}
				_ = writer.Commit(t.Context(), batch(puts...))
				time.Sleep(time.Millisecond)
			}
		})
		wg.Go(func() {
			for ask := pair; ctx.Err() == nil; {
				view, err := reader.Load(t.Context(), w, ask)
				if err != nil {
					t.Error(err)
					return
				}
				a, b := view.Entries[0], view.Entries[len(ask)-1]
				if len(ask) > 2 {
					b = view.Entries[1400]
				}
				if !bytes.Equal(a.Data, b.Data) {
					t.Errorf("two moments: %q and %q", a.Data, b.Data)
					return
				}
				if ask = pair; view.Head%3 == 0 {
					ask = keys
				}
			}
		})
	}
	wg.Wait()
}

func TestLoadReadsMoreThanOneAnswerHolds(t *testing.T) {
	s, w := open(t, 2), workspace(t)
	var keys []store.Key
	for i := range 30 { // 12 MB, and a node stops after 4
		keys = append(keys, record(w, fmt.Sprint(i)))
		put(t, s, store.Put{Key: keys[i], Data: bytes.Repeat([]byte{byte(i)}, 400<<10)})
	}
	for range 1100 {
		keys = append(keys, record(w, fmt.Sprint(len(keys))))
	}
	view, err := s.Load(t.Context(), w, keys)
	require.NoError(t, err)
	for i, e := range view.Entries {
		require.Equal(t, i < 30, e.Seq > 0, i)
		if i < 30 {
			require.Equal(t, bytes.Repeat([]byte{byte(i)}, 400<<10), e.Data)
		}
	}
}

// answer sends answers with entries of the given sequences, as a node does that has nothing above position. The first
// answer names the sequence before as the previous one.
func answer(conn *nats.Conn, to string, position, before int64, entries ...sent) {
	last := before
	for _, e := range entries {
		_ = conn.PublishMsg(&nats.Msg{Subject: to, Header: nats.Header{
			"Nats-Subject": {e.subject}, "Nats-Sequence": {fmt.Sprint(e.seq)}, "Nats-Last-Sequence": {fmt.Sprint(last)},
		}})
		last = e.seq
	}
	_ = conn.PublishMsg(&nats.Msg{Subject: to, Header: nats.Header{
		"Status": {"204"}, "Nats-Num-Pending": {"0"}, "Nats-Last-Sequence": {fmt.Sprint(last)}, "Nats-UpTo-Sequence": {fmt.Sprint(position)},
	}})
}

// sent is an entry in a made-up answer.
type sent struct {
	subject string
	seq     int64
}

// TestLoadNoticesWhatAnAnswerLacks makes up the answers of a node that is behind the node that sent the first part, and
// of one whose first message was lost on the way. Both seem to say that the entry b does not exist.
func TestLoadNoticesWhatAnAnswerLacks(t *testing.T) {
	for name, fake := range map[string]func(conn *nats.Conn, to string, head sent){
		"the node is behind":    func(conn *nats.Conn, to string, head sent) { answer(conn, to, 1, 0, head) },
		"a message is not here": func(conn *nats.Conn, to string, head sent) { answer(conn, to, head.seq, head.seq-1, head) },
	} {
		s, w, conn := open(t, 0), workspace(t), shared(t).Conns[0]
		keys := []store.Key{record(w, "a"), record(w, "b")}
		put(t, s, store.Put{Key: keys[0], Data: make([]byte, 5<<20)}) // the first part holds this alone
		put(t, s, store.Put{Key: keys[1], Data: []byte("1")})
		view, err := s.Load(t.Context(), w, keys)
		require.NoError(t, err)
		fakes, later := 0, 0
		between(t, s, conn, func(m *nats.Msg) bool {
			if isFirst := bytes.Contains(m.Data, []byte(`"seq":1,`)); fakes > 0 || isFirst { // a slow node is asked for it again
				later += fakes
				return true
			}
			fakes++
			fake(conn, m.Reply, sent{s.Head(w), view.Head})
			return false
		})
		again, err := s.Load(t.Context(), w, keys)
		require.NoError(t, err)
		require.Equal(t, view, again, name)
		require.Positive(t, later, name)
	}
}

// TestJetStreamRefusesToReadMoreThan1024Subjects shows why Load reads in pieces.
func TestJetStreamRefusesToReadMoreThan1024Subjects(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	for range 2 {
		var puts []store.Put
		for i := range 600 {
			puts = append(puts, store.Put{Key: record(w, fmt.Sprint(len(w), i, len(puts), t.Name(), time.Now()))})
		}
		commit(t, s, batch(puts...))
	}
	all := strings.TrimSuffix(s.Head(w), "h") + ">"
	require.Eventually(t, func() bool { // a node that lags has fewer, and returns them
		answer, err := shared(t).Conns[0].Request("$JS.API.DIRECT.GET.shared", fmt.Appendf(nil, `{"multi_last":[%q]}`, all), time.Minute)
		require.NoError(t, err)
		return answer.Header.Get("Status") == "413"
	}, time.Minute, 10*time.Millisecond)
}

func TestReadsAreRepeatedIfANodeDoesNotAnswer(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	put(t, s, store.Put{Key: record(w, "a"), Data: []byte("1")})
	n := 0
	between(t, s, shared(t).Conns[0], func(*nats.Msg) bool { n++; return n > 2 })
	require.Equal(t, "1", string(load(t, s, record(w, "a")).Data))
}

// TestABatchOfWhichANodeHasAPartIsNotRead writes entries without their head, as a node alone has them
// after its disk was full in the middle of a batch.
func TestABatchOfWhichANodeHasAPartIsNotRead(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	put(t, s, store.Put{Key: record(w, "a"), Data: []byte("1")})
	js, err := jetstream.New(shared(t).Conns[0])
	require.NoError(t, err)
	_, err = js.Publish(t.Context(), s.Subject(record(w, "b")), []byte("part"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { // a node that lags does not have the part yet
		view, err := s.Load(soon(t, 1), w, []store.Key{record(w, "a"), record(w, "b")})
		require.True(t, err != nil || view.Entries[1].Seq == 0)
		if !errors.Is(err, store.ErrUnavailable) {
			return false
		}
		page, err := s.After(soon(t, 1), w, 0, 10)
		require.True(t, err != nil || len(page.Entries) == 1)
		return errors.Is(err, store.ErrUnavailable)
	}, time.Minute, time.Millisecond)
}
