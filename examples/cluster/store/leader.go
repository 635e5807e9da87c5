package store

import (
	"context"
	"fmt"
	"slices"
)

// Nodes says how the nodes are that hold the stream.
type Nodes struct {
	Leader string   // the name of the node that leads the stream
	Away   []string // the nodes that do not answer the leader or have not caught up with it, sorted
	Spare  int      // how many more nodes may stop before writes stop; negative if the leader has no majority
}

// Nodes asks the leader about the nodes of the stream. It fails with ErrUnavailable while there is no leader. A leader
// notices after some seconds that a node does not answer.
func (s *Store) Nodes(ctx context.Context) (Nodes, error) {
	stream, err := s.js.Stream(ctx, s.name)
	if err != nil {
		return Nodes{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	info := stream.CachedInfo().Cluster
	if info == nil || info.Leader == "" {
		return Nodes{}, ErrUnavailable
	}
	n := Nodes{Leader: info.Leader}
	for _, r := range info.Replicas {
		if r.Offline || !r.Current {
			n.Away = append(n.Away, r.Name)
		}
	}
	slices.Sort(n.Away)
	all := 1 + len(info.Replicas)
	n.Spare = (all-1)/2 - len(n.Away)
	return n, nil
}

// Leader returns the name of the node that leads the stream. It fails with ErrUnavailable while there is none.
func (s *Store) Leader(ctx context.Context) (string, error) {
	n, err := s.Nodes(ctx)
	return n.Leader, err
}
