package store

import (
	"context"

	"github.com/nats-io/nuid"
)

// Health commits a batch without entries. It returns nil if the cluster accepts writes, and otherwise
// an error that says why not: ErrUnavailable or ErrUnknown if no majority answers, ErrFull if
// there is no space, or a *ConfigError.
func (s *Store) Health(ctx context.Context) error {
	return s.Commit(ctx, Batch{ID: nuid.Next()})
}
