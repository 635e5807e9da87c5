package server

import (
	"flag"
	"io"
	"os/exec"
	"testing"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

var clientSeeds = flag.Int("client-seeds", 50, "the number of runs with the client in JavaScript, with each kind of server")

// silentPair is a pair whose server makes no writes of its own: it hides the methods Write, Import and Audit. A write of
// the server to a record that is stamped at the limit is just above the limit. A client that has pulled it is refused as
// too far ahead, and the client in JavaScript then puts its clock back, below what it has pulled, until the server is
// repaired. The kit repairs no server.
type silentPair struct {
	mergetest.Backend
	io.Closer
	restarter mergetest.Restarter
}

func (p silentPair) Restart() (mergetest.Backend, error) { return silent(p.restarter.Restart()) }

type silentPurging struct {
	silentPair
	mergetest.Purger
	mergetest.Eraser
	restorer mergetest.Restorer
}

func (p silentPurging) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := p.restorer.Backup()
	return func() (mergetest.Backend, error) { return silent(restore()) }, err
}

type silentGranting struct {
	silentPurging
	mergetest.Granter
}

// silent hides the server's writes of a backend that was created, restarted or restored.
func silent(b mergetest.Backend, err error) (mergetest.Backend, error) {
	switch b := b.(type) {
	case *pair:
		return silentPair{b, b, b}, err
	case purging:
		return silentPurging{silentPair{b, b, b}, b, b, b}, err
	case granting:
		return silentGranting{silentPurging{silentPair{b, b, b}, b, b, b}, b}, err
	}
	return b, err
}

// TestClientInJavaScriptPassesWithSQLite lets the client of examples/client work with servers on SQLite: with two that
// keep all deletions, with two that purge and erase, and with two that have buckets.
func TestClientInJavaScriptPassesWithSQLite(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no Node.js")
	}
	for kind, create := range map[string]func(t *testing.T) func(*mergetest.Env) (mergetest.Backend, error){
		"all deletions": func(t *testing.T) func(*mergetest.Env) (mergetest.Backend, error) {
			return newPair(t, databasetest.SQLite)
		},
		"purging": func(t *testing.T) func(*mergetest.Env) (mergetest.Backend, error) {
			return newPurging(t, databasetest.SQLite, 2)
		},
		"with buckets": func(t *testing.T) func(*mergetest.Env) (mergetest.Backend, error) {
			return newGranting(t, databasetest.SQLite, 1)
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := purgingOptions(t)
			o.NewClient = mergetest.Command(t, "node", "../../client/bridge.mjs")
			if o.Seeds = *clientSeeds; testing.Short() {
				o.Seeds = min(o.Seeds, 3)
			}
			mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) { return silent(create(t)(env)) }, o)
		})
	}
}
