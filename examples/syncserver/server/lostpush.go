package server

import (
	"context"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// maxLostEdits is how many rows of lost edits are kept for a client. A further one drops the oldest. A row costs a
// write of its client, so no other client can fill the list.
const maxLostEdits = 100

// lostRows returns the rows of the edits that are lost in an answer, without the rows that are stored.
func (s *session) lostRows(ctx context.Context, rules *violation.Checker, a merge.Answer) (rows []merge.Update, err error) {
	var keys []record.Key
	count := make(map[clock.ClientID]int)
	for _, d := range a.LostEdits() {
		row, ok := lostRow(rules, d)
		loser := d.Loser().Stamp.Client
		if count[loser]++; !ok || count[loser] > maxLostEdits {
			continue
		}
		keys = append(keys, row.Key())
		rows = append(rows, merge.Update{Before: record.New(row.Key()), After: row})
	}
	if len(rows) == 0 {
		return nil, nil
	}
	stored, err := s.get(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("look up rows of lost edits: %w", err)
	}
	n := 0
	for _, u := range rows {
		if r, ok := stored.Get(u.After.Key()); !ok || r.Len() == 0 {
			rows[n] = u
			n++
		}
	}
	return rows[:n], nil
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
		if !ok || seen[loser] {
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
