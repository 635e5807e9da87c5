package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Each day, a workspace gets a sample of its last sequence and its greatest stamp. The newest sample that is older
// than Options.Retention becomes the fence. A fence never falls, so a wall clock that is wrong must not raise it.
// After a gap between two samples, which may mean that the clock jumped ahead, the fence stays until three further
// samples were taken. While the clock is behind the newest sample, there are neither samples nor a new fence.
const (
	sampleEvery     = 23 * time.Hour
	maxGap          = 48 * time.Hour // between two samples
	samplesAfterGap = 3              // further samples, before the fence rises again
)

// Retain applies Options.Retention to all workspaces: if a workspace has no sample of the last day, Retain takes one
// and raises the fence. Then it purges what is below the fence. Pushes go on meanwhile. Call it each hour or so, in
// one process: several processes only do the same work. An error in one workspace does not affect the others.
func (s *Server) Retain(ctx context.Context) error {
	if s.options.Retention < 0 {
		return nil
	}
	names, err := s.store.Workspaces(ctx)
	if err != nil {
		return fmt.Errorf("list the workspaces: %w", err)
	}
	for _, name := range names {
		if failed := s.retain(ctx, name); failed != nil {
			err = errors.Join(err, fmt.Errorf("retention of the workspace %q: %w", name, failed))
		}
	}
	return err
}

// retain applies the retention to one workspace.
func (s *Server) retain(ctx context.Context, workspace string) error {
	took := false
	err := s.changeState(ctx, workspace, func(ctx context.Context, a *attempt) (bool, error) {
		wall := s.wall()
		took = len(a.state.Samples) == 0 || wall.Sub(a.state.Samples[0].At) >= sampleEvery
		if !took {
			return false, nil
		}
		if err := a.sample(ctx, wall); err != nil {
			return false, err
		}
		if !isAfterGap(a.state.Samples) {
			a.state.raise(s.options.Retention)
		}
		return true, nil
	})
	if err != nil || !took {
		return err
	}
	return s.sweep(ctx, workspace)
}

// changeState changes the state of a workspace, unless f returns false. All pushes that were decided by the former
// state and are not stored yet conflict.
func (s *Server) changeState(ctx context.Context, workspace string, f func(context.Context, *attempt) (bool, error)) error {
	o := operation{workspace: workspace, marker: stateKey(workspace)}
	_, err := commit(ctx, s, o, func(ctx context.Context, a *attempt) (struct{}, error) {
		changed, err := f(ctx, a)
		if err != nil || !changed {
			return struct{}{}, err
		}
		a.state.Fence.Level = max(a.state.Fence.Level, s.options.PurgeLevel)
		return struct{}{}, a.putState(a.state)
	})
	return err
}

// sample adds a sample to the state. Its sequence is the one of the message that will hold the state. So a client
// whose cursor is at least that sequence has observed a stamp of at least the sample's: see state.told.
//
// The greatest stamp of the workspace is in a record that was written since the sample before, or it is in that sample
// or the fence. A stamp that was too far ahead then counts only when its record is written again.
func (a *attempt) sample(ctx context.Context, wall time.Time) error {
	next := sample{At: wall, Seq: own, Greatest: a.state.told()}
	var since int64
	if len(a.state.Samples) > 0 {
		since = a.state.Samples[0].Seq
	}
	limit := a.greatest(wall)
	err := a.each(ctx, a.workspace, since, func(r stored) error {
		next.Greatest = max(next.Greatest, min(latestOf(r.Record), limit))
		return nil
	})
	a.state.Samples = append([]sample{next}, a.state.Samples...)
	return err
}

// greatest returns the greatest timestamp that is not too far ahead at the given wall clock time. It includes the
// whole last millisecond, with any value of the logical counter.
func (s *Server) greatest(wall time.Time) clock.Timestamp {
	ahead := s.engine.MaxAhead
	if ahead == 0 {
		ahead = clock.DefaultMaxAhead
	}
	return clock.TimestampOf(wall.Add(ahead)) + clock.Timestamp(time.Millisecond-1)
}

// each calls f for the records of a workspace with a sequence above since. A record that is written meanwhile may
// come twice.
func (s *Server) each(ctx context.Context, workspace string, since int64, f func(stored) error) error {
	decoder := record.Decoder{Trusted: true}
	for {
		page, err := s.store.After(ctx, workspace, since, maxPage)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			r, err := decodeRecord(&decoder, e)
			if err == nil {
				err = f(r)
			}
			if err != nil {
				return err
			}
		}
		if since = page.Reached; !page.More {
			return nil
		}
	}
}

// raise makes the newest sample that is older than the retention the fence, and drops the samples that are no longer
// needed. The newest sample must be new.
func (s *state) raise(retention time.Duration) {
	all := s.Samples
	next := slices.IndexFunc(all, func(one sample) bool { return !one.At.After(all[0].At.Add(-retention)) })
	if next < 0 {
		return
	}
	if all[next].Seq == own || all[next].Seq > s.Fence.Seq {
		s.Fence.Seq = all[next].Seq
	}
	s.Fence.Stamp = max(s.Fence.Stamp, all[next].Greatest)
	s.Samples = all[:max(next, min(samplesAfterGap, len(all)-1))+1] // isAfterGap needs some older samples
}

// isAfterGap reports whether there is a gap before one of the newest samples.
func isAfterGap(all []sample) bool {
	for i := range min(samplesAfterGap, len(all)-1) {
		if all[i].At.Sub(all[i+1].At) > maxGap {
			return true
		}
	}
	return false
}
