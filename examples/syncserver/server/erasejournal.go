package server

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// eraseJournal replaces what the journal holds of the erased records by marks; see
// merge.JournalEraser. A line that cannot be read is replaced by an empty object, because it may
// hold the values.
func (e *erasing) eraseJournal(ctx context.Context) error {
	j := &merge.JournalEraser{Erases: e.isAbout}
	words := e.words()
	err := e.eachPart(ctx, func(p journalPart) error {
		for line := range bytes.Lines(p.lines) {
			if containsAny(line, words) && !isEvent(line) {
				j.Collect(line) // Rewrite returns the same error
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.eachPart(ctx, func(p journalPart) error {
		changed := e.done.Lines
		var after []byte
		for line := range bytes.Lines(p.lines) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			if containsAny(line, words) && !isEvent(line) {
				now, err := j.Rewrite(line)
				if err != nil {
					now = []byte("{}")
				}
				if !bytes.Equal(now, line) {
					e.done.Lines++
				}
				line = now
			}
			after = append(append(after, line...), '\n')
		}
		if e.done.Lines == changed {
			return nil
		}
		return e.storePart(ctx, p, after)
	})
}

// maxWords is the maximum number of IDs for which it is faster to look for them in a line than to
// parse the line.
const maxWords = 16

// plainID matches IDs that have the same form in every JSON text.
var plainID = regexp.MustCompile(`^[0-9A-Za-z._:/-]+$`)

// words returns texts such that each line of the journal that holds a value of an erased record
// contains one of them. An item that was malformed before its ID may be about the record too, and its
// refusal may name a field. The result is nil if there are too many words, or if an ID can have several
// forms.
func (e *erasing) words() [][]byte {
	words := [][]byte{[]byte(`"` + violation.DefaultTable + `"`), []byte(`"id":""`)}
	for key := range e.keys {
		if len(words) > maxWords || !plainID.MatchString(key.ID) {
			return nil
		}
		words = append(words, []byte(key.ID))
	}
	return words
}

// containsAny reports whether a line contains one of the words. It returns true if there are no
// words.
func containsAny(line []byte, words [][]byte) bool {
	for _, word := range words {
		if bytes.Contains(line, word) {
			return true
		}
	}
	return len(words) == 0
}

// journalPart is a row of one of the tables of the journal: a segment, or an open entry.
type journalPart struct {
	table journalTable
	last  int64 // the last entry
	size  int   // as stored, in bytes
	lines []byte
}

// eachPart calls f with each part of the journal, in ascending order. f may use the transaction.
func (e *erasing) eachPart(ctx context.Context, f func(journalPart) error) error {
	for _, table := range journalTables() {
		for after := int64(0); ; {
			parts, err := e.parts(ctx, table, after)
			if err != nil {
				return fmt.Errorf("read the journal: %w", err)
			}
			if len(parts) == 0 {
				break
			}
			for _, p := range parts {
				if err := f(p); err != nil {
					return fmt.Errorf("erase the journal: %w", err)
				}
				after = p.last
			}
		}
	}
	return nil
}

// parts returns some rows of a table of the journal after the given entry.
func (e *erasing) parts(ctx context.Context, table journalTable, after int64) (parts []journalPart, err error) {
	rows, err := e.tx.QueryContext(ctx, fmt.Sprintf(`
		SELECT %[2]s, %[3]s FROM %[1]s WHERE workspace = $1 AND %[2]s > $2 ORDER BY %[2]s LIMIT 8`, table.name, table.entry, table.content), e.workspace, after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		p := journalPart{table: table}
		var content []byte
		if err := rows.Scan(&p.last, &content); err != nil {
			return nil, err
		}
		if p.size = len(content); table.packed {
			p.lines, err = unpackLines(content)
		} else {
			p.lines = append(content, '\n')
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

// storePart replaces the lines of a part of the journal.
func (e *erasing) storePart(ctx context.Context, p journalPart, lines []byte) error {
	var content any = string(lines[:len(lines)-1])
	size := len(lines) - 1
	if p.table.packed {
		data := packLines(lines)
		content, size = data, len(data)
	}
	e.lines += int64(size - p.size)
	_, err := e.tx.ExecContext(ctx, fmt.Sprintf(`
		UPDATE %[1]s SET %[3]s = $3 WHERE workspace = $1 AND %[2]s = $2`, p.table.name, p.table.entry, p.table.content), e.workspace, p.last, content)
	return err
}

// maxErasedForm is a size in bytes that is greater than the size of each erased form.
const maxErasedForm = 500

// withoutErased returns a line of the journal without the data of items on erased records. The
// engine leaves out the data of such an item, unless the item was refused before the engine looked at
// its record, for example because of its stamp.
func (s *session) withoutErased(ctx context.Context, line []byte, results []merge.Result) ([]byte, error) {
	var keys []record.Key
	for _, r := range results {
		if r.Refusal != nil && r.Refusal.Code != merge.Gone {
			keys = append(keys, r.Key)
		}
	}
	if len(keys) == 0 {
		return line, nil
	}
	erased, err := s.erasedAmong(ctx, keys)
	if err != nil || len(erased) == 0 {
		return line, err
	}
	j := &merge.JournalEraser{Erases: func(r record.Record) bool { return erased[r.Key()] }}
	if err := j.Collect(line); err != nil {
		return nil, err
	}
	return j.Rewrite(line)
}

// erasedAmong returns which of the given records are stored in their erased form.
func (s *session) erasedAmong(ctx context.Context, keys []record.Key) (map[record.Key]bool, error) {
	erased := make(map[record.Key]bool)
	err := s.query(ctx, question{
		statement: `
			SELECT '', d.tbl, d.id, d.data
			FROM JSON_ROWS
			LOOKUP records AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id'
			WHERE octet_length(d.data) < $3`,
		rows: keyRows(keys),
		args: []any{s.workspace, maxErasedForm},
	}, func(f found) {
		if f.Erased() {
			erased[f.Key()] = true
		}
	})
	return erased, err
}
