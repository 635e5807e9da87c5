package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// layout is one way to keep records in one kind of database: its SQL, and the two
// functions that convert rows to records and back. Batches go to the database as one
// JSON array, so every step is one statement, however many records there are.
type layout struct {
	name string
	statements
	// scan reads the current row of load or pull, adds its contents, and returns the
	// sequence of the row.
	scan func(*sql.Rows, *contents) (int64, error)
	// encode returns the rows that save stores for one update, as JSON objects.
	encode func(update) ([]any, error)
}

// statements is the SQL of a layout.
type statements struct {
	// schema creates the tables that do not exist.
	schema string
	// lock gives the transaction exclusive use of the records of the keys $1, whether
	// they exist or not. It locks them in the order of the keys.
	lock []string
	// load returns the records of the keys $1. It returns their newest state, because
	// it runs after the lock or takes the lock itself.
	load string
	// unlocked is load without its locks. It is empty if load takes none.
	unlocked string
	// save stores the rows $1 in place of the stored ones, which were merged into them
	// before.
	save string
	// pull returns the rows of the next $2 sequences above $1.
	pull string
	// dirty returns the next $2 IDs above $1 of tasks with foreign writes, in ascending
	// order. It is empty in a layout to which only the server writes.
	dirty string
	// discard removes the rows of the keys $1 that lock has inserted and save has not stored. It is
	// empty in a layout whose empty rows no other program sees.
	discard string
	// check returns a text for each column that cannot hold what devices push. It is empty
	// in a layout for tables that only the server creates.
	check string
}

// contents is what the rows of a query hold.
type contents struct {
	merge.Fold
	// foreign has an entry for each dirty row.
	foreign []foreignWrites
}

// update is a record to store, and its new sequence.
type update struct {
	merge.Update
	seq int64
}

// page is a part of the state: the records with a sequence in some range, or of some keys.
type page struct {
	records merge.Collection // without foreign writes
	foreign []foreignWrites
	last    int64 // the greatest sequence of the page, or 0 if it is empty
}

// window is the range of sequences that a puller asks for.
type window struct {
	after int64
	limit int
}

// keyRow is a key in the form in which it is sent to the database.
type keyRow struct {
	Table string `json:"tbl"`
	ID    string `json:"id"`
}

// keyRows returns keys as rows.
func keyRows(keys []record.Key) []keyRow {
	rows := make([]keyRow, len(keys))
	for i, k := range keys {
		rows[i] = keyRow{k.Table, k.ID}
	}
	return rows
}

// load locks the records of the keys, which are sorted, and returns the existing ones.
func (l layout) load(ctx context.Context, tx *sql.Tx, keys []record.Key) (page, error) {
	if len(keys) == 0 {
		return page{}, nil
	}
	list, err := json.Marshal(keyRows(keys))
	if err != nil {
		return page{}, err
	}
	for _, statement := range l.lock {
		if _, err := tx.ExecContext(ctx, statement, string(list)); err != nil {
			return page{}, fmt.Errorf("lock: %w", err)
		}
	}
	return l.read(tx.QueryContext(ctx, l.statements.load, string(list)))
}

// discardLocks removes the empty rows that only locked records, before the transaction ends.
func (l layout) discardLocks(ctx context.Context, tx *sql.Tx, keys []record.Key) error {
	if l.discard == "" || len(keys) == 0 {
		return nil
	}
	list, err := json.Marshal(keyRows(keys))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, l.discard, string(list))
	return err
}

// peek returns the existing records of the keys, and locks nothing.
func (l layout) peek(ctx context.Context, tx *sql.Tx, keys []record.Key) (merge.Collection, error) {
	list, err := json.Marshal(keyRows(keys))
	if err != nil {
		return merge.Collection{}, err
	}
	p, err := l.read(tx.QueryContext(ctx, cmp.Or(l.unlocked, l.statements.load), string(list)))
	return p.records, err
}

// save stores the updates.
func (l layout) save(ctx context.Context, tx *sql.Tx, updates []update) error {
	var rows []any
	for _, u := range updates {
		r, err := l.encode(u)
		if err != nil {
			return err
		}
		rows = append(rows, r...)
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, l.statements.save, string(list))
	return err
}

// pull returns the records of the next sequences after a given one, at most limit
// sequences, in ascending order. It is one statement, so it sees one state of the
// database.
func (l layout) pull(ctx context.Context, tx *sql.Tx, w window) (page, error) {
	return l.read(tx.QueryContext(ctx, l.statements.pull, w.after, w.limit))
}

// read collects the rows of a query.
func (l layout) read(rows *sql.Rows, err error) (p page, _ error) {
	if err != nil {
		return page{}, err
	}
	defer rows.Close()
	var found contents
	for rows.Next() {
		seq, err := l.scan(rows, &found)
		if err != nil {
			return page{}, err
		}
		p.last = max(p.last, seq)
	}
	p.records, p.foreign = found.Collection(), found.foreign
	return p, rows.Err()
}
