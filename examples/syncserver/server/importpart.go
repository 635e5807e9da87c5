package server

import (
	"context"
	"fmt"
	"slices"

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

// within plans the rows, stores what is to be written, and notes what was seen, within a transaction: the records, what
// the rules derive, a line of the journal, and the ledgers. If nothing is to be written, it takes no sequence. If a later
// run of the import has begun, it stores nothing: the later one has read newer rows.
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

// describe stores the record that describes the import, if it has changed, also if the storage is full by now.
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
