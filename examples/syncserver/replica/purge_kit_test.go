package replica_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// purging is a backend that purges, and that can be restored from a backup, with a new epoch. The
// backup is a log of everything that changed the store.
type purging struct {
	*memory.Server
	env   *mergetest.Env
	log   []change
	epoch int
}

// change is a push or a purge, and the time at which it happened.
type change struct {
	at   time.Time
	make func(*memory.Server)
}

func newPurging(level int) func(env *mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		return &purging{Server: &memory.Server{Now: env.Now, PageSize: 2, Level: level}, env: env}, nil
	}
}

func (p *purging) Push(client clock.ClientID, batch []byte) (answer []byte, err error) {
	batch = bytes.Clone(batch)
	p.change(func(s *memory.Server) { answer, err = s.Push(client, batch) })
	return answer, err
}

func (p *purging) Purge(retention time.Duration) (mergetest.Purged, error) {
	purged := mergetest.Purged{Level: p.Level}
	p.change(func(s *memory.Server) {
		seq, stamp := s.Purge(retention)
		purged.Sequence, purged.Fence = int64(seq), stamp
	})
	return purged, nil
}

func (p *purging) change(makes func(*memory.Server)) {
	c := change{p.env.Now(), makes}
	p.log = append(p.log, c)
	p.Now = func() time.Time { return c.at }
	makes(p.Server)
}

func (p *purging) Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error) {
	epoch, at, _ := strings.Cut(cursor, ":")
	now := fmt.Sprint(p.epoch)
	if cursor == "" || epoch == now {
		lines, next, err = p.Server.Pull(client, at)
		return lines, now + ":" + next, err
	}
	lines, next, err = p.Server.Pull(client, "")
	if first, rest, _ := bytes.Cut(lines, []byte("\n")); bytes.HasPrefix(first, []byte(`{"reset"`)) {
		lines = rest
	}
	return append([]byte("{\"reset\":[\"\"],\"why\":\"epoch\"}\n"), lines...), now + ":" + next, err
}

func (p *purging) Backup() (restore func() (mergetest.Backend, error), err error) {
	log := p.log[:len(p.log):len(p.log)]
	restores := p.epoch
	return func() (mergetest.Backend, error) {
		restores += 100
		again := &purging{Server: &memory.Server{PageSize: 2, Level: p.Level}, env: p.env, epoch: restores + p.epoch}
		for _, c := range log {
			again.Now = func() time.Time { return c.at }
			c.make(again.Server)
		}
		again.log = log
		return again, nil
	}, nil
}

// TestConvergenceWithPurges runs the kit on a Replica, and on one that crashes and is opened again,
// with a server that purges and that is restored from backups.
func TestConvergenceWithPurges(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit")
	}
	for level := 1; level <= 2; level++ {
		for name, make := range map[string]func(testing.TB) func(clock.ClientID, func() time.Time) mergetest.Client{"runs": newClient, "crashes": newCrashing} {
			t.Run(fmt.Sprintf("%s at level %d", name, level), func(t *testing.T) {
				mergetest.Run(t, newPurging(level), mergetest.Options{NewClient: make(t), Seeds: *seeds})
			})
		}
	}
}
