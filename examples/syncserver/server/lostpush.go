package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// maxLostEdits is how many rows of lost edits are kept for a client, apart from the rows of kept fields. A further
// one drops the oldest. A row costs a write of its client, so no other client can fill the list.
const maxLostEdits = 100

// lostEdit is an edit that a push has lost, with its row.
type lostEdit struct {
	decision merge.Decision
	row      record.Record // in no bucket
	kept     bool          // whether it is of a kept field
	item     int           // of the push
}

// lostIn returns the edits that are lost in an answer, sorted by the keys of their rows. Several items may have the
// same row.
func (s *Server) lostIn(push *merge.Push, a merge.Answer, fence clock.Timestamp) (all []lostEdit) {
	items := push.Request().Items
	for i, r := range a.Results {
		for _, d := range r.Fields {
			kept := s.keeps(d.Key.Table, d.Field)
			if !d.Lost() && (!kept || isSeen(d, items[i].Mutation, fence)) {
				continue
			}
			if !kept && s.tokens.isOwn(d.Loser().Stamp.Client) {
				continue // no client could read the row
			}
			if row, ok := lostRow(s.options.Rules, d, kept); ok {
				all = append(all, lostEdit{d, row, kept, i})
			}
		}
	}
	slices.SortFunc(all, func(e, f lostEdit) int {
		return cmp.Or(e.row.Key().Compare(f.row.Key()), cmp.Compare(e.item, f.item))
	})
	return all
}

// notStored returns the edits whose rows are not stored, even if these are closed.
func (s *session) notStored(ctx context.Context, all []lostEdit) ([]lostEdit, error) {
	if len(all) == 0 {
		return nil, nil
	}
	keys := make([]record.Key, len(all))
	for i, e := range all {
		keys[i] = e.row.Key()
	}
	stored, err := s.get(ctx, slices.Compact(keys))
	if err != nil {
		return nil, fmt.Errorf("look up rows of lost edits: %w", err)
	}
	return slices.DeleteFunc(all, func(e lostEdit) bool {
		r, ok := stored.Get(e.row.Key())
		return ok && r.Len() > 0
	}), nil
}

// rowsOf returns the rows to store. If the storage is full, only rows of kept fields are stored.
func rowsOf(all []lostEdit, full bool) (rows []merge.Update) {
	count := make(map[clock.ClientID]int)
	for i, e := range all {
		if i > 0 && e.row.Key() == all[i-1].row.Key() {
			continue
		}
		if !e.kept {
			loser := e.decision.Loser().Stamp.Client
			if count[loser]++; full || count[loser] > maxLostEdits {
				continue
			}
		}
		rows = append(rows, merge.Update{Before: record.New(e.row.Key()), After: e.row})
	}
	return rows
}

// withoutPlaced returns the rows that a check has not put into buckets, because their records are deleted.
func withoutPlaced(rows []merge.Update, report violation.Report) (rest []merge.Update) {
	placed := make(map[record.Key]bool)
	for _, u := range report.Updates {
		placed[u.After.Key()] = true
	}
	for _, u := range rows {
		if !placed[u.After.Key()] {
			rest = append(rest, u)
		}
	}
	return rest
}

// unstored replaces the versions before the updates of new rows: the check was given the rows, but they are not stored.
func unstored(updates, rows []merge.Update) {
	isNew := make(map[record.Key]bool)
	for _, u := range rows {
		isNew[u.After.Key()] = true
	}
	for i := range updates {
		if key := updates[i].After.Key(); isNew[key] {
			updates[i].Before = record.New(key)
		}
	}
}

// boundLostEdits drops the oldest rows of the clients to whom a push has given more rows than maxLostEdits.
func (s *session) boundLostEdits(ctx context.Context, rows []merge.Update) error {
	seen := make(map[clock.ClientID]bool)
	for _, u := range rows {
		loser, ok := loserOf(u.After)
		if !ok || isKept(u.After) || seen[loser] {
			continue
		}
		seen[loser] = true
		found, err := s.swept(ctx, `
			SELECT d.seq, d.tbl, d.id, d.data, d.bucket FROM records AS d
			WHERE d.workspace = $1 AND d.tbl = $2 AND d.id IN (
				SELECT id FROM scopes WHERE workspace = $1 AND rule = $3 AND name = $4 AND tbl = $2)
			ORDER BY d.seq DESC LIMIT $5 OFFSET $6`,
			s.workspace, violation.DefaultTable, violation.LostEditRule, hashOf(lostBy(loser).Name), maxItems*maxFields, maxLostEdits)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue
		}
		if err := s.drop(ctx, found); err != nil {
			return err
		}
	}
	return nil
}
