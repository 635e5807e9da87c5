package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Source names where the rows of an import come from.
type Source struct {
	// Name identifies the import within its workspace, for example "crm". Clients can read it. It has 1 to
	// 100 bytes of UTF-8.
	Name string
	// ID is the client ID of all writes of the import. If it is zero, the first run of the import makes
	// one, and later runs use it again. Later runs must have the same ID or none. No client may have it.
	ID clock.ClientID
}

// Imported reports what one run of an import did.
type Imported struct {
	ID  clock.ClientID // of the import
	Run int64          // the number of the run, from 1
	// Rows is the number of rows that the run has looked at, and Changed the number of records that it
	// created or changed.
	Rows, Changed int
	// Refused lists the rows that were not stored, in the order of the rows. The next run tries them again.
	Refused []RefusedRow
	// Opened is the number of violations that opened.
	Opened int
	// Seq is the sequence of the last record that the run stored, or zero if it stored nothing.
	Seq int64
	// Err is not nil if a rule failed. The rows are stored in any case.
	Err error
}

// RefusedRow is a row that an import could not store.
type RefusedRow struct {
	Key     record.Key
	Refusal *merge.Refusal
}

// The limits of each transaction of an import, so that it delays no push for long.
const (
	importRows  = 500
	importBytes = 1 << 20 // of values
)

// Import brings rows of another system over, which no client has stamped: one run of an import. It writes
// the fields that are absent, and the fields that the import wrote before and whose value in the source has
// changed since. It writes nothing else: every edit of a person wins over it, whenever the edit arrives, and
// a second run with the same rows changes nothing. Package imports has the rule, and the section "Imports"
// of the package documentation says how to use it.
//
// The rows must be all rows of one kind, or all that have changed, each once. They are checked before anything is
// stored: a row that no import may write is a *record.Error whose path begins with the position of the row, such as
// [3].data.title. It wraps ErrOldName for a field name that Options.Lenses has replaced. If the Run of the result is
// zero, nothing was stored. Import stores some hundred rows in each transaction, so pushes go on in between. If it fails
// or is killed, the rows that were stored stay, and another run completes the import. Do not let two runs of one import
// overlap: the older run then fails with imports.ErrRun.
//
// As with Write, the workspace is created if it does not exist, Options.Guard is asked about each record, and neither
// Options.Buckets nor Options.MayWrite limits the import. A row that is refused, for example because its record would be
// too large, does not affect the others. The rules check what is imported. No write of an import is a lost edit, and
// none makes one, except that Options.Keep keeps an imported value that a person overwrites unseen.
func (s *Server) Import(ctx context.Context, workspace string, from Source, rows []imports.Row) (Imported, error) {
	if err := from.check(workspace); err != nil {
		return Imported{}, err
	}
	if err := s.checkRows(rows); err != nil {
		return Imported{}, err
	}
	if _, err := stampAbove(0, nil, s.options.Now()); err != nil {
		return Imported{}, err
	}
	i := importing{Server: s, workspace: workspace}
	if err := s.maintain(ctx, workspace, func(tx *session) error { return i.begin(ctx, tx, from) }); err != nil {
		return Imported{}, err
	}
	for len(rows) > 0 {
		n := partOf(rows)
		if err := i.store(ctx, rows[:n]); err != nil {
			return i.done, err
		}
		rows = rows[n:]
	}
	return i.done, nil
}

// partOf returns how many rows to store in the next transaction.
func partOf(rows []imports.Row) (n int) {
	for size := 0; n < len(rows) && n < importRows; n++ {
		for name, v := range rows[n].Fields {
			size += len(name) + len(v.JSON())
		}
		if n > 0 && size > importBytes {
			break
		}
	}
	return n
}

// importing is a running import.
type importing struct {
	*Server
	workspace string
	run       imports.Run // without the fence
	name      string
	done      Imported
}

// begin takes the number of the run, and registers a new import.
func (i *importing) begin(ctx context.Context, tx *session, from Source) error {
	id, known := tx.imports.find(from.Name)
	switch {
	case known && !from.ID.IsZero() && id != from.ID:
		return fmt.Errorf("the import %q has another ID", from.Name)
	case !known:
		if id = from.ID; id.IsZero() {
			id = i.tokens.ownID()
		}
		if tx.imports.has(id) {
			return errors.New("another import has this ID")
		}
		if err := bindImport(ctx, tx.tx, tx.workspace, id); err != nil {
			return err
		}
	}
	if tx.imports.of == nil {
		tx.imports.of = make(map[clock.ClientID]registered)
	}
	r := registered{Name: from.Name, Run: tx.imports.of[id].Run + 1}
	tx.imports.of[id] = r
	i.name, i.run = from.Name, imports.Run{ID: id, Number: r.Run}
	i.done.ID, i.done.Run = id, r.Run
	return nil
}

// bindImport makes sure that no client uses the ID of an import.
func bindImport(ctx context.Context, tx *sql.Tx, workspace string, id clock.ClientID) error {
	result, err := tx.ExecContext(ctx, `
		INSERT INTO clients (client, workspace, "user") VALUES ($1, $2, '') ON CONFLICT DO NOTHING`, id, workspace)
	if err != nil {
		return fmt.Errorf("bind the ID of an import: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ClientTaken())
	}
	return nil
}

// store stores some rows. If their records are too large together, it stores half of them at a time.
func (i *importing) store(ctx context.Context, rows []imports.Row) error {
	var begun time.Time
	err := i.storeAtOnce(ctx, rows, &begun)
	switch {
	case isTooLarge(err) && len(rows) > 1:
		half := len(rows) / 2
		if err := i.store(ctx, rows[:half]); err != nil {
			return err
		}
		return i.store(ctx, rows[half:])
	case err != nil:
		return err
	case i.database.postgres: // it grants the lock in the order of the requests
		return nil
	}
	return pause(ctx, time.Since(begun)/2)
}

// storeAtOnce stores some rows in a transaction.
func (i *importing) storeAtOnce(ctx context.Context, rows []imports.Row, begun *time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	part := importPart{importing: i, rows: rows}
	err := i.maintain(ctx, i.workspace, func(tx *session) error {
		*begun = time.Now()
		return part.within(ctx, tx)
	})
	if err != nil {
		return err
	}
	i.done.Rows += len(rows)
	i.done.Changed += len(part.out.Answer.Updates)
	i.done.Refused = append(i.done.Refused, part.refused()...)
	i.done.Opened += openedIn(part.out.Report)
	i.done.Err = errors.Join(i.done.Err, part.out.Report.Err)
	if part.seq > 0 {
		i.done.Seq = part.seq
		i.logPush(ctx, part.sender(), part.out)
	}
	return nil
}

// openedIn returns how many violations have opened.
func openedIn(report violation.Report) (n int) {
	for _, u := range report.Updates {
		before, _ := violation.Parse(u.Before)
		after, err := violation.Parse(u.After)
		if err == nil && after.Status == violation.Open && before.Status != violation.Open {
			n++
		}
	}
	return n
}
