package store

import "context"

// LoadAnywhere is Load without the floor: the control for tests of the floor.
func (s *Store) LoadAnywhere(ctx context.Context, workspace string, keys []Key) (View, error) {
	return s.loadOnce(ctx, workspace, keys)
}

// ReadFrom makes the Store read from a subject. It returns the one of the nodes.
func (s *Store) ReadFrom(subject string) string {
	before := s.direct
	s.direct = subject
	return before
}

// Subject returns the subject of a key.
func (s *Store) Subject(k Key) string { return s.subject(k) }

// Head returns the subject of a head.
func (s *Store) Head(workspace string) string { return s.head(workspace) }

// Outcome returns the error for an answer of JetStream.
func Outcome(answer []byte) error { return outcome(answer) }

// NewBudget returns a function that takes n units of a budget, and one that gives them back.
func NewBudget(units int) (take func(context.Context, int) error, give func(int)) {
	b := newBudget(units)
	return b.take, b.give
}

// NewGaps returns gaps.see.
func NewGaps() func(workspace string, seq, count int64) bool { return new(gaps).see }
