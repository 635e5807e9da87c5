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
	"github.com/fieldlww/fieldlww/record/lens"
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

// upgradeLedgers translates what the imports have seen, so that their next runs do not take renamed fields for new ones.
func (s *session) upgradeLedgers(ctx context.Context, l lens.Lens) error {
	for after := (ledgerRow{}); ; {
		page, err := s.ledgersAfter(ctx, after)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1]
		var changed []ledgerRow
		for _, r := range page {
			var seen imports.Ledger
			if err := seen.Scan(r.Ledger); err != nil {
				return fmt.Errorf("read the ledger of an import: %w", err)
			}
			if up := seen.Up(l, r.Table); up != seen {
				text, _ := up.MarshalText() // the error is always nil
				r.Ledger = string(text)
				changed = append(changed, r)
			}
		}
		if err := s.storeLedgers(ctx, changed); err != nil {
			return err
		}
	}
}

// ledgersAfter returns the next ledgers of all imports, in the order of the table.
func (s *session) ledgersAfter(ctx context.Context, after ledgerRow) (page []ledgerRow, err error) {
	rows, err := s.tx.QueryContext(ctx, `
		SELECT tbl, id, import, ledger FROM ledgers WHERE workspace = $1 AND (tbl, id, import) > ($2, $3, $4)
		ORDER BY tbl, id, import LIMIT $5`, s.workspace, after.Table, after.ID, after.Import, auditRecords)
	if err != nil {
		return nil, fmt.Errorf("look up the ledgers of imports: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r ledgerRow
		if err := rows.Scan(&r.Table, &r.ID, &r.Import, &r.Ledger); err != nil {
			return nil, fmt.Errorf("read the ledger of an import: %w", err)
		}
		page = append(page, r)
	}
	return page, rows.Err()
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
