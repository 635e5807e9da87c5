package server

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// serveEvents answers GET /v1/events with server-sent events: the last sequence of the
// workspace, at once and whenever there is a new one. A client that is behind it pulls.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, m member) error {
	if !s.feed.join() {
		return unavailable(fmt.Errorf("%d listeners", maxListeners))
	}
	defer s.feed.leave()
	seq, err := s.database.sequence(r.Context(), m.workspace)
	if err != nil {
		return unavailable(err)
	}
	s.feed.advance(m.workspace, seq)
	w.Header().Set("Content-Type", "text/event-stream")
	alive := time.NewTicker(15 * time.Second)
	defer alive.Stop()
	for told := int64(-1); ; {
		seq, changed := s.feed.look(m.workspace)
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

// maxListeners is how many clients may listen to one process.
const maxListeners = 10_000

// feed knows how far the workspaces are in which something happened lately.
type feed struct {
	mu        sync.Mutex
	listeners int
	seqs      map[string]int64
	changed   chan struct{} // is closed when one of them grows, and made anew
}

// join counts one who listens, unless there are too many.
func (f *feed) join() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners == maxListeners {
		return false
	}
	f.listeners++
	return true
}

// leave takes back a join.
func (f *feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners--; f.listeners == 0 {
		clear(f.seqs)
	}
}

// advance tells the listeners of a workspace how far it is. Who tells less than was told
// before comes late.
func (f *feed) advance(workspace string, seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners > 0 && seq > f.seqs[workspace] {
		f.seqs[workspace] = seq
		close(f.changed)
		f.changed = make(chan struct{})
	}
}

// look returns how far a workspace is, and what is closed when that may have changed.
func (f *feed) look(workspace string) (int64, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seqs[workspace], f.changed
}

// idle reports whether nobody listens.
func (f *feed) idle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.listeners == 0
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
		if s.feed.idle() {
			continue
		}
		if err := s.lookAround(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.Warn("look for changes", "err", err)
		}
	}
}

// lookAround reads how far all workspaces are.
func (s *Server) lookAround(ctx context.Context) error {
	rows, err := s.database.db.QueryContext(ctx, `SELECT name, seq FROM workspaces`)
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
