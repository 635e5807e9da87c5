package memory_test

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

// Restart returns a new process over the same store.
func (g granting) Restart() (mergetest.Backend, error) { return g, nil }

// Backup makes a backup, which has the rights as well.
func (g granting) Backup() (func() (mergetest.Backend, error), error) {
	saved := g.Server.Restored()
	return func() (mergetest.Backend, error) {
		return granting{purging{backend{saved.Restored(), g.env}}}, nil
	}, nil
}

// TestClientsHoldWhatTheyMayRead: at both levels, each client holds the records of its buckets, and receives
// nothing of others.
func TestClientsHoldWhatTheyMayRead(t *testing.T) {
	for level, n := range map[int]int{1: *seeds / 5, 2: *seeds / 2} {
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			t.Parallel()
			o := mergetest.Options{Seeds: max(n, 1)}
			if testing.Short() {
				o.Seeds = 10
			}
			mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
				s := &memory.Server{Now: env.Now, Imports: importIDs(), PageSize: 1, Level: level, Buckets: mergetest.Buckets}
				return granting{purging{backend{s, env}}}, nil
			}, o)
		})
	}
}
