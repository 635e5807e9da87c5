package server

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
)

// entryLine is a line of the journal with the number of its entry.
type entryLine struct {
	entry int64
	text  []byte
}

// journalEnd has the lines at the end of a journal that a caller wants, in the order of the journal.
type journalEnd struct {
	lines []entryLine
	size  int  // bytes that were read
	cut   bool // whether the journal has or had earlier entries that were not read
	first int64
}

// journalEnd reads the journal of a workspace backwards until it has read historyBytes. It returns the lines that the
// function wants. No query is open while the function runs.
func (d *Database) journalEnd(ctx context.Context, workspace string, wants func(line []byte) bool) (end journalEnd, err error) {
	end.first = math.MaxInt64
	for _, next := range []func(context.Context, string, int64) ([]entryLine, error){d.openBefore, d.segmentBefore} {
		for end.size < historyBytes {
			lines, err := next(ctx, workspace, end.first)
			if err != nil {
				return end, fmt.Errorf("read the journal: %w", err)
			}
			if len(lines) == 0 {
				break
			}
			end.add(lines, wants)
		}
	}
	slices.Reverse(end.lines)
	end.cut = end.first > 1 && end.first < math.MaxInt64
	return end, nil
}

// add adds lines in descending order.
func (e *journalEnd) add(lines []entryLine, wants func(line []byte) bool) {
	for _, l := range lines {
		e.size += len(l.text)
		e.first = l.entry
		if wants(l.text) {
			e.lines = append(e.lines, entryLine{l.entry, slices.Clone(l.text)})
		}
	}
}

// openBefore returns the last of the open entries before the given one, in descending order: at most 1,000 and, unless the
// first is larger, a megabyte.
func (d *Database) openBefore(ctx context.Context, workspace string, before int64) ([]entryLine, error) {
	least, err := d.openFrom(ctx, workspace, before)
	if err != nil || least == 0 {
		return nil, err
	}
	rows, err := d.db.QueryContext(ctx, `
		SELECT entry, line FROM journal WHERE workspace = $1 AND entry >= $2 AND entry < $3 ORDER BY entry DESC`, workspace, least, before)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var lines []entryLine
	for rows.Next() {
		var l entryLine
		if err := rows.Scan(&l.entry, &l.text); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, rows.Err()
}

// openFrom returns the least of the open entries that openBefore reads, or 0 if there are none.
func (d *Database) openFrom(ctx context.Context, workspace string, before int64) (least int64, err error) {
	rows, err := d.db.QueryContext(ctx, `
		SELECT entry, octet_length(line) FROM journal WHERE workspace = $1 AND entry < $2 ORDER BY entry DESC LIMIT $3`, workspace, before, segmentEntries)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for size := 0; size < segmentBytes && rows.Next(); {
		var length int
		if err := rows.Scan(&least, &length); err != nil {
			return 0, err
		}
		size += length
	}
	return least, rows.Err()
}

// segmentBefore returns the lines of the last segment with an entry before the given one, in descending order and without
// the later lines. Open entries may have moved to the segment after they were read.
func (d *Database) segmentBefore(ctx context.Context, workspace string, before int64) ([]entryLine, error) {
	rows, err := d.db.QueryContext(ctx, `
		SELECT first, data FROM segments WHERE workspace = $1 AND first < $2 ORDER BY last DESC LIMIT 1`, workspace, before)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	var first int64
	var data []byte
	if err := rows.Scan(&first, &data); err != nil {
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	text, err := unpackLines(data)
	if err != nil {
		return nil, err
	}
	var lines []entryLine
	for line := range bytes.Lines(text) {
		if first < before {
			lines = append(lines, entryLine{first, bytes.TrimSuffix(line, []byte("\n"))})
		}
		first++
	}
	slices.Reverse(lines)
	return lines, nil
}
