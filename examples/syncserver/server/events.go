package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// serveEvents answers GET /v1/events with server-sent events. Each event is the last sequence of the
// workspace. The server sends an event at once, and whenever something changes in the buckets of the
// user, or the buckets of the user change. A client whose cursor differs pulls, even if its cursor is
// greater: the sequence falls when the database is restored, and the pull then reports that.
//
// The stream ends when the token ends, and when the user is signed out.
func (s *Frontend) serveEvents(w http.ResponseWriter, r *http.Request, m Sender) error {
	if _, err := s.lensOf(r); err != nil { // as the pull that follows would say
		return err
	}
	l := s.feed.listen(m, addressOf(r))
	if l == nil {
		return Unavailable(errors.New("too many event streams are open"))
	}
	defer s.feed.leave(l)
	if err := s.follows(r.Context(), l); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	alive := time.NewTicker(15 * time.Second)
	defer alive.Stop()
	var ended <-chan time.Time // never, if the token does not end
	if !m.Ends.IsZero() {
		ended = time.After(m.Ends.Sub(s.now()))
	}
	again := time.After(knownFor) // another process may have signed the user out just before the stream began
	for told := int64(unknown); ; {
		seq, moved := s.feed.take(l)
		if moved {
			if _, err := s.authenticate(r); err != nil {
				return nil // the client is told when it reconnects
			}
			if err := s.follows(r.Context(), l); err != nil {
				return err
			}
			continue
		}
		if seq != told {
			if err := send(w, fmt.Appendf(nil, "data: %d\n\n", seq)); err != nil {
				return err
			}
			told = seq
		}
		select {
		case <-l.wake:
		case <-alive.C:
			if err := send(w, []byte(": alive\n\n")); err != nil { // keeps proxies and networks from closing an idle stream
				return err
			}
		case <-again:
			if _, err := s.authenticate(r); err != nil {
				return nil
			}
		case <-ended:
			return nil
		case <-s.stopped:
			return nil // the client reconnects, perhaps to another process
		case <-r.Context().Done():
			return nil
		}
	}
}

// follows subscribes a listener to the buckets that its user has now.
func (s *Frontend) follows(ctx context.Context, l *listener) error {
	buckets, seq, err := s.backend.Follow(ctx, l.Sender)
	if err != nil {
		return Unavailable(err)
	}
	slices.Sort(buckets)
	s.feed.subscribe(l, buckets)
	s.feed.begin(l, seq)
	return nil
}

// Watch tells the event streams of changes until the context ends, and lets the backend do what it does
// from time to time. When Watch ends, all event streams end.
func (s *Frontend) Watch(ctx context.Context) {
	defer close(s.stopped)
	s.backend.Watch(ctx, s.feed.observe)
}

// watch polls the Database for changes by other processes until the context ends. It polls four
// times a second while there are listeners. It also calls Retain, a minute after watch begins and
// then each hour.
func (s *Server) watch(ctx context.Context) {
	retaining := make(chan struct{})
	go func() {
		defer close(retaining)
		s.retainHourly(ctx)
	}()
	defer func() { <-retaining }()
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
	var changed []News
	for rows.Next() {
		var name string
		var seq int64
		if err := rows.Scan(&name, &seq); err != nil {
			return err
		}
		if seq != known[name] {
			changed = append(changed, News{Workspace: name, Before: known[name], Seq: seq})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, n := range changed {
		if n.Seq > n.Before && n.Seq-n.Before <= maxLook {
			if err := s.database.findNews(ctx, &n); err != nil {
				return err
			}
		}
		if len(n.Users) > 0 {
			s.users.forget()
		}
		s.feed.observe(n)
	}
	return nil
}

// maxLook is the number of sequences up to which the server looks for the buckets in which another
// process changed something. After more changes, it wakes all listeners of the workspace.
const maxLook = 10_000

// findNews finds the buckets in which something changed, and the users whose membership changed.
func (d *Database) findNews(ctx context.Context, n *News) error {
	rows, err := d.db.QueryContext(ctx, `
		SELECT 0, bucket FROM records WHERE workspace = $1 AND bucket <> '' AND seq > $2
		UNION SELECT 0, '' FROM records WHERE workspace = $1 AND bucket = '' AND seq > $2
		UNION SELECT 0, bucket FROM log WHERE workspace = $1 AND seq > $2
		UNION SELECT 1, "user" FROM users WHERE workspace = $1 AND changed > $2`, n.Workspace, n.Before)
	if err != nil {
		return err
	}
	defer rows.Close()
	n.Buckets, n.Users = make(map[string]bool), make(map[string]bool)
	for rows.Next() {
		var isUser bool
		var name string
		if err := rows.Scan(&isUser, &name); err != nil {
			return err
		}
		if isUser {
			n.Users[name] = true
		} else {
			n.Buckets[name] = true
		}
	}
	return rows.Err()
}

// follow returns the buckets of a user, and the last sequence of the workspace, in this order.
func (d *Database) follow(ctx context.Context, m Sender) (buckets []string, seq int64, err error) {
	buckets, err = d.names(ctx, `SELECT bucket FROM members WHERE workspace = $1 AND "user" = $2`, m.Workspace, m.User)
	if err == nil {
		seq, err = d.sequence(ctx, m.Workspace)
	}
	return buckets, seq, err
}

// sequence returns the last sequence of a workspace, or 0 if the workspace does not exist.
func (d *Database) sequence(ctx context.Context, workspace string) (seq int64, err error) {
	if err := d.check(); err != nil {
		return 0, err
	}
	err = d.db.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM workspaces WHERE name = $1`, workspace).Scan(&seq)
	return seq, err
}
