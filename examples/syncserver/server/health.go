package server

import (
	"context"
	"database/sql"
	"net/http"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// healthAnswer is the answer to GET /v1/health.
type healthAnswer struct {
	// Status is "ok", or "degraded" if Failing or Unchecked is set.
	Status     string          `json:"status"`
	ServerTime clock.Timestamp `json:"serverTime"`
	// Failing is the number of workspaces to which a push failed recently, for example because a
	// process that hangs holds the lock.
	Failing int `json:"failing,omitempty"`
	// Unchecked names the rules that could not check some scopes, in any workspace; see
	// Server.Audit.
	Unchecked []string `json:"unchecked,omitempty"`
}

// serveHealth answers GET /v1/health. The status 200 means that the database accepts writes, and
// 503 means that this process cannot store anything. The check writes to the database, because a
// database that is full, read-only, locked by another process or removed can still be read.
func (s *Frontend) serveHealth(w http.ResponseWriter, _ *http.Request) error {
	unchecked, err := s.health.check(s.backend)
	if err != nil {
		return Unavailable(err)
	}
	answer := healthAnswer{Status: "ok", ServerTime: clock.TimestampOf(s.options.Now()), Failing: s.health.failing(), Unchecked: unchecked}
	if answer.Failing > 0 || len(unchecked) > 0 {
		answer.Status = "degraded"
	}
	return writeJSON(w, answer)
}

// The result of a check is reused for healthAge, so frequent requests cost the database little. A
// workspace counts as failing for failingAge after its last failure, unless a push succeeds.
const (
	healthAge     = 5 * time.Second
	healthTimeout = 5 * time.Second // for a check
	failingAge    = time.Minute
	maxFailing    = 1000 // failing workspaces to remember
)

// health holds the known state of the server. The zero value is ready to use.
type health struct {
	checking  sync.Mutex
	at        time.Time // of the last check
	unchecked []string  // the rules that could not check some scopes, at the last check
	err       error     // of the last check

	mu     sync.Mutex
	failed map[string]time.Time // the last failure of each workspace
}

// check returns the result of the last check, or checks again if that result is too old.
func (h *health) check(b Backend) (unchecked []string, err error) {
	h.checking.Lock()
	defer h.checking.Unlock()
	if h.at.IsZero() || time.Since(h.at) > healthAge {
		// The check does not use the context of the request: if the client gives up, that must
		// not count as a failure of the database.
		ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
		defer cancel()
		h.unchecked, h.err = b.Check(ctx)
		h.at = time.Now()
	}
	return h.unchecked, h.err
}

// probe checks that the database has its tables and accepts writes. It writes a value that is
// already stored.
func (d *Database) probe(ctx context.Context) error {
	if _, err := d.sequence(ctx, ""); err != nil {
		return err
	}
	return d.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE secrets SET key = key WHERE one = 1`)
		return err
	})
}

// recordPush records whether a push to a workspace succeeded. Call it only if the push succeeded, or
// failed with the status 503 while the client still waited: other failures, such as a malformed
// body, say nothing about the workspace.
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

// failing returns how many workspaces have failed within failingAge.
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
