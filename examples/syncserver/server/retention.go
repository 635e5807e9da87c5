package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// Each day, a workspace gets a sample of its last sequence and its greatest stamp. The newest
// sample that is older than Options.Retention becomes the fence. What was deleted below the fence
// is purged (see sweep.go), and a client that was away for longer cannot bring it back: its old
// writes to purged fields and records are refused as merge.Gone.
//
// A fence never falls, so a wall clock that is wrong must not raise it. After a gap between two
// samples, which may mean that the clock jumped ahead, the fence stays until three further
// samples were taken. While the clock is behind the newest sample, there are neither samples nor a
// new fence; Repair drops samples with a time in the future.
const (
	defaultRetention = 90 * 24 * time.Hour
	sampleEvery      = 24 * time.Hour
	maxGap           = 48 * time.Hour // between two samples
	samplesAfterGap  = 3              // further samples, before the fence rises again
)

// sample is the state of a workspace at some time.
type sample struct {
	at       int64           // the wall clock time, in Unix nanoseconds
	seq      int64           // the last sequence
	greatest clock.Timestamp // the greatest accepted stamp, but none too far ahead of the wall clock
	entry    int64           // the last entry of the journal
}

// Retain applies Options.Retention to all workspaces: if a workspace has no sample of the last
// day, Retain takes a sample, raises the fence of the workspace, and purges what is below the fence.
// Watch calls it each hour. Pushes go on meanwhile, because each transaction is small. An error in
// one workspace does not affect the others. Retain also compresses the journals, even if
// Options.Retention is negative.
func (s *Server) Retain(ctx context.Context) error {
	if s.options.Retention < 0 {
		return s.closeJournals(ctx)
	}
	due, err := s.database.unsampled(ctx, s.options.Now().Add(-sampleEvery))
	for i, name := range due {
		if i > 0 && pause(ctx, workspacePause) != nil {
			break
		}
		if failed := s.retain(ctx, name); failed != nil {
			err = errors.Join(err, fmt.Errorf("retention of the workspace %q: %w", name, failed))
		}
	}
	return errors.Join(err, s.closeJournals(ctx))
}

// retainHourly calls Retain until the context ends.
func (s *Server) retainHourly(ctx context.Context) {
	for wait := s.retainAfter; ; wait = time.Hour {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		if err := s.Retain(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.ErrorContext(ctx, "cannot apply the retention", "err", err)
		}
	}
}

// unsampled returns the names of the workspaces without a sample after the given time.
func (d *Database) unsampled(ctx context.Context, after time.Time) ([]string, error) {
	return d.workspaces(ctx, `NOT EXISTS (SELECT 1 FROM samples WHERE workspace = name AND at > $1)`, after.UnixNano())
}

// retain applies the retention to one workspace.
func (s *Server) retain(ctx context.Context, workspace string) error {
	var sampled int64 // the last entry of the journal
	var before, after fence
	err := s.maintain(ctx, workspace, func(tx *session) error {
		sampled = tx.entries
		wall := s.options.Now()
		all, err := tx.samples(ctx)
		if err != nil || len(all) > 0 && wall.UnixNano() < all[0].at || tx.counted < tx.seq {
			return err
		}
		if len(all) == 0 || wall.UnixNano()-all[0].at >= int64(sampleEvery) {
			if all, err = tx.sample(ctx, all, sample{at: wall.UnixNano(), greatest: greatest(wall)}); err != nil {
				return err
			}
		}
		tx.fence.level = max(tx.fence.level, s.options.PurgeLevel)
		if isAfterGap(all) {
			return nil
		}
		before = tx.fence
		err = tx.raise(ctx, all, s.options.Retention)
		after = tx.fence
		if err == nil && after.seq > before.seq && s.options.Journal { // in a workspace at rest, the journal becomes empty
			err = tx.writeEvent(ctx, journalEvent{Event: "fence", Wall: wall, Fence: after.stamp, Level: after.level})
		}
		return err
	})
	if err == nil && after.stamp > before.stamp {
		s.options.Log.InfoContext(ctx, "the fence has risen", "workspace", workspace, "until", after.stamp, "level", after.level)
	}
	if err == nil {
		err = s.closeJournal(ctx, workspace, sampled)
	}
	if err != nil {
		return err
	}
	return s.sweep(ctx, workspace)
}

// maintain runs f with the workspace locked, after the groups of pushes that already wait for their turn.
func (s *Server) maintain(ctx context.Context, workspace string, f func(*session) error) error {
	done, err := s.turns.enter(ctx, workspace)
	if err != nil {
		return err
	}
	defer done()
	release, err := s.working.enter(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	return s.locked(ctx, workspace, f)
}

// samples returns the samples of the workspace, newest first.
func (s *session) samples(ctx context.Context) (all []sample, err error) {
	rows, err := s.tx.QueryContext(ctx, `SELECT at, seq, greatest, entry FROM samples WHERE workspace = $1 ORDER BY at DESC`, s.workspace)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one sample
		if err := rows.Scan(&one.at, &one.seq, &one.greatest, &one.entry); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// sample adds a sample to the others. The argument "now" has its time, and the greatest stamp that is
// not too far ahead.
//
// The sample does not need the stamps of purged writes, because they are at or below the fence. A
// sample that raises the greatest stamp takes a sequence of its own: a client that pulled before the
// sample may have a clock below this stamp, so the cursor of the client must be below the sequence
// of the sample.
func (s *session) sample(ctx context.Context, all []sample, now sample) ([]sample, error) {
	before := s.fence.stamp
	if len(all) > 0 {
		before = max(before, all[0].greatest)
	}
	var latest clock.Timestamp
	err := s.tx.QueryRowContext(ctx, `
		SELECT coalesce(max(latest), 0) FROM records WHERE workspace = $1 AND latest > $2`, s.workspace, before).Scan(&latest)
	if err != nil {
		return nil, err
	}
	if now.greatest = max(before, min(latest, now.greatest)); now.greatest > before {
		s.seq++
	}
	now.seq, now.entry = s.seq, s.entries
	_, err = s.tx.ExecContext(ctx, `
		INSERT INTO samples (workspace, at, seq, greatest, entry) VALUES ($1, $2, $3, $4, $5)`, s.workspace, now.at, now.seq, now.greatest, now.entry)
	return append([]sample{now}, all...), err
}

// raise makes the newest sample that is older than the retention the fence, and drops the samples
// and the rows of the table loads that are no longer needed.
func (s *session) raise(ctx context.Context, all []sample, retention time.Duration) error {
	next := slices.IndexFunc(all, func(one sample) bool { return one.at <= all[0].at-int64(retention) })
	if next < 0 {
		return nil
	}
	s.fence.seq = max(s.fence.seq, all[next].seq)
	s.fence.stamp = max(s.fence.stamp, all[next].greatest)
	oldest := all[max(next, min(samplesAfterGap, len(all)-1))] // isAfterGap needs some older samples
	if _, err := s.tx.ExecContext(ctx, `DELETE FROM samples WHERE workspace = $1 AND at < $2`, s.workspace, oldest.at); err != nil {
		return err
	}
	_, err := s.tx.ExecContext(ctx, `DELETE FROM loads WHERE workspace = $1 AND fence_seq < $2 AND refused = 0`, s.workspace, s.fence.seq)
	return err
}

// isAfterGap reports whether there is a gap before one of the newest samples.
func isAfterGap(all []sample) bool {
	for i := range min(samplesAfterGap, len(all)-1) {
		if all[i].at-all[i+1].at > int64(maxGap) {
			return true
		}
	}
	return false
}
