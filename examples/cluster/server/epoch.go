package server

import (
	"context"
	"sync"
	"time"
)

// epochFor is how long the incarnation of the store is remembered. It only changes while no server runs.
const epochFor = time.Second

// epoch remembers the incarnation of the store.
type epoch struct {
	mu   sync.Mutex
	text string
	read time.Time
}

// epochNow returns the incarnation of the store, which is a part of each cursor.
func (s *Server) epochNow(ctx context.Context) (string, error) {
	s.epoch.mu.Lock()
	text, isNew := s.epoch.text, time.Since(s.epoch.read) < epochFor
	s.epoch.mu.Unlock()
	if isNew {
		return text, nil
	}
	text, err := s.store.Incarnation(ctx)
	if err == nil {
		s.epoch.mu.Lock()
		defer s.epoch.mu.Unlock()
		s.epoch.text, s.epoch.read = text, time.Now()
	}
	return text, err
}
