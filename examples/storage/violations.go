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

// violations makes a server flag violations: it has rules, and an index of the
// documents in each scope. It works with any rule.
type violations struct {
	checker *violation.Checker
	scopeStatements
}

// watch makes the server flag violations from now on, in stored records as well as in
// new ones. It rebuilds the index, because the rules may have changed since the last
// start.
func (s *server) watch(ctx context.Context, v *violations) error {
	s.violations = v
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, v.schema); err != nil {
			return err
		}
		// Every save takes the counter, so holding it keeps other transactions from
		// saving.
		if _, err := takeSequences(ctx, tx, 0); err != nil {
			return err
		}
		all, err := s.layout.pull(ctx, tx, window{limit: math.MaxInt})
		if err != nil {
			return err
		}
		return v.index(ctx, tx, slices.Collect(all.records.All()))
	})
}

// flag locks the scopes that the input touches, checks them, and returns the rows to
// save. Call it between Apply and the first save: save takes the counter, and a
// transaction that holds the counter must not wait for another lock.
func (s *server) flag(ctx context.Context, tx *sql.Tx, in violation.Input) ([]merge.Update, error) {
	v := s.violations
	if v == nil {
		return nil, nil
	}
	touched, _ := v.checker.Scopes(in.Changes) // the report repeats this error
	if err := v.lockScopes(ctx, tx, slices.Concat(touched, in.Scopes)); err != nil {
		return nil, fmt.Errorf("lock scopes: %w", err)
	}
	in.View = view{v, tx}
	report := v.checker.Check(ctx, in)
	if errors.Is(report.Err, errView) {
		return nil, report.Err // PostgreSQL aborts the transaction after an error
	}
	if report.Err != nil {
		log.Print(report.Err) // a rule that failed does not stop the push
	}
	return s.withWritten(ctx, tx, report.Updates)
}

// withWritten locks the rows that are to be saved, and adds the fields that users wrote
// to them after the check had read them. A push that writes such a field locks the row,
// but no scope.
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
		if row, ok := stored.records.Get(keys[i]); ok {
			if rows[i].After, err = merge.Records(u.After, violation.UserFields(row)); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// recheck checks scopes again, after the changes that touched them were committed.
func (s *server) recheck(ctx context.Context, scopes []violation.Scope) error {
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		rows, err := s.flag(ctx, tx, violation.Input{Scopes: scopes})
		if err != nil {
			return err
		}
		return s.save(ctx, tx, rows)
	})
}

// lockScopes waits until no other transaction holds the scopes, and locks them. It is a
// separate statement: in READ COMMITTED, the next statement sees the writes that the lock
// waited for.
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

// index stores the scopes of the records and violation rows, in place of their old
// entries. Call it in each transaction that saves any of them.
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

// hashOf returns the hash that the database stores in place of the name of a scope. Names
// may be made of text that users wrote. Such a name may be too long for a PostgreSQL index,
// or contain U+0000, and then every push of that record would fail, forever.
func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// execRows runs a statement with the rows as its $1.
func execRows(ctx context.Context, tx *sql.Tx, statement string, rows any) error {
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, statement, string(list))
	return err
}
