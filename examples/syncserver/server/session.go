package server

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/record"
)

// session is a transaction that holds the lock of one workspace.
type session struct {
	*Database
	division
	tx        *sql.Tx
	workspace string
	divided   string // the version of the division by which the records are filed
	departed  int64  // the sequence up to which departures were purged
	seq       int64  // the last sequence
	entries   int64  // the last entry of the journal
	bytes     int64  // the size of all records with their keys, and of the log
	lines     int64  // the size of the journal
	counted   int64  // the sequence up to which the summaries are right; see recount
	imports   registry
	foreign   bool // an earlier version of the server has written since
	epoch     string
	fence     fence
	unswept   map[record.Key]int // the stored size of records that were read as their normal form
	read      int                // bytes of records read so far
	written   int                // bytes of records written so far
	indexed   int                // index entries and rows of the log removed or added so far
	before    int64              // the last sequence at the beginning
	touched   map[string]bool    // the buckets in which a row got a new sequence
	moved     map[string]bool    // the users whose membership changed
	allRight  bool               // whether no scope is unchecked, as storeUnchecked has read
	pre       prefetched         // for several pushes
	unplaced  []string           // the scopes of rows that must still move with their records; see placeRest
}

// locked runs f in a transaction that holds the lock of a workspace. It then stores the last
// sequence of the workspace, and tells the listeners of the changes.
func (s *Server) locked(ctx context.Context, workspace string, f func(*session) error) error {
	tx := &session{division: s.division, workspace: workspace}
	err := s.database.locked(ctx, tx, func(tx *session) error {
		if err := tx.checkDivision(); err != nil {
			return err
		}
		tx.before = tx.seq
		if err := f(tx); err != nil {
			return err
		}
		return tx.placeRest(ctx, s.options.Rules)
	})
	if len(tx.moved) > 0 {
		s.users.forget()
	}
	if err == nil && tx.seq > tx.before {
		s.feed.advance(News{Workspace: workspace, Before: tx.before, Seq: tx.seq, Buckets: tx.touched, Users: tx.moved})
	}
	return err
}

func (d *Database) locked(ctx context.Context, s *session, f func(*session) error) error {
	s.Database, s.unswept = d, make(map[record.Key]int)
	s.touched, s.moved = make(map[string]bool), make(map[string]bool)
	return d.transaction(ctx, func(tx *sql.Tx) error {
		s.tx = tx
		if err := s.lock(ctx); err != nil {
			return err
		}
		if err := s.recount(ctx); err != nil {
			return err
		}
		caughtUp := s.counted == s.seq
		if err := f(s); err != nil {
			return err
		}
		if caughtUp {
			s.counted = s.seq
		}
		return s.storeState(ctx)
	})
}

// lock locks the workspace and reads its row. Setting a column to its own value locks the row in
// both databases. Unlike SELECT … FOR UPDATE, the statement also creates a missing row, which
// could not be locked otherwise.
//
// The epoch is a random name for the history of sequences and fences. A new workspace, or one
// that an earlier version created, gets its epoch here.
func (s *session) lock(ctx context.Context) error {
	err := s.tx.QueryRowContext(ctx, `
		INSERT INTO workspaces (name, seq, entries, division) VALUES ($1, 0, 0, $2)
		ON CONFLICT (name) DO UPDATE SET seq = workspaces.seq
		RETURNING seq, entries, bytes, lines, summed, epoch, fence_seq, fence_stamp, level, division, departed, imports`, s.workspace, s.version).Scan(
		&s.seq, &s.entries, &s.bytes, &s.lines, &s.counted, &s.epoch, &s.fence.seq, &s.fence.stamp, &s.fence.level, &s.divided, &s.departed, &s.imports)
	if s.epoch == "" {
		s.epoch = rand.Text()
	}
	return err
}

// storeState stores the row of the workspace.
func (s *session) storeState(ctx context.Context) error {
	_, err := s.tx.ExecContext(ctx, `
		UPDATE workspaces SET seq = $2, entries = $3, bytes = $4, lines = $5, counted = $6, summed = $6,
			epoch = $7, fence_seq = $8, fence_stamp = $9, level = $10, division = $11, departed = $12, imports = $13
		WHERE name = $1`,
		s.workspace, s.seq, s.entries, s.bytes, s.lines, s.counted, s.epoch, s.fence.seq, s.fence.stamp, s.fence.level, s.divided, s.departed, s.imports)
	return err
}

// exec runs a statement with a list as its parameter. An error names what the statement stores.
func (s *session) exec(ctx context.Context, what, statement string, rows any) error {
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	if _, err = s.tx.ExecContext(ctx, s.rows(statement), string(list), s.workspace); err != nil {
		return fmt.Errorf("store %s: %w", what, err)
	}
	return nil
}
