package server

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// maxJournal is the maximum size of the journal of a workspace, in bytes. For each push, the
// journal contains the items and the stored records that they change, so it grows with each push,
// and faster than the records.
const maxJournal = 1 << 30

// writeJournal adds a line to the journal. It must run in the transaction of the push, so that the
// journal contains exactly the stored pushes, in the order in which they were stored. The last
// argument is the maximum size of the journal in bytes: when the journal is larger, writeJournal
// removes the oldest lines.
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

// trimJournal removes the oldest lines until the journal fits, but never the last line. It removes
// at most 20 lines per call, and a push adds only one.
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

// ErrEmpty reports that a workspace has no records or no journal, or does not exist.
var ErrEmpty = errors.New("the workspace is empty or does not exist: check its name and, for a journal, whether the server keeps one")

// Journal writes the journal of a workspace to w, for examples/replay. The journal contains the
// values that users wrote. The error is ErrEmpty if there is no journal.
//
// No query is open while Journal writes to w. Otherwise the write-ahead log of SQLite would grow
// for as long as a slow reader takes.
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

// journal returns some of the lines after the given entry, and the number of the last returned
// entry. It returns at most 8 lines, and stops when they reach a megabyte.
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
