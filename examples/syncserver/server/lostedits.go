package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// The row of a lost edit stays until a user closes it, or until its record is dead. No rule looks up
// such a row, but the index lists it, while it is open, under the name of its record.

// scopesOf returns the scopes under which the index lists a record or a row.
func scopesOf(rules *violation.Checker, r record.Record) []violation.Scope {
	scopes := rules.ScopesOf(r)
	if r.Key().Table == violation.DefaultTable {
		v, err := violation.Parse(r)
		if err == nil && v.Rule == violation.LostEditRule && v.Status == violation.Open {
			scopes = append(scopes, lostEditsOf(v.Record()))
			if loser, ok := loserOf(r); ok && !isKept(r) {
				scopes = append(scopes, lostBy(loser))
			} else if ok && len(v.Buckets) > 0 {
				scopes = append(scopes, keptBy(makerOf(r)))
			}
		}
	}
	return scopes
}

// lostEditsOf returns the scope of the open rows of lost edits of a record.
func lostEditsOf(key record.Key) violation.Scope {
	return violation.Scope{Rule: violation.LostEditRule, Name: strconv.Quote(key.Table) + "/" + key.ID}
}

// lostBy returns the scope of the open rows of the edits that a client has lost, without edits of kept fields. The
// name of the scope of lostEditsOf begins with a quote.
func lostBy(loser clock.ClientID) violation.Scope {
	return violation.Scope{Rule: violation.LostEditRule, Name: loserPrefix + loser.String()}
}

// keptBy returns the scope of the open rows of kept fields that the pushes of a client have made. The rows of deleted
// records do not count: they are in no bucket, so no client can close them.
func keptBy(maker clock.ClientID) violation.Scope {
	return violation.Scope{Rule: violation.LostEditRule, Name: loserPrefix + maker.String() + "/kept"}
}

// dropLostEdits drops the open rows of the lost edits of dead records. Each takes a sequence of its
// own, with which clients are told that it has left the workspace.
func (s *session) dropLostEdits(ctx context.Context, dead []record.Key) error {
	if len(dead) == 0 {
		return nil
	}
	names := make([]string, len(dead))
	for i, key := range dead {
		names[i] = hashOf(lostEditsOf(key).Name)
	}
	list, err := json.Marshal(nameRows(names))
	if err != nil {
		return err
	}
	found, err := s.tx.QueryContext(ctx, s.rows(`
		SELECT d.seq, d.tbl, d.id, d.data, d.bucket
		FROM JSON_ROWS
		LOOKUP scopes AS s ON s.workspace = $2 AND s.rule = $3 AND s.name = r.value->>'name'
		LOOKUP records AS d ON d.workspace = s.workspace AND d.tbl = s.tbl AND d.id = s.id`), string(list), s.workspace, violation.LostEditRule)
	if err != nil {
		return fmt.Errorf("look up rows of lost edits: %w", err)
	}
	defer found.Close()
	var rows []sweptRecord
	for found.Next() {
		var row sweptRecord
		if err := row.scan(found); err != nil {
			return fmt.Errorf("look up rows of lost edits: %w", err)
		}
		rows = append(rows, row)
	}
	if err := found.Err(); err != nil || len(rows) == 0 {
		return err
	}
	found.Close()
	return s.drop(ctx, rows)
}
