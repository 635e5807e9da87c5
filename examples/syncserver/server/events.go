package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// serveEvents answers GET /v1/events with server-sent events: the last sequence of the
// workspace, at once and whenever there is a new one. A client that is behind it pulls.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, m member) error {
	if !s.feed.join(m.workspace) {
		return unavailable(errors.New("too many listen"))
	}
	defer s.feed.leave(m.workspace)
	seq, err := s.database.sequence(r.Context(), m.workspace)
	if err != nil {
		return unavailable(err)
	}
	s.feed.advance(m.workspace, seq)
	w.Header().Set("Content-Type", "text/event-stream")
	alive := time.NewTicker(15 * time.Second)
	defer alive.Stop()
	for told := int64(-1); ; {
		seq, changed := s.feed.current(m.workspace)
		if seq != told {
			if err := send(w, fmt.Appendf(nil, "data: %d\n\n", seq)); err != nil {
				return err
			}
			told = seq
		}
		select {
		case <-changed:
		case <-alive.C:
			if err := send(w, []byte(": alive\n\n")); err != nil { // or the network takes it for dead
				return err
			}
		case <-s.stopped:
			return nil // the client comes again, to another process perhaps
		case <-r.Context().Done():
			return nil
		}
	}
}

// So many clients may listen to one process, and so many of them to one workspace.
const (
	maxListeners         = 10_000
	listenersOfWorkspace = 2_000
)

// feed knows how far the workspaces are to which anybody listens.
type feed struct {
	mu        sync.Mutex
	listeners int
	topics    map[string]*topic
}

// topic is a workspace to which somebody listens.
type topic struct {
	listeners int
	seq       int64
	changed   chan struct{} // is closed when seq grows, and made anew
}

// join counts one who listens to a workspace, unless there are too many.
func (f *feed) join(workspace string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[workspace]
	if f.listeners == maxListeners || t != nil && t.listeners == listenersOfWorkspace {
		return false
	}
	if t == nil {
		t = &topic{changed: make(chan struct{})}
		f.topics[workspace] = t
	}
	f.listeners++
	t.listeners++
	return true
}

// leave takes back a join.
func (f *feed) leave(workspace string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners--
	t := f.topics[workspace]
	if t.listeners--; t.listeners == 0 {
		delete(f.topics, workspace)
	}
}

// advance tells those who listen to a workspace how far it is. A sequence that is not
// above the last one comes late, and says nothing.
func (f *feed) advance(workspace string, seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.topics[workspace]; t != nil && seq > t.seq {
		t.seq = seq
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// current returns how far a workspace is, and what is closed when that changes. The caller
// must have joined it.
func (f *feed) current(workspace string) (int64, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[workspace]
	return t.seq, t.changed
}

// workspaces returns those to which anybody listens, sorted.
func (f *feed) workspaces() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.topics))
}

// Watch looks for what other processes have stored in the Database, four times a second
// while anybody listens, until the context ends. Then all listeners are sent away.
func (s *Server) Watch(ctx context.Context) {
	defer close(s.stopped)
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := s.lookAround(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.Warn("look for changes", "err", err)
		}
	}
}

// lookAround reads how far the workspaces are to which anybody listens.
func (s *Server) lookAround(ctx context.Context) error {
	names := s.feed.workspaces()
	if len(names) == 0 {
		return nil
	}
	list, err := json.Marshal(nameRows(names))
	if err != nil {
		return err
	}
	rows, err := s.database.db.QueryContext(ctx, s.database.rows(`
		SELECT w.name, w.seq FROM JSON_ROWS CROSS JOIN workspaces AS w WHERE w.name = r.value->>'name'`), string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var seq int64
		if err := rows.Scan(&name, &seq); err != nil {
			return err
		}
		s.feed.advance(name, seq)
	}
	return rows.Err()
}

// sequence returns how far a workspace is.
func (d *Database) sequence(ctx context.Context, workspace string) (seq int64, err error) {
	err = d.db.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM workspaces WHERE name = $1`, workspace).Scan(&seq)
	return seq, err
}
