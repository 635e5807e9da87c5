package server

import (
	"context"
	"database/sql"
	"net/http"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// healthAnswer is what GET /v1/health answers.
type healthAnswer struct {
	// Status is "ok", or "degraded" if some workspaces have trouble and others do not.
	Status     string          `json:"status"`
	ServerTime clock.Timestamp `json:"serverTime"`
	// Failing is how many workspaces could not be pushed to lately, such as one that is held
	// by a process that hangs.
	Failing int `json:"failing,omitempty"`
	// Unchecked are the names of rules by which something could not be checked; see
	// Server.Audit.
	Unchecked []string `json:"unchecked,omitempty"`
}

// serveHealth answers GET /v1/health. The status 200 says that the database stores what it
// gets, which is tried: a database that is full, read-only, held by another process or removed
// can still be read. The status 503 says that this process stores nothing.
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) error {
	unchecked, err := s.health.check(s.database)
	if err != nil {
		return unavailable(err)
	}
	answer := healthAnswer{Status: "ok", ServerTime: clock.TimestampOf(s.options.Now()), Failing: s.health.failing(), Unchecked: unchecked}
	if answer.Failing > 0 || len(unchecked) > 0 {
		answer.Status = "degraded"
	}
	return writeJSON(w, answer)
}

// A check is good for a while, however many ask, and may take only so long. A workspace counts
// as failing for a minute after its last failure, unless a push succeeds.
const (
	healthAge     = 5 * time.Second
	healthTimeout = 5 * time.Second
	failingAge    = time.Minute
	maxFailing    = 1000 // workspaces that are remembered
)

// health is what is known of how the server is. The zero health knows nothing.
type health struct {
	checking  sync.Mutex
	at        time.Time // of the last check
	unchecked []string  // its result: the rules by which something is unchecked
	err       error

	mu     sync.Mutex
	failed map[string]time.Time // the last failure of each workspace
}

// check returns what the last check found, or checks again.
func (h *health) check(d *Database) (unchecked []string, err error) {
	h.checking.Lock()
	defer h.checking.Unlock()
	if h.at.IsZero() || time.Since(h.at) > healthAge {
		// Whoever asks may give up: that says nothing about the database.
		ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
		defer cancel()
		if h.err = d.probe(ctx); h.err == nil {
			h.unchecked, h.err = d.unchecked(ctx)
		}
		h.at = time.Now()
	}
	return h.unchecked, h.err
}

// probe looks whether the database has its tables, and stores what is there already.
func (d *Database) probe(ctx context.Context) error {
	if _, err := d.sequence(ctx, ""); err != nil {
		return err
	}
	return d.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE secrets SET key = key WHERE one = 1`)
		return err
	})
}

// recordPush keeps in mind how a push to a workspace ended, if that says something about it.
func (h *health) recordPush(workspace string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ok {
		delete(h.failed, workspace)
		return
	}
	if h.failed == nil {
		h.failed = make(map[string]time.Time)
	}
	if len(h.failed) < maxFailing {
		h.failed[workspace] = time.Now()
	}
}

// failing returns how many workspaces have failed lately.
func (h *health) failing() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	for workspace, at := range h.failed {
		if time.Since(at) > failingAge {
			delete(h.failed, workspace)
		}
	}
	return len(h.failed)
}
