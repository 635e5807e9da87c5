package server

import (
	"context"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// purging is a pair that purges and erases.
type purging struct{ plain }

func (p purging) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	if err := p.join(client); err != nil {
		return nil, "", err
	}
	return p.pull(client, cursor)
}

// Purge does what Retain does each day, but always takes a sample, and does not wait after a gap between samples.
func (p purging) Purge(retention time.Duration) (purged mergetest.Purged, err error) {
	ctx, s, workspace := p.t.Context(), p.next(), p.on.Workspace()
	err = s.changeState(ctx, workspace, func(ctx context.Context, a *attempt) (bool, error) {
		if err := a.sample(ctx, s.wall()); err != nil {
			return false, err
		}
		a.state.raise(retention)
		return true, nil
	})
	if err != nil {
		return purged, err
	}
	if err := s.sweep(ctx, workspace); err != nil {
		return purged, err
	}
	a := s.newAttempt(workspace)
	if err := a.load(ctx, stateKey(workspace)); err != nil {
		return purged, err
	}
	if err := a.readState(); err != nil {
		return purged, err
	}
	f := a.state.Fence
	for tries := 0; ; tries++ {
		due := false
		purged = mergetest.Purged{Sequence: f.Seq, Fence: f.Stamp, Level: f.Level, Records: []record.Record{}}
		err = s.each(ctx, workspace, 0, func(r stored) error {
			if r.seq <= f.Seq {
				_, what := f.fateOf(r)
				due = due || what != kept
				purged.Records = append(purged.Records, r.Record)
			}
			return nil
		})
		if !due || err != nil || tries == 6000 { // another node may still have a message that was deleted
			return purged, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (p purging) Erase(key record.Key, at clock.Stamp) (clock.Stamp, error) {
	return p.next().Erase(p.t.Context(), p.on.Workspace(), key, at)
}

func (p purging) Restart() (mergetest.Backend, error) { return p, p.open() }

func (p purging) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := p.plain.Backup()
	return func() (mergetest.Backend, error) {
		_, err := restore()
		return p, err
	}, err
}

// kitRules flag what the devices of the kit write.
func kitRules() *violation.Checker {
	value := func(r record.Record) (string, error) {
		w, ok := r.Get("box")
		if !ok || w.Deleted() {
			return "", nil
		}
		return string(w.Value.JSON()), nil
	}
	return &violation.Checker{Rules: map[string]violation.Rule{
		"unique": violation.Unique{Table: "tasks", Fields: []string{"box"}, Value: value},
		"alone": violation.PerRecord{Table: "tasks", Fields: []string{"points"}, Type: "points", Wrong: func(r record.Record) (string, error) {
			w, ok := r.Get("points")
			return map[bool]string{true: "has points"}[ok && !w.Deleted()], nil
		}},
	}}
}

// Close compares the violation rows with those that an audit finds.
func (p purging) Close() error {
	s, workspace := p.next(), p.on.Workspace()
	if s.rules == nil {
		return nil
	}
	a := s.newAttempt(workspace)
	if err := a.load(p.t.Context(), stateKey(workspace)); err != nil {
		return err
	}
	if err := a.readState(); err != nil {
		return err
	}
	var all []record.Record
	for _, r := range allOf(p.t, p.on.At(0), workspace) {
		all = append(all, a.state.Fence.normal(r))
	}
	for _, u := range s.rules.Audit(merge.Collect(all...), 0).Updates {
		p.t.Errorf("an audit changes %v\nto %v", u.Before, u.After)
	}
	return nil
}

// granting is a purging pair with buckets.
type granting struct{ purging }

func (g granting) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	return g.pair.Push(client, batch)
}

func (g granting) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	return g.pull(client, cursor)
}

func (g granting) Grant(client clock.ClientID, bucket string) error {
	return g.next().Grant(g.t.Context(), g.on.Workspace(), client.String(), map[string]string{bucket: "writer"})
}

func (g granting) Revoke(client clock.ClientID, bucket string) error {
	return g.next().Revoke(g.t.Context(), g.on.Workspace(), client.String(), bucket)
}

func (g granting) Restart() (mergetest.Backend, error) { return g, g.open() }

func (g granting) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := g.plain.Backup()
	return func() (mergetest.Backend, error) {
		_, err := restore()
		return g, err
	}, err
}
