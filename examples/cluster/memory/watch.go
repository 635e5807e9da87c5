package memory

import (
	"context"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// waiting is how many changes wait for a watcher. If more come, the watcher misses the oldest.
const waiting = 1000

// Watch calls f for each change until the context ends, and returns its error.
func (s *Store) Watch(ctx context.Context, f func(store.Change)) error {
	changes := make(chan store.Change, waiting)
	s.mu.Lock()
	id := len(s.watchers)
	for s.watchers[id] != nil {
		id++
	}
	s.watchers[id] = func(c store.Change) {
		for {
			select {
			case changes <- c:
				return
			default:
			}
			select {
			case <-changes:
			default:
			}
		}
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, id)
	}()
	for {
		select {
		case c := <-changes:
			f(c)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
