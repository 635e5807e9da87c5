package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options configures a Store. The zero Options suit one node.
type Options struct {
	Stream   string // the name of the stream and the first token of its subjects; "" is fieldlww
	Replicas int    // how many nodes hold the stream; 0 is 1
	// MaxBytes is the size of the stream, in bytes, at which a new one refuses batches with ErrFull; 0 is
	// 1 GiB. Each node must have that much space, and sets it aside.
	MaxBytes int64
}

// A Store is the port to a stream. Its methods may be called concurrently. Each returns after at
// most 20 seconds, or at the deadline of its context if that is earlier, except Watch.
type Store struct {
	name    string
	direct  string // the subject to which any node answers
	conn    *nats.Conn
	js      jetstream.JetStream
	replies *replies
	flight  *budget
	life    life
}

// A ConfigError is returned if the stream has a setting with which a Store could lose writes.
type ConfigError struct {
	Setting   string
	Want, Got string
}

// Error names the setting and both values.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("the stream has %s = %s, and must have %s", e.Setting, e.Got, e.Want)
}

// Open opens the stream, or creates it if it does not exist. Right after the start of a cluster, it
// waits for a leader. It returns a *ConfigError if the settings of the stream are not the right
// ones: Open never changes them. The Store does not own the connection.
func Open(ctx context.Context, conn *nats.Conn, o Options) (*Store, error) {
	if o.Stream == "" {
		o.Stream = "fieldlww"
	}
	if encode(o.Stream) != o.Stream {
		return nil, fmt.Errorf("the stream name %q may hold only letters, digits, - and _", o.Stream)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	s := &Store{name: o.Stream, direct: "$JS.API.DIRECT.GET." + o.Stream, conn: conn, js: js, flight: newBudget(mostUnits)}
	if err := s.open(ctx, settings(o)); err != nil {
		return nil, fmt.Errorf("open the stream %s: %w", o.Stream, err)
	}
	s.replies, err = newReplies(conn)
	return s, err
}

// Close releases what the Store holds. No other method may be called at the same time or later.
func (s *Store) Close() error { return s.replies.close() }

// settings returns the configuration of the stream.
func settings(o Options) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:               o.Stream,
		Subjects:           []string{o.Stream + ".w.>", o.Stream + ".g.>"},
		Storage:            jetstream.FileStorage,
		Replicas:           max(1, o.Replicas),
		MaxMsgsPerSubject:  1,
		MaxMsgs:            -1,
		MaxBytes:           cmp.Or(o.MaxBytes, 1<<30),
		MaxMsgSize:         -1,
		Discard:            jetstream.DiscardNew,
		AllowDirect:        true,
		AllowAtomicPublish: true,
		Metadata:           map[string]string{incarnationKey: newIncarnation()},
	}
}

// open creates the stream if it does not exist, and checks its settings.
func (s *Store) open(ctx context.Context, want jetstream.StreamConfig) error {
	return retry(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		stream, err := s.js.Stream(ctx, s.name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			stream, err = s.js.CreateStream(ctx, want)
		}
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return err // another process has created it at the same time
		}
		if e := new(jetstream.APIError); errors.As(err, &e) && (e.ErrorCode == codeResources || e.ErrorCode == codeStorage) {
			return final(fmt.Errorf("%w: %w", ErrFull, err))
		}
		if err != nil {
			return err
		}
		if err := check(stream.CachedInfo().Config, want); err != nil {
			return final(err)
		}
		return nil
	})
}

// check compares the settings on which the Store relies.
func check(got, want jetstream.StreamConfig) error {
	type setting struct {
		name      string
		want, got any
	}
	for _, x := range []setting{
		{"subjects", slices.Sorted(slices.Values(want.Subjects)), slices.Sorted(slices.Values(got.Subjects))},
		{"storage", want.Storage, got.Storage},
		{"replicas", want.Replicas, got.Replicas},
		{"retention", want.Retention, got.Retention},
		{"max_msgs_per_subject", want.MaxMsgsPerSubject, got.MaxMsgsPerSubject},
		{"max_msgs", want.MaxMsgs, got.MaxMsgs},
		{"max_bytes", true, got.MaxBytes > 0},
		{"discard", want.Discard, got.Discard},
		{"discard_new_per_subject", false, got.DiscardNewPerSubject},
		{"max_age", time.Duration(0), got.MaxAge},
		{"allow_direct", true, got.AllowDirect},
		{"allow_atomic", true, got.AllowAtomicPublish},
		{"deny_delete", false, got.DenyDelete},
		{"sealed", false, got.Sealed},
		{"no_ack", false, got.NoAck},
		{"mirror", false, got.Mirror != nil},
		{"sources", 0, len(got.Sources)},
		{"subject_transform", false, got.SubjectTransform != nil},
		{"metadata " + incarnationKey, true, got.Metadata[incarnationKey] != ""},
	} {
		if w, g := fmt.Sprint(x.want), fmt.Sprint(x.got); w != g {
			return &ConfigError{Setting: x.name, Want: w, Got: g}
		}
	}
	return nil
}
