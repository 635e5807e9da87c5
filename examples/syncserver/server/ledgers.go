package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// ledgerRow is a row of the table ledgers as a parameter of a statement.
type ledgerRow struct {
	keyRow
	Import string `json:"import"`
	Ledger string `json:"ledger"`
}

// ledgers returns the ledgers of an import for some keys.
func (s *session) ledgers(ctx context.Context, id clock.ClientID, keys []record.Key) (map[record.Key]imports.Ledger, error) {
	list, err := json.Marshal(keyRows(keys))
	if err != nil {
		return nil, err
	}
	rows, err := s.tx.QueryContext(ctx, s.rows(`
		SELECT d.tbl, d.id, d.ledger
		FROM JSON_ROWS
		LOOKUP ledgers AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id' AND d.import = $3`), string(list), s.workspace, id.String())
	if err != nil {
		return nil, fmt.Errorf("look up the ledgers of an import: %w", err)
	}
	defer rows.Close()
	all := make(map[record.Key]imports.Ledger)
	for rows.Next() {
		var key record.Key
		var l imports.Ledger
		if err := rows.Scan(&key.Table, &key.ID, &l); err != nil {
			return nil, fmt.Errorf("read the ledger of an import: %w", err)
		}
		all[key] = l
	}
	return all, rows.Err()
}

// putLedgers stores ledgers of an import.
func (s *session) putLedgers(ctx context.Context, id clock.ClientID, all map[record.Key]imports.Ledger) error {
	rows, err := ledgerRows(id, all)
	if err != nil {
		return err
	}
	return s.storeLedgers(ctx, rows)
}

// ledgerRows returns the rows of ledgers of an import, in the order of their keys.
func ledgerRows(id clock.ClientID, all map[record.Key]imports.Ledger) ([]ledgerRow, error) {
	rows := make([]ledgerRow, 0, len(all))
	for _, key := range slices.SortedFunc(maps.Keys(all), record.Key.Compare) {
		text, err := all[key].MarshalText()
		if err != nil {
			return nil, err
		}
		rows = append(rows, ledgerRow{keyRow{key.Table, key.ID}, id.String(), string(text)})
	}
	return rows, nil
}

// closeLedgers notes that no import writes a record again, and forgets what the imports have seen of it.
func (s *session) closeLedgers(ctx context.Context, key record.Key) error {
	text, err := imports.Closed().MarshalText()
	if err != nil {
		return err
	}
	var rows []ledgerRow
	for _, id := range s.imports.ids() {
		rows = append(rows, ledgerRow{keyRow{key.Table, key.ID}, id.String(), string(text)})
	}
	return s.storeLedgers(ctx, rows)
}

// storeLedgers stores rows of the table ledgers.
func (s *session) storeLedgers(ctx context.Context, rows []ledgerRow) error {
	if len(rows) == 0 {
		return nil
	}
	return s.exec(ctx, "the ledgers of an import", `
		INSERT INTO ledgers (workspace, import, tbl, id, ledger)
		SELECT $2, value->>'import', value->>'tbl', value->>'id', value->>'ledger' FROM JSON_ROWS WHERE true
		ON CONFLICT (workspace, tbl, id, import) DO UPDATE SET ledger = excluded.ledger`, rows)
}
