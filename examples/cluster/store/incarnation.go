package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// incarnationKey is the key in the metadata of the stream.
const incarnationKey = "fieldlww-incarnation"

func newIncarnation() string { return nuid.Next() }

// life is the incarnation that a Store remembers. The zero life has read nothing.
type life struct {
	mu   sync.Mutex
	text string
	read time.Time
}

// recent returns the incarnation if it was read less than a second ago.
func (l *life) recent() (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text, l.text != "" && time.Since(l.read) < time.Second
}

// set remembers an incarnation that was read now.
func (l *life) set(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text, l.read = text, time.Now()
}

// Incarnation returns a text that is chosen when the stream is created, and again by Renew. A
// position in the stream is valid only together with it. If another process renews it, the Store
// may return the old one for a second.
func (s *Store) Incarnation(ctx context.Context) (string, error) {
	if text, ok := s.life.recent(); ok {
		return text, nil
	}
	var text string
	err := retry(ctx, func(ctx context.Context) error {
		config, err := s.config(ctx)
		text = config.Metadata[incarnationKey]
		if err == nil && text == "" {
			return final(&ConfigError{Setting: "metadata " + incarnationKey, Want: "true", Got: "false"})
		}
		return err
	})
	if err != nil {
		return "", err
	}
	s.life.set(text)
	return text, nil
}

// Renew chooses another incarnation. Call it after the stream was restored from a backup, or
// the files of nodes were copied back, before servers use it again: sequences are then given to other
// messages than before. The files themselves do not show it.
func (s *Store) Renew(ctx context.Context) error {
	next := newIncarnation()
	err := retry(ctx, func(ctx context.Context) error {
		config, err := s.config(ctx)
		if err != nil || config.Metadata[incarnationKey] == next {
			return err
		}
		config.Metadata[incarnationKey] = next
		ctx, cancel := context.WithTimeout(ctx, commitTime) // a request that a new leader does not know stays without an answer
		defer cancel()
		if _, err := s.js.UpdateStream(ctx, config); err != nil {
			return fmt.Errorf("renew the incarnation: %w", err)
		}
		return nil
	})
	if err == nil {
		s.life.set(next)
	}
	return err
}

// config returns the configuration of the stream.
func (s *Store) config(ctx context.Context) (jetstream.StreamConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	stream, err := s.js.Stream(ctx, s.name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return jetstream.StreamConfig{}, final(err)
	}
	if err != nil {
		return jetstream.StreamConfig{}, err
	}
	return stream.CachedInfo().Config, nil
}
