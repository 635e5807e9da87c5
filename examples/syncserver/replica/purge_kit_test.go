package replica_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// purging is a backend that purges and erases, and that can be restored from a backup, with a new
// epoch.
type purging struct{ *memory.Server }

func newPurging(level int) func(env *mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		return purging{&memory.Server{Now: env.Now, PageSize: 2, Level: level}}, nil
	}
}

func (p purging) Purge(retention time.Duration) (mergetest.Purged, error) {
	seq, stamp := p.Server.Purge(retention)
	return mergetest.Purged{Sequence: int64(seq), Fence: stamp, Level: p.Level}, nil
}

func (p purging) Backup() (restore func() (mergetest.Backend, error), err error) {
	saved := p.Restored()
	return func() (mergetest.Backend, error) { return purging{saved.Restored()}, nil }, nil
}

// kitClients are the clients that the kit runs on: a Replica, and one that crashes and is opened again.
var kitClients = map[string]func(testing.TB) func(clock.ClientID, func() time.Time) mergetest.Client{"runs": newClient, "crashes": newCrashing}

// TestConvergenceWithPurges runs the kit on a Replica, and on one that crashes and is opened again,
// with a server that purges, erases and is restored from backups.
func TestConvergenceWithPurges(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit")
	}
	for level := 1; level <= 2; level++ {
		for name, make := range kitClients {
			t.Run(fmt.Sprintf("%s at level %d", name, level), func(t *testing.T) {
				mergetest.Run(t, newPurging(level), mergetest.Options{NewClient: make(t), Seeds: *seeds})
			})
		}
	}
}
