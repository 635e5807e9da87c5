package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// incarnationKey is the key in the metadata of the stream.
const incarnationKey = "fieldlww-incarnation"

func newIncarnation() string { return nuid.Next() }

// Incarnation returns a text that is chosen when the stream is created, and again by Renew. A
// position in the stream is valid only together with it.
func (s *Store) Incarnation(ctx context.Context) (string, error) {
	var incarnation string
	err := retry(ctx, func(ctx context.Context) error {
		config, err := s.config(ctx)
		incarnation = config.Metadata[incarnationKey]
		if err == nil && incarnation == "" {
			return final(&ConfigError{Setting: "metadata " + incarnationKey, Want: "true", Got: "false"})
		}
		return err
	})
	return incarnation, err
}

// Renew chooses another incarnation. Call it after the stream was restored from a backup, or
// the files of nodes were copied back, before servers use it again: sequences are then given to other
// messages than before. The files themselves do not show it.
func (s *Store) Renew(ctx context.Context) error {
	next := newIncarnation()
	return retry(ctx, func(ctx context.Context) error {
		config, err := s.config(ctx)
		if err != nil || config.Metadata[incarnationKey] == next {
			return err
		}
		config.Metadata[incarnationKey] = next
		if _, err := s.js.UpdateStream(ctx, config); err != nil {
			return fmt.Errorf("renew the incarnation: %w", err)
		}
		return nil
	})
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
