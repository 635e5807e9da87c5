package server

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// maxJournal is how many bytes the journal of a workspace may have. It holds what was pushed and
// what was there before, so it grows faster than the records, and with each push.
const maxJournal = 1 << 30

// writeJournal keeps a line of the journal. It belongs in the transaction: then the
// journal has what was stored, and nothing else, in the order in which it was stored. Of a
// journal that has more than most bytes, the oldest lines go.
func (s *session) writeJournal(ctx context.Context, line []byte, most int64) error {
	s.entries++
	_, err := s.tx.ExecContext(ctx, `INSERT INTO journal (workspace, entry, line) VALUES ($1, $2, $3)`, s.workspace, s.entries, string(line))
	if err != nil {
		return fmt.Errorf("store the journal: %w", err)
	}
	if s.lines += int64(len(line)); s.lines <= most {
		return nil
	}
	if err := s.trimJournal(ctx, most); err != nil {
		return fmt.Errorf("shorten the journal: %w", err)
	}
	return nil
}

// trimJournal removes the oldest lines, and leaves the last one. It removes only so many at a
// time, which is more than are added.
func (s *session) trimJournal(ctx context.Context, most int64) error {
	rows, err := s.tx.QueryContext(ctx, `
		SELECT entry, octet_length(line) FROM journal WHERE workspace = $1 AND entry < $2 ORDER BY entry LIMIT 20`, s.workspace, s.entries)
	if err != nil {
		return err
	}
	defer rows.Close()
	last := int64(0)
	for s.lines > most && rows.Next() {
		var bytes int64
		if err := rows.Scan(&last, &bytes); err != nil {
			return err
		}
		s.lines -= bytes
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	_, err = s.tx.ExecContext(ctx, `DELETE FROM journal WHERE workspace = $1 AND entry <= $2`, s.workspace, last)
	return err
}

// ErrEmpty says that a workspace has no records or no journal, or does not exist.
var ErrEmpty = errors.New("the workspace is empty or does not exist: check its name, and for a journal whether the server keeps one")

// Journal writes the journal of a workspace, which examples/replay reads. It holds what
// users wrote. If nobody kept one, that is ErrEmpty.
//
// No query is under way while it writes: in SQLite the log would grow for as long as somebody
// reads page by page.
func (d *Database) Journal(ctx context.Context, w io.Writer, workspace string) error {
	for entry := int64(0); ; {
		lines, last, err := d.journal(ctx, workspace, entry)
		if err != nil {
			return err
		}
		if last == entry {
			if entry == 0 {
				return ErrEmpty
			}
			return nil
		}
		if _, err := w.Write(lines); err != nil {
			return err
		}
		entry = last
	}
}

// journal returns the lines after an entry, a megabyte or one line, and the last entry of them.
func (d *Database) journal(ctx context.Context, workspace string, after int64) (lines []byte, last int64, err error) {
	rows, err := d.db.QueryContext(ctx, `
		SELECT entry, line FROM journal WHERE workspace = $1 AND entry > $2 ORDER BY entry LIMIT 8`, workspace, after)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for last = after; len(lines) < 1<<20 && rows.Next(); {
		var line string
		if err := rows.Scan(&last, &line); err != nil {
			return nil, 0, err
		}
		lines = append(append(lines, line...), '\n')
	}
	return lines, last, rows.Err()
}
