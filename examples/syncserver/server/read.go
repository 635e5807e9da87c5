package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Read returns records as they are stored, in the order of the keys, and without fields where none is stored. A record
// that is deleted has the field $deleted. Purged data is left out, as in Edit.Seen of a Write, and nothing is checked
// against Options.Buckets. Read does not wait for the lock of the workspace, so a write may change a record before the
// caller looks at it: to decide on what is stored, use Write. All records are of one moment, and have at most 16 MiB in
// total.
func (s *Server) Read(ctx context.Context, workspace string, keys ...record.Key) ([]record.Record, error) {
	if err := checkWorkspace(workspace); err != nil {
		return nil, err
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	if err := s.database.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	list, err := json.Marshal(keyRows(keys))
	if err != nil {
		return nil, err
	}
	rows, err := s.database.db.QueryContext(ctx, s.database.rows(`
		SELECT w.seq, w.division, w.fence_stamp, w.level, d.tbl, d.id, d.data
		FROM JSON_ROWS
		LOOKUP records AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id'
		LOOKUP workspaces AS w ON w.name = d.workspace`), string(list), workspace)
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	defer rows.Close()
	tx := &session{division: s.division, workspace: workspace, unswept: make(map[record.Key]int)}
	var all []record.Record
	for rows.Next() {
		var key record.Key
		var data string
		if err := rows.Scan(&tx.seq, &tx.divided, &tx.fence.stamp, &tx.fence.level, &key.Table, &key.ID, &data); err != nil {
			return nil, fmt.Errorf("read a record: %w", err)
		}
		if err := tx.checkDivision(); err != nil {
			return nil, err
		}
		var r record.Record
		if err := r.Scan(data); err != nil {
			return nil, fmt.Errorf("read the record %q: %w", key, err)
		}
		if tx.read += len(data); tx.read > maxLoaded {
			return nil, TooLarge(fmt.Errorf("the records have more than %d bytes: read fewer at once", maxLoaded))
		}
		all = append(all, tx.normal(r.WithKey(key), len(data)))
	}
	return merge.Collect(all...).Lookup(keys), rows.Err()
}

// HasWorkspace reports whether a workspace has been used: something was stored in it, or a client has joined it.
func (s *Server) HasWorkspace(ctx context.Context, workspace string) (has bool, err error) {
	if err := errors.Join(checkWorkspace(workspace), s.database.check()); err != nil {
		return false, err
	}
	err = s.database.db.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM workspaces WHERE name = $1) OR EXISTS (SELECT 1 FROM clients WHERE workspace = $1)`, workspace).Scan(&has)
	if err != nil {
		err = fmt.Errorf("look up a workspace: %w", err)
	}
	return has, err
}
