package server

import (
	"context"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

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
