package server

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// session is a transaction that has the lock of one workspace.
type session struct {
	*Database
	tx        *sql.Tx
	workspace string
	seq       int64 // the last sequence that was given
	entries   int64 // the last entry of the journal
	bytes     int64 // of all records, with their keys
	lines     int64 // the bytes of the journal
	counted   int64 // the sequence up to which the counts are right
	foreign   bool  // another version of the server has written since
	read      int   // bytes of records, until now
	written   int   // bytes of records, until now
	indexed   int   // entries of the index that were removed or added, until now
}

// locked runs f in a transaction that has the workspace for itself, and stores what is
// then its last sequence, which it returns.
func (d *Database) locked(ctx context.Context, workspace string, f func(*session) error) (seq int64, err error) {
	s := &session{Database: d, workspace: workspace}
	err = d.transaction(ctx, func(tx *sql.Tx) error {
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
		return s.storeCounts(ctx)
	})
	return s.seq, err
}

// lock locks the workspace and reads its counts. Setting a column to itself locks the row, in
// both databases. Unlike SELECT … FOR UPDATE this also makes the row: one that is not there
// cannot be locked.
func (s *session) lock(ctx context.Context) error {
	return s.tx.QueryRowContext(ctx, `
		INSERT INTO workspaces (name, seq, entries) VALUES ($1, 0, 0)
		ON CONFLICT (name) DO UPDATE SET seq = workspaces.seq
		RETURNING seq, entries, bytes, lines, counted`, s.workspace).Scan(&s.seq, &s.entries, &s.bytes, &s.lines, &s.counted)
}

// storeCounts stores the counts of the workspace.
func (s *session) storeCounts(ctx context.Context) error {
	_, err := s.tx.ExecContext(ctx, `
		UPDATE workspaces SET seq = $2, entries = $3, bytes = $4, lines = $5, counted = $6 WHERE name = $1`,
		s.workspace, s.seq, s.entries, s.bytes, s.lines, s.counted)
	return err
}

// keyRow is a key as the database gets it.
type keyRow struct {
	Table string `json:"tbl"`
	ID    string `json:"id"`
}

// keyRows returns keys as the database gets them.
func keyRows(keys []record.Key) []keyRow {
	rows := make([]keyRow, len(keys))
	for i, k := range keys {
		rows[i] = keyRow{k.Table, k.ID}
	}
	return rows
}

// nameRows returns names as the database gets them.
func nameRows(names []string) []map[string]string {
	rows := make([]map[string]string, len(names))
	for i, name := range names {
		rows[i] = map[string]string{"name": name}
	}
	return rows
}

// load returns what is stored of what a client pushes.
func (s *session) load(ctx context.Context, client clock.ClientID, keys []record.Key) (stored merge.Stored, err error) {
	if stored.Watermarks, err = s.marks(ctx, client); err != nil {
		return stored, err
	}
	found, err := s.get(ctx, keys)
	stored.Records = found.Lookup(keys)
	return stored, err
}

// get returns those of the records that exist.
func (s *session) get(ctx context.Context, keys []record.Key) (merge.Collection, error) {
	var records []record.Record
	err := s.query(ctx, question{
		statement: `
			SELECT '', d.tbl, d.id, d.data
			FROM JSON_ROWS
			LOOKUP records AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id'`,
		rows: keyRows(keys),
		args: []any{s.workspace},
	}, func(f found) { records = append(records, f.Record) })
	return merge.Collect(records...), err
}

// size returns how many bytes the records of keys have, without reading them.
func (s *session) size(ctx context.Context, keys []record.Key) (bytes int64, err error) {
	list, err := json.Marshal(keyRows(keys))
	if err != nil {
		return 0, err
	}
	err = s.tx.QueryRowContext(ctx, s.rows(`
		SELECT coalesce(sum(octet_length(d.data)), 0)
		FROM JSON_ROWS
		LOOKUP records AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id'`), string(list), s.workspace).Scan(&bytes)
	if err != nil {
		return 0, fmt.Errorf("look up the size of records: %w", err)
	}
	return bytes, nil
}

// question asks for records by a list.
type question struct {
	statement string // selects a text, and then table, id and data of a record
	rows      any
	args      []any // from $2 on
	most      int   // bytes of all records; 0 means maxLoaded
	repeats   bool  // whether a record may come several times; it is decoded once
}

// found is a record that a question finds.
type found struct {
	record.Record
	text string // that was selected before it
	size int    // of its JSON
}

