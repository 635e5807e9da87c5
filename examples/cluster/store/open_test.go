package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/node"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// TestOpenRefusesSettingsThatLoseWrites creates a stream with one wrong setting after the other.
func TestOpenRefusesSettingsThatLoseWrites(t *testing.T) {
	n, err := clustertest.New(1)
	require.NoError(t, err)
	t.Cleanup(n.Stop)
	good, err := n.Open(0, "good")
	require.NoError(t, err)
	require.NoError(t, good.Close())
	js, err := jetstream.New(n.Conns[0])
	require.NoError(t, err)
	stream, err := js.Stream(t.Context(), "good")
	require.NoError(t, err)

	for setting, change := range map[string]func(*jetstream.StreamConfig){
		"allow_atomic":                  func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false },
		"allow_direct":                  func(c *jetstream.StreamConfig) { c.AllowDirect = false },
		"max_msgs_per_subject":          func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 2 },
		"max_msgs":                      func(c *jetstream.StreamConfig) { c.MaxMsgs = 1000 },
		"max_bytes":                     func(c *jetstream.StreamConfig) { c.MaxBytes = 0 },
		"discard":                       func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
		"discard_new_per_subject":       func(c *jetstream.StreamConfig) { c.DiscardNewPerSubject = true },
		"max_age":                       func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour },
		"storage":                       func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
		"retention":                     func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy },
		"subjects":                      func(c *jetstream.StreamConfig) { c.Subjects = []string{"bad.w.>"} },
		"deny_delete":                   func(c *jetstream.StreamConfig) { c.DenyDelete = true },
		"no_ack":                        func(c *jetstream.StreamConfig) { c.NoAck = true },
		"metadata fieldlww-incarnation": func(c *jetstream.StreamConfig) { c.Metadata = nil },
	} {
		config := stream.CachedInfo().Config
		config.Name, config.Subjects = "bad", []string{"bad.w.>", "bad.g.>"}
		change(&config)
		_, err := js.CreateStream(t.Context(), config)
		require.NoError(t, err, setting)
		_, err = n.Open(0, "bad")
		var refused *store.ConfigError
		require.ErrorAs(t, err, &refused, setting)
		require.Equal(t, setting, refused.Setting)
		require.ErrorContains(t, err, setting)
		require.NoError(t, js.DeleteStream(t.Context(), "bad"))
	}
	_, err = store.Open(t.Context(), n.Conns[0], store.Options{Stream: "good", Replicas: 3})
	var refused *store.ConfigError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "replicas", refused.Setting)
	_, err = store.Open(t.Context(), n.Conns[0], store.Options{Stream: "not.good"})
	require.Error(t, err)
}

// TestRestoredFilesAreNoticedAfterRenew copies the files of a node back. Nothing but the incarnation
// shows that sequences are used again.
func TestRestoredFilesAreNoticedAfterRenew(t *testing.T) {
	dir, err := clustertest.TempDir()
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	o := node.Options{Name: "one", Dir: filepath.Join(dir, "files")}
	w := workspace(t)
	run := func(f func(*store.Store)) {
		n, err := node.Start(o)
		require.NoError(t, err)
		defer n.Stop()
		conn, err := n.Connect()
		require.NoError(t, err)
		defer conn.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		s, err := store.Open(ctx, conn, store.Options{})
		require.NoError(t, err)
		f(s)
	}
	incarnation := func(s *store.Store) string {
		text, err := s.Incarnation(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, text)
		return text
	}
	head := func(s *store.Store) int64 {
		view, err := s.Load(t.Context(), w, nil)
		require.NoError(t, err)
		return view.Head
	}

	var first string
	var lost int64
	run(func(s *store.Store) {
		first = incarnation(s)
		put(t, s, store.Put{Key: record(w, "a"), Data: []byte("1")})
	})
	require.NoError(t, os.CopyFS(filepath.Join(dir, "backup"), os.DirFS(o.Dir)))
	run(func(s *store.Store) {
		require.Equal(t, first, incarnation(s), "a restart is the same life")
		put(t, s, store.Put{Key: record(w, "lost"), Data: []byte("1")})
		lost = head(s)
	})
	o.Dir = filepath.Join(dir, "backup")
	run(func(s *store.Store) {
		require.Equal(t, first, incarnation(s), "the files do not show that they were copied back")
		require.Less(t, head(s), lost)
		require.NoError(t, s.Renew(t.Context()))
		require.NotEqual(t, first, incarnation(s))
		put(t, s, store.Put{Key: record(w, "again"), Data: []byte("1")})
		require.Equal(t, lost, head(s), "the sequence is used twice")
	})
	run(func(s *store.Store) { require.NotEqual(t, first, incarnation(s)) })
}
