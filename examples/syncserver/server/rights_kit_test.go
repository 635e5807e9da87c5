package server

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

var rightsSeeds = flag.Int("rights-seeds", 4, "the number of runs of servers with buckets, at each level")

// granting is a purging pair with buckets.
type granting struct{ purging }

// newGranting returns a function that creates granting pairs.
func newGranting(t *testing.T, name func(*testing.T) string, level int) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		g := granting{purging{&pair{name: name(t), env: env}, t, grantingOptions(t, level)}}
		return g, g.open(g.o)
	}
}

func grantingOptions(t *testing.T, level int) Options {
	return Options{
		PurgeLevel: level, Erasures: filepath.Join(t.TempDir(), "erasures"), Buckets: mergetest.Buckets,
		// Accounts of an app have only the buckets that they are granted.
		Authenticate: func(*http.Request) (Account, error) { return Account{}, errors.New("no requests") },
	}
}

func (g granting) Grant(client clock.ClientID, bucket string) error {
	m, err := g.servers[0].admitted(client)
	if err != nil {
		return err
	}
	return g.next().Grant(context.Background(), m.Workspace, m.User, map[string]string{bucket: WriterRole})
}

func (g granting) Revoke(client clock.ClientID, bucket string) error {
	m, err := g.servers[0].admitted(client)
	if err != nil {
		return err
	}
	return g.next().Revoke(context.Background(), m.Workspace, m.User, bucket)
}

func (g granting) Restart() (mergetest.Backend, error) {
	_, err := g.purging.Restart()
	return g, err
}

// Backup makes a backup, which has the rights as well.
func (g granting) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := g.purging.Backup()
	return func() (mergetest.Backend, error) {
		_, err := restore()
		return g, err
	}, err
}

// TestServersWithBucketsPassTheConvergenceKit lets simulated devices with different rights work with two
// servers that purge and erase.
func TestServersWithBucketsPassTheConvergenceKit(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		o := purgingOptions(t)
		if o.Seeds = *rightsSeeds; testing.Short() || strings.HasSuffix(t.Name(), "PostgreSQL") {
			o.Seeds = min(o.Seeds, 2)
		}
		for level := 1; level <= 2; level++ {
			t.Run(fmt.Sprintf("level %d", level), func(t *testing.T) {
				mergetest.Run(t, newGranting(t, name, level), o)
			})
		}
	})
}
