package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
)

// A segment holds consecutive entries of a journal, compressed. All segments of a workspace are
// older than its open entries, which are rows of the table journal. The open entries are closed,
// that is, moved to segments, with each sample, so that the segments before a sample can be removed
// as a whole when they are older than the retention. A journal that grows fast is closed each hour.
const (
	segmentBytes   = 1 << 20 // the size of the lines; only the last line may exceed it
	segmentEntries = 1000
	openEntries    = 20 // a journal with more open entries is closed each hour
)

// closeJournals closes the journals that have grown fast. They are closed without a retention too.
func (s *Server) closeJournals(ctx context.Context) error {
	names, err := s.database.workspaces(ctx, `(SELECT min(entry) FROM journal WHERE workspace = name) <= entries - $1`, openEntries)
	for _, name := range names {
		if failed := s.closeJournal(ctx, name, math.MaxInt64); failed != nil {
			err = errors.Join(err, fmt.Errorf("compress the journal of the workspace %q: %w", name, failed))
		}
	}
	return err
}

// closeJournal closes the open entries up to the given one, in small transactions.
func (s *Server) closeJournal(ctx context.Context, workspace string, until int64) error {
	return s.repeat(ctx, workspace, func(ctx context.Context, tx *session) (more bool, err error) {
		return tx.closeSegment(ctx, until)
	})
}

// closeSegment moves the oldest open entries, up to the given one, to a segment. The result is false
// if no more of these entries are open.
func (s *session) closeSegment(ctx context.Context, until int64) (more bool, err error) {
	last, full, err := s.endOfSegment(ctx, until)
	if err != nil || last == 0 {
		return false, err
	}
	rows, err := s.tx.QueryContext(ctx, `
		SELECT entry, line FROM journal WHERE workspace = $1 AND entry <= $2 ORDER BY entry`, s.workspace, last)
	if err != nil {
		return false, fmt.Errorf("read the journal: %w", err)
	}
	defer rows.Close()
	var lines []byte
	var first, entry int64
	for rows.Next() {
		var line string
		if err := rows.Scan(&entry, &line); err != nil {
			return false, fmt.Errorf("read the journal: %w", err)
		}
		if first == 0 {
			first = entry
		}
		s.lines -= int64(len(line))
		lines = append(append(lines, line...), '\n')
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("read the journal: %w", err)
	}
	rows.Close()
	data := packLines(lines)
	s.lines += int64(len(data))
	_, err = s.tx.ExecContext(ctx, `INSERT INTO segments (workspace, last, first, data) VALUES ($1, $2, $3, $4)`, s.workspace, last, first, data)
	if err == nil {
		_, err = s.tx.ExecContext(ctx, `DELETE FROM journal WHERE workspace = $1 AND entry <= $2`, s.workspace, last)
	}
	if err != nil {
		return false, fmt.Errorf("store a segment of the journal: %w", err)
	}
	return full, nil
}

// endOfSegment returns the last entry of the next segment, or 0 if no entry up to the given one is
// open. It reports whether the segment is full, so that further entries may be open.
func (s *session) endOfSegment(ctx context.Context, until int64) (last int64, full bool, err error) {
	rows, err := s.tx.QueryContext(ctx, `
		SELECT entry, octet_length(line) FROM journal WHERE workspace = $1 AND entry <= $2 ORDER BY entry LIMIT $3`, s.workspace, until, segmentEntries)
	if err != nil {
		return 0, false, fmt.Errorf("look up the journal: %w", err)
	}
	defer rows.Close()
	entries, size := 0, 0
	for !full && rows.Next() {
		var line int
		if err := rows.Scan(&last, &line); err != nil {
			return 0, false, fmt.Errorf("look up the journal: %w", err)
		}
		entries, size = entries+1, size+line
		full = entries == segmentEntries || size >= segmentBytes
	}
	return last, full, rows.Err()
}

// packLines compresses lines to the data of a segment: a gzip file, which replay reads.
func packLines(lines []byte) []byte {
	var data bytes.Buffer
	z := gzip.NewWriter(&data)
	z.Write(lines) // a bytes.Buffer returns no error
	z.Close()
	return data.Bytes()
}

// unpackLines returns the lines of a segment, each with its line break.
func unpackLines(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decompress a segment of the journal: %w", err)
	}
	lines, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("decompress a segment of the journal: %w", err)
	}
	return lines, nil
}

// segment returns the lines of the oldest segment with an entry after the given one, without the
// lines up to that entry, and the last entry of the segment. If there is no such segment, the
// results are nil and 0.
func (d *Database) segment(ctx context.Context, workspace string, after int64) (lines []byte, last int64, err error) {
	rows, err := d.db.QueryContext(ctx, `
		SELECT first, last, data FROM segments WHERE workspace = $1 AND last > $2 ORDER BY last LIMIT 1`, workspace, after)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, 0, rows.Err()
	}
	var first int64
	var data []byte
	if err := rows.Scan(&first, &last, &data); err != nil {
		return nil, 0, err
	}
	if lines, err = unpackLines(data); err != nil {
		return nil, 0, err
	}
	for ; first <= after; first++ { // the segment was closed after these lines were read
		lines = lines[bytes.IndexByte(lines, '\n')+1:]
	}
	return lines, last, rows.Err()
}
