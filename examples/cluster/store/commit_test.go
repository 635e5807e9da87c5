package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

func TestCommitStoresAllOrNothing(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	a, b := record(w, "a"), record(w, "b")
	put(t, s, store.Put{Key: a, Data: []byte("1")})
	first := load(t, s, a)
	put(t, s, store.Put{Key: a, After: first.Seq, Data: []byte("2")})

	err := s.Commit(t.Context(), batch(store.Put{Key: b, Data: []byte("3")}, store.Put{Key: a, After: first.Seq, Data: []byte("3")}))
	require.ErrorIs(t, err, store.ErrConflict)
	view, err := s.Load(t.Context(), w, []store.Key{a, b})
	require.NoError(t, err)
	require.Equal(t, "2", string(view.Entries[0].Data))
	require.Zero(t, view.Entries[1].Seq)
}

func TestCommitRefusesABatchThatIsNotValid(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	one := store.Put{Key: record(w, "a")}
	for name, b := range map[string]store.Batch{
		"a key twice":         batch(one, one),
		"another workspace":   batch(one, store.Put{Key: record("other", "a")}),
		"a condition and put": {Workspace: w, ID: "1", Puts: []store.Put{one}, If: store.Entry{Key: one.Key}},
	} {
		err := s.Commit(t.Context(), b)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, store.ErrConflict, name)
	}
	require.Zero(t, load(t, s, one.Key).Seq)
}

func TestCommitRefusesWhatIsTooLarge(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	var many []store.Put
	for i := range store.MostPuts + 1 {
		many = append(many, store.Put{Key: record(w, fmt.Sprint(i)), Data: []byte("1")})
	}
	require.ErrorIs(t, s.Commit(t.Context(), batch(many...)), store.ErrTooLarge)
	commit(t, s, batch(many[1:]...))
	large := store.Put{Key: record(w, "large"), Data: make([]byte, 8<<20)}
	require.ErrorIs(t, s.Commit(t.Context(), batch(large)), store.ErrTooLarge)
	var heavy []store.Put
	for i := range 4 {
		heavy = append(heavy, store.Put{Key: record(w, fmt.Sprint("heavy", i)), Data: bytes.Repeat([]byte("x"), 7<<20)})
	}
	require.ErrorIs(t, s.Commit(t.Context(), batch(heavy...)), store.ErrTooLarge)
	commit(t, s, batch(heavy[:3]...)) // a busy machine takes long for 21 MiB
	require.Len(t, load(t, s, heavy[2].Key).Data, 7<<20)
	long := store.Key{Workspace: w, Kind: store.KindMark, Name: string(make([]byte, 400))}
	require.ErrorIs(t, s.Commit(t.Context(), batch(store.Put{Key: long})), store.ErrTooLarge)
	require.ErrorIs(t, s.Commit(t.Context(), batch(store.Put{Key: store.Key{Workspace: w, Kind: store.KindState}}, many[0], many[1])), store.ErrConflict)
}

// The tests below document how JetStream itself behaves, with messages that a Store never sends.

// message returns a message of a batch. An expectation below 0 is none.
func message(subject, batch string, place int, expected int) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Header.Set("Nats-Batch-Id", batch)
	m.Header.Set("Nats-Batch-Sequence", fmt.Sprint(place))
	if expected >= 0 {
		m.Header.Set("Nats-Expected-Last-Subject-Sequence", fmt.Sprint(expected))
	}
	return m
}

// send sends the messages of a batch, the last one as a commit, and returns the answer.
func send(t *testing.T, conn *nats.Conn, messages ...*nats.Msg) []byte {
	last := messages[len(messages)-1]
	for _, m := range messages[:len(messages)-1] {
		require.NoError(t, conn.PublishMsg(m))
	}
	last.Header.Set("Nats-Batch-Commit", "1")
	answer, err := conn.RequestMsg(last, time.Minute)
	require.NoError(t, err)
	return answer.Data
}

// codeOf returns the error code of an answer, 0 for none.
func codeOf(t *testing.T, answer []byte) int {
	var ack struct {
		Error struct {
			Code int `json:"err_code"`
		} `json:"error"`
	}
	require.NoError(t, json.Unmarshal(answer, &ack))
	return ack.Error.Code
}

