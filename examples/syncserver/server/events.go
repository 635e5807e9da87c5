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

	"github.com/fieldlww/fieldlww/clock"
)

// serveEvents answers GET /v1/events with server-sent events: the last sequence of the
// workspace, at once and whenever there is another one. A client whose cursor differs pulls:
// the sequence falls when the database is restored, and the pull says so.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, m member) error {
	l := listener{m, addressOf(r)}
	if !s.feed.join(l) {
		return unavailable(errors.New("too many listen"))
	}
	defer s.feed.leave(l)
	before, _ := s.feed.current(m.workspace)
	seq, err := s.database.sequence(r.Context(), m.workspace)
	if err != nil {
		return unavailable(err)
	}
	s.feed.observe(m.workspace, before, seq)
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

// How many streams of events a process has, a workspace of them, and an address and a client of
// these. One person may have many clients, so without the bound of an address they could take
// all streams of a workspace.
const (
	maxListeners         = 10_000
	listenersOfWorkspace = 2_000
	listenersOfAddress   = 500
	listenersOfClient    = 4
)

// listener is who listens, and where from.
type listener struct {
	member
	address string
}

// feed knows how far the workspaces are to which anybody listens.
type feed struct {
	mu        sync.Mutex
	listeners int
	topics    map[string]*topic
}

// topic is a workspace to which somebody listens.
type topic struct {
	listeners int
	of        map[clock.ClientID]int // listeners
	from      map[string]int         // listeners, by address
	seq       int64
	changed   chan struct{} // is closed when seq changes, and replaced
}

// join counts a listener to a workspace, unless there are too many.
func (f *feed) join(l listener) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[l.workspace]
	if f.listeners == maxListeners || t != nil && !t.admits(l) {
		return false
	}
	if t == nil {
		t = &topic{of: make(map[clock.ClientID]int), from: make(map[string]int), changed: make(chan struct{})}
		f.topics[l.workspace] = t
	}
	f.listeners++
	t.listeners++
	t.of[l.client]++
	t.from[l.address]++
	return true
}

// admits reports whether a workspace has room for one more listener.
func (t *topic) admits(l listener) bool {
	return t.listeners < listenersOfWorkspace && t.of[l.client] < listenersOfClient && t.from[l.address] < listenersOfAddress
}

// leave takes back a join.
func (f *feed) leave(l listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners--
	t := f.topics[l.workspace]
	if t.of[l.client]--; t.of[l.client] == 0 {
		delete(t.of, l.client)
	}
	if t.from[l.address]--; t.from[l.address] == 0 {
		delete(t.from, l.address)
	}
	if t.listeners--; t.listeners == 0 {
		delete(f.topics, l.workspace)
	}
}

// advance tells those who listen to a workspace how far it is. A sequence that is not
// above the last one comes late, and says nothing.
func (f *feed) advance(workspace string, seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.topics[workspace]; t != nil && seq > t.seq {
		t.change(seq)
	}
}

// observe tells listeners which sequence was read from the database, given the one that was
// known before the reading began. If it is lower than that one, the database was restored: a
// sequence that was known is visible to what is read later. A lower one that was not known
// before comes late, as in advance.
func (f *feed) observe(workspace string, before, seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.topics[workspace]; t != nil && (seq > t.seq || seq < before && before == t.seq) {
		t.change(seq)
	}
}

// change sets the sequence and wakes who listens.
func (t *topic) change(seq int64) {
	t.seq = seq
	close(t.changed)
	t.changed = make(chan struct{})
}

// current returns how far a workspace is, and what is closed when that changes. The caller
// must have joined it.
func (f *feed) current(workspace string) (int64, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[workspace]
	return t.seq, t.changed
}

// sequences returns the workspaces to which anybody listens, and how far they are.
func (f *feed) sequences() map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := make(map[string]int64, len(f.topics))
	for name, t := range f.topics {
		known[name] = t.seq
	}
	return known
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
		if err := s.readSequences(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.Warn("look for changes", "err", err)
		}
	}
}

// readSequences reads how far the workspaces are to which anybody listens.
func (s *Server) readSequences(ctx context.Context) error {
	known := s.feed.sequences()
	if len(known) == 0 {
		return nil
	}
	list, err := json.Marshal(nameRows(slices.Sorted(maps.Keys(known))))
	if err != nil {
		return err
	}
	// A workspace that is not there has the sequence 0.
	rows, err := s.database.db.QueryContext(ctx, s.database.rows(`
		SELECT r.value->>'name', coalesce(w.seq, 0) FROM JSON_ROWS LEFT JOIN workspaces AS w ON w.name = r.value->>'name'`), string(list))
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
		s.feed.observe(name, known[name], seq)
	}
	return rows.Err()
}

// sequence returns how far a workspace is.
func (d *Database) sequence(ctx context.Context, workspace string) (seq int64, err error) {
	if err := d.check(); err != nil {
		return 0, err
	}
	err = d.db.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM workspaces WHERE name = $1`, workspace).Scan(&seq)
	return seq, err
}
