package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
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

// keyRow is a key as a parameter of a statement.
type keyRow struct {
	Table string `json:"tbl"`
	ID    string `json:"id"`
}

// keyRows returns keys as parameters of a statement.
func keyRows(keys []record.Key) []keyRow {
	rows := make([]keyRow, len(keys))
	for i, k := range keys {
		rows[i] = keyRow{k.Table, k.ID}
	}
	return rows
}

// nameRows returns names as parameters of a statement.
func nameRows(names []string) []map[string]string {
	rows := make([]map[string]string, len(names))
	for i, name := range names {
		rows[i] = map[string]string{"name": name}
	}
	return rows
}

// load returns the stored records that a push names, the watermark of its client, and the roles of its
// user. The server itself has no watermark: its writes never lose as they arrive.
func (s *session) load(ctx context.Context, p *pushing) (stored merge.Stored, a Actor, err error) {
	if p.server {
		a = Actor{Client: p.by.Client, server: true}
	} else if a, stored.Watermarks, err = s.actor(ctx, p.by); err != nil {
		return stored, a, err
	}
	keys := p.push.Keys()
	found, err := s.get(ctx, keys)
	stored.Records = found.Lookup(keys)
	stored.Fence, stored.Level = s.fence.stamp, s.fence.level
	return stored, a, err
}

// get returns the existing records with the given keys.
func (s *session) get(ctx context.Context, keys []record.Key) (merge.Collection, error) {
	records, size, rest := s.take(keys)
	if len(rest) > 0 {
		before := s.read
		if err := s.query(ctx, s.withKeys(rest), func(f found) { records = append(records, f.Record) }); err != nil {
			return merge.Collect(records...), err
		}
		size += s.read - before
	}
	if size > maxLoaded {
		return merge.Collect(records...), tooManyBytes(maxLoaded)
	}
	return merge.Collect(records...), nil
}

// withKeys returns the question for the records with the given keys.
func (s *session) withKeys(keys []record.Key) question {
	return question{
		statement: `
			SELECT '', d.tbl, d.id, d.data
			FROM JSON_ROWS
			LOOKUP records AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id'`,
		rows: keyRows(keys),
		args: []any{s.workspace},
	}
}

// size returns the total size of the records with the given keys, without reading them.
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

// question is a query for records, with a list as its parameter.
type question struct {
	statement string // selects a text, and then the table, ID and data of a record
	rows      any    // the list, $1 of the statement
	args      []any  // from $2 on
	most      int    // maximum size of all records in bytes; 0 means maxLoaded
	repeats   bool   // whether a record may occur several times; query decodes it only once
}

// found is a record that a question has found.
type found struct {
	record.Record
	text string // the text that was selected with the record
	size int    // of the JSON, in bytes
}

// query calls each for each record that a question finds. If the records are too large together,
// it returns a tooLarge failure, and the transaction stays usable.
func (s *session) query(ctx context.Context, q question, each func(found)) error {
	most := cmp.Or(q.most, maxLoaded)
	list, err := json.Marshal(q.rows)
	if err != nil {
		return err
	}
	statement := s.rows(q.statement)
	if s.postgres {
		// PostgreSQL sends all rows that a query finds, even if query stops reading them.
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
			if r = s.normal(r.WithKey(key), len(data)); q.repeats {
				decoded[key] = r
			}
		}
		if r.Len() > 0 {
			each(found{r, text, len(data)})
		}
		if loaded += len(data); loaded > most {
			return tooManyBytes(most)
		}
	}
	return rows.Err()
}

