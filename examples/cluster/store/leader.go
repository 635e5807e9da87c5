package store

import (
	"context"
	"fmt"
)

// Leader returns the name of the node that leads the stream. It fails with ErrUnavailable while there is none.
func (s *Store) Leader(ctx context.Context) (string, error) {
	stream, err := s.js.Stream(ctx, s.name)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	info := stream.CachedInfo()
	if info.Cluster == nil || info.Cluster.Leader == "" {
		return "", ErrUnavailable
	}
	return info.Cluster.Leader, nil
}
