package server

import (
	"flag"
	"os/exec"
	"testing"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

var clientSeeds = flag.Int("client-seeds", 50, "the number of runs with the client in JavaScript, with each kind of server")

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
			mergetest.Run(t, create(t), o)
		})
	}
}
