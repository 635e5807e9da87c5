package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
)

// writeJournal keeps a line of the journal. It belongs in the transaction: then the
// journal has what was stored, and nothing else, in the order in which it was stored.
func (s *session) writeJournal(ctx context.Context, line []byte) error {
	s.entries++
	_, err := s.tx.ExecContext(ctx, `INSERT INTO journal (workspace, entry, line) VALUES ($1, $2, $3)`, s.workspace, s.entries, string(line))
	if err != nil {
		return fmt.Errorf("store the journal: %w", err)
	}
	return nil
}

// ErrEmpty says that there is nothing of the kind in a workspace, or no such workspace.
var ErrEmpty = errors.New("there is none")

// Journal writes the journal of a workspace, which examples/replay reads. It holds what
// users wrote. If nobody kept one, that is ErrEmpty.
func (d *Database) Journal(ctx context.Context, w io.Writer, workspace string) error {
	rows, err := d.db.QueryContext(ctx, `SELECT line FROM journal WHERE workspace = $1 ORDER BY entry`, workspace)
	if err != nil {
		return err
	}
	defer rows.Close()
	empty := ErrEmpty
	for rows.Next() {
		empty = nil
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return cmp.Or(rows.Err(), empty)
}
