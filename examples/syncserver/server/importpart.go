package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// importPart is the part of an import that one transaction stores.
type importPart struct {
	*importing
	rows  []imports.Row
	items []record.Item
	noted map[record.Key]imports.Ledger // the ledgers that have changed
	out   Outcome
	seq   int64 // the last sequence, if something was stored
}

// sender returns the import as the sender of a push.
func (p *importPart) sender() Sender {
	return Sender{Workspace: p.workspace, Client: p.run.ID}
}

// within plans the rows, stores what is to be written, and notes what was seen, within a transaction. If a later run of
// the import has begun, it stores nothing: the later one has read newer rows.
func (p *importPart) within(ctx context.Context, tx *session) error {
	if last := tx.imports.of[p.run.ID].Run; last > p.run.Number {
		return fmt.Errorf("%w: run %d has begun", imports.ErrRun, last)
	}
	if err := p.plan(ctx, tx); err != nil {
		return err
	}
	if len(p.items) > 0 {
		if err := p.push(ctx, tx); err != nil {
			return err
		}
	}
	for _, r := range p.refused() {
		delete(p.noted, r.Key)
	}
	if err := tx.putLedgers(ctx, p.run.ID, p.noted); err != nil {
		return err
	}
	if len(p.out.Answer.Updates) == 0 {
		return nil
	}
	if err := p.describe(ctx, tx); err != nil {
		return err
	}
	if err := tx.placeRest(ctx, p.options.Rules); err != nil {
		return err
	}
	p.seq = tx.seq
	return nil
}

// plan plans each row on its stored record and its ledger.
func (p *importPart) plan(ctx context.Context, tx *session) error {
	keys := make([]record.Key, len(p.rows))
	for i, row := range p.rows {
		keys[i] = row.Key
	}
	found, err := tx.get(ctx, slices.SortedFunc(slices.Values(keys), record.Key.Compare))
	if err != nil {
		return err
	}
	seen, err := tx.ledgers(ctx, p.run.ID, keys)
	if err != nil {
		return err
	}
	run := p.run
	run.Fence, run.Level = tx.fence.stamp, tx.fence.level
	p.items, p.noted = nil, make(map[record.Key]imports.Ledger)
	for i, stored := range found.Lookup(keys) {
		plan, err := run.Plan(stored, p.rows[i], seen[keys[i]])
		if err != nil {
			return fmt.Errorf("%q: %w", keys[i], err)
		}
		if plan.Ledger != seen[keys[i]] {
			p.noted[keys[i]] = plan.Ledger
		}
		if plan.Mutation.Data.Len() > 0 {
			p.items = append(p.items, record.Item{Mutation: plan.Mutation})
		}
	}
	return nil
}

// push decides on the planned items, like on a push of the server itself.
func (p *importPart) push(ctx context.Context, tx *session) (err error) {
	push := &pushing{ctx: ctx, by: p.sender(), items: p.items, server: true}
	p.prepare(tx, push, merge.Request{Actor: push.by.Client, Wall: p.options.Now(), Items: p.items})
	p.out, err = p.apply(ctx, tx, push)
	return err
}

// refused returns the rows that were refused.
func (p *importPart) refused() (all []RefusedRow) {
	for _, r := range p.out.Answer.Results {
		if r.Refusal != nil {
			all = append(all, RefusedRow{r.Key, r.Refusal})
		}
	}
	return all
}

// describe stores the record that describes the import, if it has changed.
func (p *importPart) describe(ctx context.Context, tx *session) error {
	key := record.Key{Table: ImportsTable, ID: p.run.ID.String()}
	w := writing{Server: p.Server, by: Sender{Workspace: p.workspace, Client: p.id}, keys: []record.Key{key}, noted: true}
	w.edit = func(all []*record.Edit) error {
		all[0].SetMap(map[string]any{importName: p.name, importRun: p.run.Number})
		return nil
	}
	_, err := w.run(ctx, tx)
	return err
}

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
