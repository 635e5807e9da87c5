package server

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

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
