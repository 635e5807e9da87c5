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

// serveEvents answers GET /v1/events with server-sent events. Each event is the last sequence of
// the workspace; the server sends an event at once, and whenever the sequence changes. A client
// whose cursor differs pulls, even if its cursor is greater: the sequence falls when the database
// is restored, and the pull then reports that.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, m member) error {
	l := listener{m, addressOf(r)}
	if !s.feed.join(l) {
		return unavailable(errors.New("too many event streams are open"))
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
			if err := send(w, []byte(": alive\n\n")); err != nil { // keeps proxies and networks from closing an idle stream
				return err
			}
		case <-s.stopped:
			return nil // the client reconnects, perhaps to another process
		case <-r.Context().Done():
			return nil
		}
	}
}

// The limits for event streams: per process, per workspace, and within a workspace per address and
// per client. One person may have many clients, and without the limit per address they could take
// all streams of a workspace.
const (
	maxListeners         = 10_000
	listenersOfWorkspace = 2_000
	listenersOfAddress   = 500
	listenersOfClient    = 4
)

// listener is a client that listens, with its address.
type listener struct {
	member
	address string
}

// feed holds the last known sequence of each workspace that has listeners.
type feed struct {
	mu        sync.Mutex
	listeners int
	topics    map[string]*topic // by workspace
}

// topic is a workspace that has listeners.
type topic struct {
	listeners int
	of        map[clock.ClientID]int // number of listeners, by client
	from      map[string]int         // number of listeners, by address
	seq       int64                  // the last known sequence
	changed   chan struct{}          // closed when seq changes, and then replaced
}

// join adds a listener to a workspace. It returns false if there are too many.
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

// admits reports whether a workspace may have one more listener.
func (t *topic) admits(l listener) bool {
	return t.listeners < listenersOfWorkspace && t.of[l.client] < listenersOfClient && t.from[l.address] < listenersOfAddress
}

// leave undoes a join.
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

// advance notifies the listeners of a workspace of a new sequence. A sequence that is not above the
// last known one has arrived late, and advance ignores it.
func (f *feed) advance(workspace string, seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.topics[workspace]; t != nil && seq > t.seq {
		t.change(seq)
	}
}

// observe notifies the listeners of a sequence that was read from the database. The argument
// before is the sequence that was known before the read began. A read sees every sequence that
// was known before it. So if seq < before, the database was restored, and the known sequence
// falls. If a greater sequence became known only during the read, seq is late and ignored, as in
// advance; the next read decides. For example, if the known sequence is 9, observe("demo", 9, 4)
// sets it to 4, but observe("demo", 3, 4) leaves it at 9.
func (f *feed) observe(workspace string, before, seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.topics[workspace]; t != nil && (seq > t.seq || seq < before && before == t.seq) {
		t.change(seq)
	}
}

// change sets the sequence and wakes the listeners.
func (t *topic) change(seq int64) {
	t.seq = seq
	close(t.changed)
	t.changed = make(chan struct{})
}

// current returns the last known sequence of a workspace, and a channel that is closed when the
// sequence changes. The caller must have joined the workspace.
func (f *feed) current(workspace string) (int64, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[workspace]
	return t.seq, t.changed
}

// sequences returns the last known sequence of each workspace that has listeners.
func (f *feed) sequences() map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := make(map[string]int64, len(f.topics))
	for name, t := range f.topics {
		known[name] = t.seq
	}
	return known
}

// Watch polls the Database for changes by other processes until the context ends. It polls four
// times a second while there are listeners. It also calls Retain, a minute after Watch begins and
// then each hour. When Watch ends, all event streams end.
func (s *Server) Watch(ctx context.Context) {
	retaining := make(chan struct{})
	go func() {
		defer close(retaining)
		s.retainHourly(ctx)
	}()
	defer func() { <-retaining }()
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
			s.options.Log.Warn("cannot look for changes", "err", err)
		}
	}
}

// readSequences reads the last sequence of each workspace that has listeners.
func (s *Server) readSequences(ctx context.Context) error {
	known := s.feed.sequences()
	if len(known) == 0 {
		return nil
	}
	list, err := json.Marshal(nameRows(slices.Sorted(maps.Keys(known))))
	if err != nil {
		return err
	}
	// A workspace that does not exist has the sequence 0.
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

// sequence returns the last sequence of a workspace, or 0 if the workspace does not exist.
func (d *Database) sequence(ctx context.Context, workspace string) (seq int64, err error) {
	if err := d.check(); err != nil {
		return 0, err
	}
	err = d.db.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM workspaces WHERE name = $1`, workspace).Scan(&seq)
	return seq, err
}