// query hands over each record that a question finds. If they are too large together, that
// is a failure of the kind tooLarge, and the transaction can go on.
func (s *session) query(ctx context.Context, q question, each func(found)) error {
	most := cmp.Or(q.most, maxLoaded)
	list, err := json.Marshal(q.rows)
	if err != nil {
		return err
	}
	statement := s.rows(q.statement)
	if s.postgres {
		// It sends all that is found, also what is not taken any more.
		statement = fmt.Sprintf(`
			SELECT name, tbl, id, data
			FROM (
				SELECT q.*, sum(octet_length(data)) OVER (ROWS UNBOUNDED PRECEDING) - octet_length(data) AS before
				FROM (%s) AS q (name, tbl, id, data)
			) AS q
			WHERE before <= %d`, statement, most)
	}
	rows, err := s.tx.QueryContext(ctx, statement, append([]any{string(list)}, q.args...)...)
	if err != nil {
		return fmt.Errorf("look up records: %w", err)
	}
	defer rows.Close()
	decoded := make(map[record.Key]record.Record)
	for loaded := 0; rows.Next(); {
		var text, data string
		var key record.Key
		if err := rows.Scan(&text, &key.Table, &key.ID, &data); err != nil {
			return fmt.Errorf("read a record: %w", err)
		}
		s.read += len(data)
		r, ok := decoded[key]
		if !ok {
			if err := r.Scan(data); err != nil {
				return fmt.Errorf("read the record %q: %w", key, err)
			}
			if r = r.WithKey(key); q.repeats {
				decoded[key] = r
			}
		}
		each(found{r, text, len(data)})
		if loaded += len(data); loaded > most {
			return tooManyBytes(most)
		}
	}
	return rows.Err()
}

// tooManyBytes refuses to load records that have more bytes together than a limit.
func tooManyBytes(most int) error {
	return tooLarge(fmt.Errorf("the records have more than %d bytes", most))
}

// exec runs a statement on a list, which stores what is called so.
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

// store stores what became of records, and where the rules look for them.
func (s *session) store(ctx context.Context, rules *violation.Checker, updates []merge.Update) error {
	if err := s.replace(ctx, updates); err != nil {
		return err
	}
	return s.index(ctx, rules, updates)
}

// replace stores records in place of what is there, each with a new sequence. It replaces
// and does not join: what is given was joined already.
func (s *session) replace(ctx context.Context, updates []merge.Update) error {
	type row struct {
		keyRow
		Data   string `json:"data"`
		Seq    int64  `json:"seq"`
		Latest int64  `json:"latest"`
	}
	if len(updates) == 0 {
		return nil
	}
	rows := make([]row, len(updates))
	var before []byte // scratch
	for i, u := range updates {
		s.seq++
		key, data := u.After.Key(), u.After.AppendJSON(nil)
		if u.Before.Len() > 0 {
			before = u.Before.AppendJSON(before[:0])
			s.bytes -= storedBytes(key, before)
		}
		s.bytes += storedBytes(key, data)
		s.written += len(data)
		rows[i] = row{keyRow{key.Table, key.ID}, string(data), s.seq, int64(latestOf(u.After))}
	}
	return s.exec(ctx, "records", `
		INSERT INTO records (workspace, tbl, id, data, seq, latest)
		SELECT $2, value->>'tbl', value->>'id', value->>'data', CAST(value->>'seq' AS BIGINT), CAST(value->>'latest' AS BIGINT) FROM JSON_ROWS WHERE true
		ON CONFLICT (workspace, tbl, id) DO UPDATE SET data = excluded.data, seq = excluded.seq, latest = excluded.latest`, rows)
}

// storedBytes returns how many bytes a record counts for, given its key and JSON.
func storedBytes(key record.Key, data []byte) int64 {
	return int64(len(key.Table) + len(key.ID) + len(data))
}

// marks returns the greatest stamp that was accepted from a client.
func (s *session) marks(ctx context.Context, client clock.ClientID) ([]clock.Stamp, error) {
	mark := clock.Stamp{Client: client}
	// The maximum of no row is NULL, which scans as zero: nothing was accepted yet.
	err := s.tx.QueryRowContext(ctx, `SELECT max(at) FROM marks WHERE client = $1`, client).Scan(&mark.Time)
	if err != nil {
		return nil, fmt.Errorf("read the mark: %w", err)
	}
	return []clock.Stamp{mark}, nil
}

// putMarks stores marks.
func (s *session) putMarks(ctx context.Context, marks []clock.Stamp) error {
	for _, mark := range marks { // of one client, as a rule
		_, err := s.tx.ExecContext(ctx, `
			INSERT INTO marks (client, at, workspace) VALUES ($1, $2, $3)
			ON CONFLICT (client) DO UPDATE SET at = excluded.at, workspace = excluded.workspace`, mark.Client, mark.Time, s.workspace)
		if err != nil {
			return fmt.Errorf("store the mark: %w", err)
		}
	}
	return nil
}
