package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
	"github.com/fieldlww/fieldlww/violation"
)

// The version of a division begins with the Schema, if there is one, because a server with another Schema must not read
// or write the records either, and a server of an earlier version knows to refuse another division:
//
//	schema "2" 1+lost/1
const schemaMark = "schema "

// withSchema returns the version of a division of records in the form of a version of the app.
func withSchema(schema, division string) string {
	if schema == "" {
		return division
	}
	return schemaMark + strconv.Quote(schema) + " " + division
}

// cutSchema is the inverse of withSchema.
func cutSchema(version string) (schema, division string) {
	rest, ok := strings.CutPrefix(version, schemaMark)
	if !ok {
		return "", version
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", version
	}
	schema, _ = strconv.Unquote(quoted) // it is quoted
	return schema, strings.TrimPrefix(rest[len(quoted):], " ")
}

// tryUpgrades returns an error if the records of a workspace cannot be translated. It changes nothing: after some
// workspaces were translated, servers with the former code could not go on.
func (s *Server) tryUpgrades(ctx context.Context, workspaces []string) error {
	for _, name := range workspaces {
		err := s.database.locked(ctx, &session{division: s.division, workspace: name}, func(tx *session) error {
			if _, err := tx.upgrade(ctx, s.options); err != nil {
				return err
			}
			return errDry
		})
		if !errors.Is(err, errDry) {
			return fmt.Errorf("translate the records of the workspace %q: %w", name, err)
		}
	}
	return nil
}

// upgrade translates the records of a workspace that are stored in the form of an earlier version of the app, and
// returns how many changed. The ledgers of imports are translated too. The records keep their stamps, their sequences and their buckets: clients of the earlier
// version see what they saw, and clients of the new version pull everything when they begin.
func (s *session) upgrade(ctx context.Context, o Options) (changed int, err error) {
	from, division := cutSchema(s.divided)
	if from == o.Schema {
		return 0, nil
	}
	l, ok := o.Lenses[from]
	if !ok && s.seq > 0 {
		return 0, fmt.Errorf("the records are in the form of the version %q, from which Options.Lenses has no lens", from)
	}
	if s.postgres {
		if err := liftTimeouts(ctx, s.tx); err != nil {
			return 0, err
		}
	}
	changed, err = s.inPages(ctx, func(ctx context.Context, page []sweptRecord) (int, error) { return s.upgradePage(ctx, l, page) })
	if err != nil {
		return 0, err
	}
	if err := s.upgradeLedgers(ctx, l); err != nil {
		return 0, err
	}
	s.divided = withSchema(o.Schema, division)
	return changed, nil
}

// upgradePage translates some records, and returns how many changed.
func (s *session) upgradePage(ctx context.Context, l lens.Lens, page []sweptRecord) (changed int, err error) {
	var rows []storedRow
	for _, r := range page {
		up, err := upgraded(l, r.Record)
		if err != nil {
			return 0, fmt.Errorf("the record %q: %w", r.Key(), err)
		}
		if up.Equal(r.Record) {
			continue
		}
		row := newStoredRow(up, r.seq)
		row.Bucket = r.bucket
		s.bytes += int64(len(row.Data) - r.size)
		rows = append(rows, row)
	}
	return len(rows), s.put(ctx, rows)
}

// upgraded translates a stored record. Of violation rows, only rows of lost edits name a field. If that field was
// split, the row keeps the old name.
func upgraded(l lens.Lens, r record.Record) (record.Record, error) {
	if r.Key().Table != violation.DefaultTable {
		return l.UpRecord(r)
	}
	return inRow(r, form{func(table, field string) (string, bool) {
		names := l.NewNames(table, field)
		if len(names) != 1 {
			return "", false
		}
		return names[0], true
	}, l.UpRecord})
}
