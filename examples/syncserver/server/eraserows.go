package server

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// isAbout reports whether a record is to be erased: it is one of the records e.keys, or a violation
// row that may hold a value of one of them. A row that lists only some of its records may be about
// any record of their table. A row that the rules changed after the erasure may have quoted an erased
// record without naming it.
func (e *erasing) isAbout(r record.Record) bool {
	if _, ok := e.keys[r.Key()]; ok {
		return true
	}
	if r.Key().Table != violation.DefaultTable {
		return false
	}
	if e.derived[r.Key()] {
		return true
	}
	v, err := violation.Parse(r)
	if err != nil {
		return false // the row has no derived fields
	}
	if _, ok := e.keys[v.Record()]; ok {
		return true
	}
	for key := range e.keys {
		if key.Table == v.ConflictingTable && (v.ConflictingTotal > 0 || slices.Contains(v.Conflicting, key.ID)) {
			return true
		}
	}
	return false
}

// rowsAbout returns the keys of the violation rows to erase, whatever their status, without those
// among e.keys.
func (e *erasing) rowsAbout(ctx context.Context) (keys []record.Key, err error) {
	for after := ""; ; {
		page, err := e.swept(ctx, `
			SELECT seq, tbl, id, data, bucket FROM records WHERE workspace = $1 AND tbl = $2 AND id > $3
			ORDER BY id LIMIT $4`, e.workspace, violation.DefaultTable, after, auditRecords)
		if err != nil || len(page) == 0 {
			return keys, err
		}
		for _, row := range page {
			if _, ok := e.keys[row.Key()]; !ok && e.isAbout(row.Record) {
				keys = append(keys, row.Key())
			}
		}
		after = page[len(page)-1].Key().ID
	}
}

// deriveAgain checks the scopes of everything that was erased. This opens the violations that hold
// without the erased values, such as a reference to an erased record, again and under the same IDs. It
// also forgets which scopes could not be checked, because the hash of a name can be guessed, and keeps
// only the names of their rules. A violation that does not hold without the erased values loses its
// row.
func (e *erasing) deriveAgain(ctx context.Context) error {
	a := audit{Server: e.Server, session: e.session}
	slices.SortFunc(e.scopes, violation.Scope.Compare)
	for some := range slices.Chunk(slices.Compact(e.scopes), auditScopes) {
		if err := a.checkAndStore(ctx, violation.Input{Scopes: some}, 0); err != nil {
			return err
		}
	}
	e.derived = make(map[record.Key]bool)
	for _, u := range a.report.Updates {
		e.derived[u.After.Key()] = true
		if isClosed(u.After) {
			if err := e.eraseRow(ctx, u.After.Key()); err != nil {
				return err
			}
		}
	}
	for _, statement := range []string{
		`INSERT INTO unchecked (workspace, rule, name) SELECT DISTINCT workspace, rule, '' FROM unchecked WHERE workspace = $1 AND name <> '' ON CONFLICT DO NOTHING`,
		`DELETE FROM unchecked WHERE workspace = $1 AND name <> ''`,
	} {
		if _, err := e.tx.ExecContext(ctx, statement, e.workspace); err != nil {
			return fmt.Errorf("forget unchecked scopes: %w", err)
		}
	}
	return nil
}
