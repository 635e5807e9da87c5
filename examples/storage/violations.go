package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// violations is what a server needs that flags what makes no sense: rules, and an index
// that tells which documents belong to which scopes. It serves any rule.
type violations struct {
	checker *violation.Checker
	scopeStatements
}

// watch makes the server flag violations from now on, in what it has as well as in what
// comes. The index is made anew, since the rules may not be those of the last start.
func (s *server) watch(ctx context.Context, v *violations) error {
	s.violations = v
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, v.schema); err != nil {
			return err
		}
		// Who saves has the counter, so by holding it we keep others from saving.
		if _, err := takeSequences(ctx, tx, 0); err != nil {
			return err
		}
		all, err := s.layout.pull(ctx, tx, window{limit: math.MaxInt64})
		if err != nil {
			return err
		}
		return v.index(ctx, tx, slices.Collect(all.records.All()))
	})
}

// flag locks the scopes that the input is about, checks them, and returns the rows to
// save. It belongs between Apply and the first save, which takes the counter, because
// nobody must wait for a lock who has the counter.
func (s *server) flag(ctx context.Context, tx *sql.Tx, in violation.Input) ([]merge.Update, error) {
	v := s.violations
	if v == nil {
		return nil, nil
	}
	touched, _ := v.checker.Scopes(in.Changes) // what this error says, the report says again
	if err := v.lockScopes(ctx, tx, slices.Concat(touched, in.Scopes)); err != nil {
		return nil, fmt.Errorf("lock scopes: %w", err)
	}
	in.View = view{v, tx}
	report := v.checker.Check(ctx, in)
	if errors.Is(report.Err, errView) {
		return nil, report.Err // after an error, PostgreSQL has given up the transaction
	}
	if report.Err != nil {
		log.Print(report.Err) // a rule that failed does not stop the push
	}
	return s.withWritten(ctx, tx, report.Updates)
}

// withWritten locks the rows that are to be saved, and adds to them what people wrote
// to them since the check read them. Their push has locked the row, and no scope.
func (s *server) withWritten(ctx context.Context, tx *sql.Tx, rows []merge.Update) ([]merge.Update, error) {
	keys := make([]record.Key, len(rows))
	for i, u := range rows {
		keys[i] = u.After.Key()
	}
	stored, err := s.layout.load(ctx, tx, keys)
	if err != nil {
		return nil, fmt.Errorf("lock rows: %w", err)
	}
	for i, u := range rows {
		if row, ok := stored.Get(keys[i]); ok {
			if rows[i].After, err = merge.Records(u.After, violation.UserFields(row)); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// recheck checks scopes once more, after what touched them was committed.
func (s *server) recheck(ctx context.Context, scopes []violation.Scope) error {
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		rows, err := s.flag(ctx, tx, violation.Input{Scopes: scopes})
		if err != nil {
			return err
		}
		return s.save(ctx, tx, rows)
	})
}

// lockScopes waits until no other transaction works on the scopes. It is a statement
// of its own: what the next one reads, in READ COMMITTED, is what was waited for.
func (v *violations) lockScopes(ctx context.Context, tx *sql.Tx, scopes []violation.Scope) error {
	if v.lock == "" || len(scopes) == 0 {
		return nil
	}
	numbers := make([]int64, len(scopes))
	for i, scope := range scopes {
		numbers[i] = scope.Lock()
	}
	slices.Sort(numbers)
	return execRows(ctx, tx, v.lock, slices.Compact(numbers))
}

// index stores to which scopes the records and rows belong, in place of what it had of
// them. It belongs in each transaction that saves some.
func (v *violations) index(ctx context.Context, tx *sql.Tx, records []record.Record) error {
	keys, entries := make([]keyRow, 0), make([]scopeRow, 0)
	for _, r := range records {
		key := keyRow{r.Key().Table, r.Key().ID}
		keys = append(keys, key)
		for _, scope := range v.checker.ScopesOf(r) {
			entries = append(entries, scopeRow{key, scope.Rule, hashOf(scope.Name)})
		}
	}
	if err := execRows(ctx, tx, v.remove, keys); err != nil {
		return err
	}
	return execRows(ctx, tx, v.add, entries)
}

// scopeRow is an entry of the index.
type scopeRow struct {
	keyRow
	Rule string `json:"rule"`
	Name string `json:"name"`
}

// hashOf returns what stands for the name of a scope in the database. A name may be
// made of what users wrote: it may be too long for an index of PostgreSQL, or hold
// U+0000, and then their pushes would fail for ever.
func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// execRows runs a statement on rows, which are its $1.
func execRows(ctx context.Context, tx *sql.Tx, statement string, rows any) error {
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, statement, string(list))
	return err
}
