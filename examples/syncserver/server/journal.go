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

// writeJournal adds a line to the journal. It must run in the transaction of the push or the event, so that the
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

// trimmed is how many segments or lines trimJournal removes at most. A push adds only one line.
const trimmed = 20

// trimJournal removes the oldest segments, and then the oldest lines, until the journal fits, but
// never the last line.
func (s *session) trimJournal(ctx context.Context, most int64) error {
	for _, table := range journalTables() {
		if n, err := s.trim(ctx, table, most); err != nil || n == trimmed {
			return err
		}
	}
	return nil
}

// journalTable is a table that holds a part of the journal.
type journalTable struct {
	name    string
	entry   string // the column with the number of the last entry of a row
	content string // the column with the lines
	packed  bool   // whether the lines are compressed
}

// journalTables returns the tables of the journal, beginning with the older entries.
func journalTables() [2]journalTable {
	return [...]journalTable{{"segments", "last", "data", true}, {"journal", "entry", "line", false}}
}

// trim removes the oldest rows of a table of the journal until the journal fits, and returns how many.
func (s *session) trim(ctx context.Context, table journalTable, most int64) (n int, err error) {
	rows, err := s.tx.QueryContext(ctx, fmt.Sprintf(`
		SELECT %[2]s, octet_length(%[3]s) FROM %[1]s WHERE workspace = $1 AND %[2]s < $2 ORDER BY %[2]s LIMIT %[4]d`, table.name, table.entry, table.content, trimmed), s.workspace, s.entries)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	last := int64(0)
	for ; s.lines > most && rows.Next(); n++ {
		var size int64
		if err := rows.Scan(&last, &size); err != nil {
			return 0, err
		}
		s.lines -= size
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || n == 0 {
		return 0, err
	}
	_, err = s.tx.ExecContext(ctx, fmt.Sprintf(`DELETE FROM %s WHERE workspace = $1 AND %s <= $2`, table.name, table.entry), s.workspace, last)
	return n, err
}

// ErrEmpty reports that a workspace has no records or no journal, or does not exist.
var ErrEmpty = errors.New("the workspace is empty or does not exist: check its name")

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
// entry. It returns the lines of one segment, or at most 8 open entries, and stops when they reach a
// megabyte. The open entries are read first: meanwhile, they can be moved to a segment, and no entry
// moves the other way.
func (d *Database) journal(ctx context.Context, workspace string, after int64) (lines []byte, last int64, err error) {
	open, lastOpen, err := d.openLines(ctx, workspace, after)
	if err != nil {
		return nil, 0, err
	}
	lines, last, err = d.segment(ctx, workspace, after)
	if err != nil || last > 0 {
		return lines, last, err
	}
	return open, lastOpen, nil
}

// openLines returns some of the open entries for journal.
func (d *Database) openLines(ctx context.Context, workspace string, after int64) (lines []byte, last int64, err error) {
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
