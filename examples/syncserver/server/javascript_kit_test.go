package server

import (
	"flag"
	"os/exec"
	"testing"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

var clientSeeds = flag.Int("client-seeds", 50, "the number of runs with the client in JavaScript, with each kind of server")

// unwritten hides the method Write of a backend. A write of the server to a record that is stamped at the limit is just
// above the limit. A client that has pulled it is refused as too far ahead, and the client in JavaScript then puts its
// clock back, below what it has pulled, until the server is repaired. The kit repairs no server.
type unwritten struct{}

// Write has another signature than the method of a mergetest.ServerWriter.
func (unwritten) Write() {}

// Import and Audit hide the imports and the audits, likewise.
func (unwritten) Import() {}
func (unwritten) Audit()  {}

type (
	unwrittenPair struct {
		*pair
		unwritten
	}
	unwrittenPurging struct {
		purging
		unwritten
	}
	unwrittenGranting struct {
		granting
		unwritten
	}
)

func (p unwrittenPair) Restart() (mergetest.Backend, error) {
	p.Close()
	return p, p.open(Options{})
}

func (p unwrittenPurging) Restart() (mergetest.Backend, error) {
	_, err := p.purging.Restart()
	return p, err
}

func (p unwrittenPurging) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := p.purging.Backup()
	return func() (mergetest.Backend, error) {
		_, err := restore()
		return p, err
	}, err
}

func (p unwrittenGranting) Restart() (mergetest.Backend, error) {
	_, err := p.granting.Restart()
	return p, err
}

func (p unwrittenGranting) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := p.granting.Backup()
	return func() (mergetest.Backend, error) {
		_, err := restore()
		return p, err
	}, err
}

// TestClientInJavaScriptPassesWithSQLite lets the client of examples/client work with servers on SQLite: with two that
// keep all deletions, with two that purge and erase, and with two that have buckets.
func TestClientInJavaScriptPassesWithSQLite(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no Node.js")
	}
	for kind, create := range map[string]func(t *testing.T) func(*mergetest.Env) (mergetest.Backend, error){
		"all deletions": func(t *testing.T) func(*mergetest.Env) (mergetest.Backend, error) {
			return func(env *mergetest.Env) (mergetest.Backend, error) {
				b, err := newPair(t, databasetest.SQLite)(env)
				return unwrittenPair{pair: b.(*pair)}, err
			}
		},
		"purging": func(t *testing.T) func(*mergetest.Env) (mergetest.Backend, error) {
			return func(env *mergetest.Env) (mergetest.Backend, error) {
				b, err := newPurging(t, databasetest.SQLite, 2)(env)
				return unwrittenPurging{purging: b.(purging)}, err
			}
		},
		"with buckets": func(t *testing.T) func(*mergetest.Env) (mergetest.Backend, error) {
			return func(env *mergetest.Env) (mergetest.Backend, error) {
				b, err := newGranting(t, databasetest.SQLite, 1)(env)
				return unwrittenGranting{granting: b.(granting)}, err
			}
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := purgingOptions(t)
			o.NewClient = mergetest.Command(t, "node", "../../client/bridge.mjs")
			if o.Seeds = *clientSeeds; testing.Short() {
				o.Seeds = min(o.Seeds, 3)
			}
			mergetest.Run(t, create(t), o)
		})
	}
}
