package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// ClientsOfUser is the maximum number of client IDs that a user may bind in a workspace.
const ClientsOfUser = 1000

// users remembers for a second what the database says about the clients of recent requests, so that
// most requests need no query for it.
type users struct {
	mu      sync.Mutex
	of      map[clock.ClientID]user
	changes int // how often forget was called
}

const (
	maxKnown = 100_000     // clients
	knownFor = time.Second // how long another process may go on admitting a user who was signed out
)

// user is what the database says about a client and its user.
type user struct {
	workspace, name string    // the user to which the client is bound; empty if to none
	exists          bool      // whether the table users has the user
	issued          time.Time // rights of tokens that were issued later are followed
	ended           time.Time // tokens that were issued up to then are refused; zero if none are
	read            time.Time
}

// get returns what was read about a client within the last second, and the number of changes until now.
func (u *users) get(client clock.ClientID, now time.Time) (known user, changes int, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	known, ok = u.of[client]
	return known, u.changes, ok && now.Sub(known.read) < knownFor
}

// put remembers what was read about a client, unless something has changed since the call of get before the read.
func (u *users) put(client clock.ClientID, known user, changes int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if changes != u.changes {
		return
	}
	if len(u.of) >= maxKnown {
		clear(u.of)
	}
	u.of[client] = known
}

// forget forgets what was read. Call it after a change, and before the event streams learn about it: a stream then asks
// whether its user is still admitted.
func (u *users) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.of)
	u.changes++
}

// admit refuses the ID of a server or an import, a client that is bound to another user or workspace, and a token that
// was issued before its user was signed out. It binds a new client to its user, and follows the rights of a new token.
func (s *Server) admit(ctx context.Context, a Account) error {
	if s.tokens.isOwn(a.Client) {
		return ClientTaken()
	}
	now := s.now()
	known, changes, ok := s.users.get(a.Client, now)
	if !ok {
		var err error
		if known, err = s.database.user(ctx, a.Client); err != nil {
			return Unavailable(err)
		}
		if known.isImport() {
			return ClientTaken()
		}
		if known.name == "" || known.matches(a) && !known.exists {
			if known, err = s.bind(ctx, a); err != nil {
				return Unavailable(err)
			}
		}
		known.read = now
		s.users.put(a.Client, known, changes)
	}
	if !known.matches(a) {
		return ClientTaken()
	}
	if !known.ended.IsZero() && !a.Issued.After(known.ended) {
		return SignedOut()
	}
	if a.Rights == nil || !a.Issued.After(known.issued) {
		return nil
	}
	if err := s.follow(ctx, a); err != nil {
		return Unavailable(err)
	}
	return nil
}

// owns reports whether a client ID is bound to the user of an account.
func (s *Server) owns(ctx context.Context, a Account) (bool, error) {
	known, err := s.database.user(ctx, a.Client)
	return known.matches(a), err
}

// matches reports whether the client is bound to the user of an account.
func (u user) matches(a Account) bool { return u.workspace == a.Workspace && u.name == a.User }

// isImport reports whether the client ID belongs to an import; see Server.Import.
func (u user) isImport() bool { return u.workspace != "" && u.name == "" }

// user reads what the database says about a client and its user.
func (d *Database) user(ctx context.Context, client clock.ClientID) (found user, err error) {
	var exists bool
	var issued, ended int64
	err = d.db.QueryRowContext(ctx, `
		SELECT c.workspace, c."user", u."user" IS NOT NULL, coalesce(u.issued, 0), coalesce(u.ended, 0)
		FROM clients AS c LEFT JOIN users AS u ON u.workspace = c.workspace AND u."user" = c."user"
		WHERE c.client = $1`, client).Scan(&found.workspace, &found.name, &exists, &issued, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("read the user of a client: %w", err)
	}
	found.exists, found.issued, found.ended = exists, timeOf(issued), timeOf(ended)
	return found, nil
}

// bind binds a client that is bound to no user. If nothing was ever granted to the user or taken from
// the user, and the server issues the tokens itself, the user becomes a writer of the bucket "". This
// grant takes no sequence, because the user has pulled nothing yet or, with a token of an earlier
// version, has pulled everything. With Options.Buckets, it has the present sequence of the workspace, so
// that no forged cursor brings the IDs of records that had left the bucket before.
func (s *Server) bind(ctx context.Context, a Account) (found user, err error) {
	var clients int // counted outside the transaction: a refused request must not take the lock of SQLite
	err = s.database.db.QueryRowContext(ctx, `SELECT count(*) FROM clients WHERE workspace = $1 AND "user" = $2`, a.Workspace, a.User).Scan(&clients)
	if err != nil {
		return found, fmt.Errorf("count the clients of a user: %w", err)
	}
	if clients >= ClientsOfUser {
		return found, TooManyClients()
	}
	err = s.database.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO clients (client, workspace, "user") VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, a.Client, a.Workspace, a.User)
		if err != nil {
			return err
		}
		isNew, err := addUser(ctx, tx, a.Workspace, a.User)
		if err != nil || !isNew || s.options.Authenticate != nil {
			return err
		}
		var granted int64
		if s.division.of != nil && !a.Issued.IsZero() { // a token of an earlier version has no such time
			err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM workspaces WHERE name = $1`, a.Workspace).Scan(&granted)
			if err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO members (workspace, "user", bucket, role, granted) VALUES ($1, $2, '', $3, $4)`, a.Workspace, a.User, WriterRole, granted)
		return err
	})
	if err != nil {
		return found, fmt.Errorf("bind a client to its user: %w", err)
	}
	return s.database.user(ctx, a.Client)
}

// WriterRole is the role of a new user of the server's own tokens.
const WriterRole = "writer"

// addUser adds a user, and reports whether the user is new.
func addUser(ctx context.Context, tx *sql.Tx, workspace, user string) (isNew bool, err error) {
	result, err := tx.ExecContext(ctx, `
		INSERT INTO users (workspace, "user") VALUES ($1, $2) ON CONFLICT DO NOTHING`, workspace, user)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
