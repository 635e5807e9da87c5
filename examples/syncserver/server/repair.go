package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/google/uuid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// repairRecords is how many records one transaction repairs.
const repairRecords = 20

// RepairOptions configure a repair. The zero value is ready to use.
type RepairOptions struct {
	// Log receives a line for each write and each watermark that is too far ahead, without field
	// values; nil means no log.
	Log io.Writer
	// Dry makes Repair report what it would do, without changing anything.
	Dry bool
}

// Repaired reports what [Server.Repair] did or would do.
type Repaired struct {
	// Records is the number of records with writes that were stamped too far ahead, and Writes
	// the number of such writes. They exclude a violation row if the repair of its records made
	// the rules derive the row again.
	Records, Writes int
	// Marks is the number of clients whose watermark was too far ahead.
	Marks int
	// Samples is the number of samples for Options.Retention whose time was in the future.
	Samples int
}

// Repair restamps each stored write of a workspace that is stamped too far ahead. The new stamp has
// the current time and a new client ID, and the record gets a new sequence, so that clients pull it.
// If the fence of Options.Retention is above the current time, the new stamp is just above the fence.
// Repair also lowers each watermark that is too far ahead to the current time, and drops the samples
// with a time in the future, because they delay further samples and the fence. A second repair finds
// nothing to do. The error is ErrEmpty if nothing was pushed to the workspace.
//
// The server's clock must be right. Clients can push during a repair, because each
// transaction repairs only a few records. If Repair returns an error, the records repaired so far
// stay repaired.
func (s *Server) Repair(ctx context.Context, workspace string, o RepairOptions) (Repaired, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if seq, err := s.database.sequence(ctx, workspace); err != nil || seq == 0 {
		return Repaired{}, cmp.Or(err, ErrEmpty)
	}
	r := repair{Server: s, RepairOptions: o, client: clock.ClientID(uuid.New())}
	for _, rows := range []bool{false, true} { // violation rows last: most are derived again by then
		at := beyond{rows: rows}
		for more := true; more; {
			err := r.locked(ctx, workspace, func(tx *session) (err error) {
				at, more, err = r.records(ctx, tx, at)
				return err
			})
			if err != nil {
				return r.done, err
			}
		}
	}
	err := r.locked(ctx, workspace, func(tx *session) error {
		if err := r.marks(ctx, tx); err != nil {
			return err
		}
		return r.samples(ctx, tx)
	})
	return r.done, err
}

// repair is a running repair.
type repair struct {
	*Server
	RepairOptions
	client clock.ClientID // of the new stamps
	done   Repaired
}

// errDry rolls back the transaction of a dry run.
var errDry = errors.New("dry run: nothing is changed")

// locked runs f with the workspace locked, and notifies the listeners.
func (r *repair) locked(ctx context.Context, workspace string, f func(*session) error) error {
	err := r.Server.locked(ctx, workspace, func(tx *session) error {
		if err := f(tx); err != nil || !r.Dry {
			return err
		}
		return errDry
	})
	if errors.Is(err, errDry) {
		return nil
	}
	return err
}

// records repairs the first records after a position. It returns the position at which to continue,
// and whether there may be more records.
func (r *repair) records(ctx context.Context, tx *session, at beyond) (beyond, bool, error) {
	wall := r.options.Now()
	above := tx.fence.stamp + 1 // a new write at or below the fence could be purged before clients pull it
	stamp := clock.Stamp{Time: max(clock.TimestampOf(wall), above), Client: r.client}
	limit := max(greatest(wall), above)
	if at.latest < limit {
		at.latest, at.seq = limit, math.MaxInt64
	}
	found, next, err := tx.beyond(ctx, at, repairRecords)
	if err != nil {
		return at, false, err
	}
	updates := make([]merge.Update, len(found))
	for i, before := range found {
		updates[i] = merge.Update{Before: before, After: restamped(before, limit, stamp)}
		for w := range writesAfter(before, limit) {
			r.done.Writes++
			fmt.Fprintf(r.Log, "%s/%s %s: %s by %s\n", w.Table, w.ID, w.Field, w.UpdatedAt, w.ClientID)
		}
	}
	r.done.Records += len(found)
	if !r.Dry {
		err = r.store(ctx, tx, violation.Input{Changes: updates, Now: stamp.Time})
	}
	return next, len(found) == repairRecords, err
}

// store stores the repaired records, and the violation rows that the rules derive from them.
func (r *repair) store(ctx context.Context, tx *session, in violation.Input) error {
	report, err := tx.check(ctx, r.options.Rules, in)
	if err != nil {
		return err
	}
	for _, updates := range [][]merge.Update{in.Changes, report.Updates} {
		if err := tx.store(ctx, r.options.Rules, updates); err != nil {
			return err
		}
	}
	return nil
}

// restamped returns a copy of a record in which each write after the limit has the given stamp.
// The copy replaces the stored record. A join would not work, because the old stamps would win.
func restamped(r record.Record, limit clock.Timestamp, stamp clock.Stamp) record.Record {
	var b record.Builder
	// The error is always nil, because the fields come from a valid record.
	after, _ := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range r.All() {
			if w.Stamp.Time > limit {
				w.Stamp = stamp
			}
			if !yield(name, w) {
				return
			}
		}
	})
	return after
}

// marks lowers the watermarks that are too far ahead. With such a watermark, a client is told
// that its stamps run backwards, and none of its losing edits is reported as lost. A watermark
// without a workspace is from an earlier version; the repair of any workspace may lower it.
func (r *repair) marks(ctx context.Context, tx *session) error {
	wall := r.options.Now()
	rows, err := tx.tx.QueryContext(ctx, `
		SELECT client, at FROM marks WHERE workspace IN ($1, '') AND at > $2 ORDER BY client`, tx.workspace, greatest(wall))
	if err != nil {
		return fmt.Errorf("look up watermarks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var mark clock.Stamp
		if err := rows.Scan(&mark.Client, &mark.Time); err != nil {
			return fmt.Errorf("read a watermark: %w", err)
		}
		r.done.Marks++
		fmt.Fprintf(r.Log, "watermark of %s: %s\n", mark.Client, mark.Time)
	}
	if err := rows.Err(); err != nil || r.Dry {
		return err
	}
	_, err = tx.tx.ExecContext(ctx, `
		UPDATE marks SET at = $3 WHERE workspace IN ($1, '') AND at > $2`, tx.workspace, greatest(wall), clock.TimestampOf(wall))
	if err != nil {
		return fmt.Errorf("lower watermarks: %w", err)
	}
	return nil
}

// samples drops the samples with a time in the future.
func (r *repair) samples(ctx context.Context, tx *session) error {
	dropped, err := tx.tx.ExecContext(ctx, `DELETE FROM samples WHERE workspace = $1 AND at > $2`, tx.workspace, r.options.Now().UnixNano())
	if err != nil {
		return fmt.Errorf("drop samples with a time in the future: %w", err)
	}
	n, err := dropped.RowsAffected()
	r.done.Samples = int(n)
	return err
}
