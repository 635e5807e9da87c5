package replica_test

import (
	"fmt"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// granting is a backend with buckets.
type granting struct{ purging }

func (g granting) Grant(client clock.ClientID, bucket string) error {
	g.Server.Grant(client, bucket)
	return nil
}

func (g granting) Revoke(client clock.ClientID, bucket string) error {
	g.Server.Revoke(client, bucket)
	return nil
}

func (g granting) Backup() (restore func() (mergetest.Backend, error), err error) {
	saved := g.Restored()
	return func() (mergetest.Backend, error) { return granting{purging{saved.Restored()}}, nil }, nil
}

// TestConvergenceWithBuckets runs the kit on a Replica, with a server whose clients have different rights.
func TestConvergenceWithBuckets(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit")
	}
	for level := 1; level <= 2; level++ {
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			t.Parallel()
			mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
				s := &memory.Server{Now: env.Now, PageSize: 1, Level: level, Buckets: mergetest.Buckets}
				return granting{purging{s}}, nil
			}, mergetest.Options{NewClient: newClient(t), Seeds: *seeds})
		})
	}
}