func TestJetStreamCodes(t *testing.T) {
	s, w, conn := open(t, 0), workspace(t), shared(t).Conns[0]
	subject := s.Subject(record(w, "a"))
	other := s.Subject(record(w, "b"))
	stored := func(k store.Key) string { return string(load(t, s, k).Data) }

	t.Run("an expectation that does not hold", func(t *testing.T) {
		answer := send(t, conn, message(subject, nuid.Next(), 1, 7))
		require.Equal(t, 10071, codeOf(t, answer))
		require.ErrorIs(t, store.Outcome(answer), store.ErrConflict)
	})
	t.Run("a subject twice with expectations", func(t *testing.T) {
		id := nuid.Next()
		answer := send(t, conn, message(subject, id, 1, 0), message(subject, id, 2, 0))
		require.Equal(t, 10164, codeOf(t, answer))
		require.ErrorIs(t, store.Outcome(answer), store.ErrConflict)
	})
	t.Run("a subject twice, the second without an expectation, is accepted", func(t *testing.T) {
		id := nuid.Next()
		one, two := message(subject, id, 1, 0), message(subject, id, 2, -1)
		one.Data, two.Data = []byte("one"), []byte("two")
		require.Zero(t, codeOf(t, send(t, conn, one, two, message(s.Head(w), id, 3, -1))))
		require.Equal(t, "two", stored(record(w, "a")))
	})
	t.Run("a gap", func(t *testing.T) {
		id := nuid.Next()
		answer := send(t, conn, message(other, id, 1, 0), message(subject, id, 3, 0))
		require.Equal(t, 10176, codeOf(t, answer))
		require.ErrorIs(t, store.Outcome(answer), store.ErrConflict)
		require.Empty(t, stored(record(w, "b")))
	})
	t.Run("too many messages", func(t *testing.T) {
		id := nuid.Next()
		var all []*nats.Msg
		for i := range 1001 {
			all = append(all, message(s.Subject(record(w, fmt.Sprint(i))), id, i+1, 0))
		}
		answer := send(t, conn, all...)
		require.Equal(t, 10199, codeOf(t, answer))
		require.ErrorIs(t, store.Outcome(answer), store.ErrTooLarge)
		require.Empty(t, stored(record(w, "0")))
	})
}

func TestTooManyOpenBatchesAreAConflict(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("nodes give batches up after 10 seconds")
	}
	s, w, conn := openStream(t, 0, "crowded"), workspace(t), shared(t).Conns[0]
	for i := range 500 {
		require.NoError(t, conn.PublishMsg(message(s.Subject(record(w, fmt.Sprint(i))), nuid.Next(), 1, 0)))
	}
	require.NoError(t, conn.Flush())
	answer := send(t, conn, message(s.Head(w), nuid.Next(), 1, -1))
	require.Equal(t, 10210, codeOf(t, answer))
	require.ErrorIs(t, store.Outcome(answer), store.ErrConflict)
	require.ErrorIs(t, s.Commit(t.Context(), batch(store.Put{Key: record(w, "a")})), store.ErrConflict)
	// The nodes give the batches up after 10 seconds.
	require.Eventually(t, func() bool { return s.Commit(t.Context(), batch(store.Put{Key: record(w, "a")})) == nil }, time.Minute, 100*time.Millisecond)
}

func TestAStreamThatPermitsBatchesNoLongerIsNoticed(t *testing.T) {
	s, w := openStream(t, 0, "changed"), workspace(t)
	put(t, s, store.Put{Key: record(w, "a")})
	js, err := jetstream.New(shared(t).Conns[0])
	require.NoError(t, err)
	stream, err := js.Stream(t.Context(), "changed")
	require.NoError(t, err)
	config := stream.CachedInfo().Config
	config.AllowAtomicPublish = false
	_, err = js.UpdateStream(t.Context(), config) // JetStream does not object
	require.NoError(t, err)

	var refused *store.ConfigError
	require.ErrorAs(t, s.Commit(t.Context(), batch(store.Put{Key: record(w, "b")})), &refused)
	require.Equal(t, "allow_atomic", refused.Setting)
	_, err = shared(t).Open(0, "changed")
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "allow_atomic", refused.Setting)
}

func TestOutcomeOfAnAnswer(t *testing.T) {
	for code, want := range map[int]error{
		10008: store.ErrUnavailable, 10023: store.ErrFull, 10047: store.ErrFull,
		10054: store.ErrTooLarge, 10097: store.ErrTooLarge, 10199: store.ErrTooLarge,
		10071: store.ErrConflict, 10164: store.ErrConflict, 10176: store.ErrConflict, 10210: store.ErrConflict,
		99999: store.ErrUnknown,
	} {
		require.ErrorIs(t, store.Outcome(fmt.Appendf(nil, `{"error":{"code":400,"err_code":%d}}`, code)), want, code)
	}
	require.ErrorIs(t, store.Outcome([]byte("?")), store.ErrUnknown)
	require.ErrorIs(t, store.Outcome([]byte(`{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}`)), store.ErrFull)
	require.ErrorIs(t, store.Outcome([]byte(`{"error":{"code":503,"err_code":10077,"description":"store is closed"}}`)), store.ErrUnknown)
	require.NoError(t, store.Outcome([]byte(`{"stream":"s","seq":4}`)))
}

func TestBudgetServesLargeAndSmall(t *testing.T) {
	take, give := store.NewBudget(4)
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, take(ctx, 3))
	cancel()
	require.ErrorIs(t, take(ctx, 2), context.Canceled)
	require.NoError(t, take(t.Context(), 1), "an attempt that failed gave back all")
	give(4)
	require.NoError(t, take(t.Context(), 4))
}