// tooManyBytes returns the failure for records that are larger than a limit in total.
func tooManyBytes(most int) error {
	return TooLarge(fmt.Errorf("the stored records have more than %d bytes: push fewer records at once", most))
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

// store stores updated records, and indexes them for the rules. It indexes them first, because
// index reads s.unswept, and replace removes the records from it.
func (s *session) store(ctx context.Context, rules *violation.Checker, updates []merge.Update) error {
	if err := s.index(ctx, rules, updates); err != nil {
		return err
	}
	return s.replace(ctx, updates)
}

// replace stores records, each with a new sequence, in place of their stored versions. It does not
// join them with the stored versions: the caller decides what to store.
func (s *session) replace(ctx context.Context, updates []merge.Update) error {
	rows := make([]storedRow, len(updates))
	filed := s.newFiling()
	var before []byte     // reused for each record
	var dead []record.Key // that no sweep has seen
	for i, u := range updates {
		s.seq++
		rows[i] = newStoredRow(u.After, s.seq)
		key := u.After.Key()
		size, unswept := s.unswept[key]
		rows[i].Bucket = filed.add(u, s.seq, unswept || u.Before.Len() > 0)
		if unswept {
			s.bytes -= storedBytes(key, size)
			delete(s.unswept, key)
			if isBare(u.Before) {
				dead = append(dead, key)
			}
		} else if u.Before.Len() > 0 {
			before = u.Before.AppendJSON(before[:0])
			s.bytes -= storedBytes(key, len(before))
		}
		s.bytes += storedBytes(key, len(rows[i].Data))
		s.written += len(rows[i].Data)
	}
	if err := s.file(ctx, filed); err != nil {
		return err
	}
	if err := s.put(ctx, rows); err != nil {
		return err
	}
	return s.dropLostEdits(ctx, dead)
}

// storedRow is a row of the table records as a parameter of a statement.
type storedRow struct {
	keyRow
	Data   string  `json:"data"`
	Seq    int64   `json:"seq"`
	Latest int64   `json:"latest"`
	Purge  int64   `json:"purge"`
	Bucket *string `json:"bucket"`
}

// newStoredRow returns a row that is not filed under a bucket yet.
func newStoredRow(r record.Record, seq int64) storedRow {
	return storedRow{keyRow{r.Key().Table, r.Key().ID}, string(r.AppendJSON(nil)), seq, int64(latestOf(r)), dueOf(r), nil}
}

// put inserts or replaces rows of the table records.
func (s *session) put(ctx context.Context, rows []storedRow) error {
	if len(rows) == 0 {
		return nil
	}
	for _, r := range rows {
		delete(s.pre.records, record.Key{Table: r.Table, ID: r.ID})
	}
	return s.exec(ctx, "records", `
		INSERT INTO records (workspace, tbl, id, data, seq, latest, purge, bucket)
		SELECT $2, value->>'tbl', value->>'id', value->>'data', CAST(value->>'seq' AS BIGINT), CAST(value->>'latest' AS BIGINT), CAST(value->>'purge' AS BIGINT),
			value->>'bucket'
		FROM JSON_ROWS WHERE true
		ON CONFLICT (workspace, tbl, id) DO UPDATE SET
			data = excluded.data, seq = excluded.seq, latest = excluded.latest, purge = excluded.purge, bucket = excluded.bucket`, rows)
}

// storedBytes returns the size of a record, given its key and the size of its JSON, in bytes.
func storedBytes(key record.Key, data int) int64 {
	return int64(len(key.Table) + len(key.ID) + data)
}

// putMarks stores watermarks. In a transaction with several pushes, flushMarks must be called at the end.
func (s *session) putMarks(ctx context.Context, marks []clock.Stamp) error {
	if s.pre.marks == nil {
		return s.storeMarks(ctx, marks)
	}
	for _, mark := range marks {
		s.pre.marks[mark.Client] = mark
		s.pre.changed[mark.Client] = true
	}
	return nil
}

// storeMarks stores watermarks in the database.
func (s *session) storeMarks(ctx context.Context, marks []clock.Stamp) error {
	type markRow struct {
		Client string `json:"client"`
		At     int64  `json:"at"`
	}
	if len(marks) == 0 {
		return nil
	}
	rows := make([]markRow, len(marks))
	for i, mark := range marks {
		rows[i] = markRow{mark.Client.String(), int64(mark.Time)}
	}
	return s.exec(ctx, "the watermarks", `
		INSERT INTO marks (client, at, workspace)
		SELECT value->>'client', CAST(value->>'at' AS BIGINT), $2 FROM JSON_ROWS WHERE true
		ON CONFLICT (client) DO UPDATE SET at = excluded.at, workspace = excluded.workspace`, rows)
}
