package memory_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// javaScript is the program that serves the JavaScript client to the kit.
var javaScript = filepath.Join("..", "..", "examples", "client", "bridge.mjs")

// TestJavaScriptClientConverges certifies the client in examples/client, with servers that purge, erase, are
// restored from backups, and have buckets.
func TestJavaScriptClientConverges(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit on another program")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no Node.js")
	}
	withBuckets := func(env *mergetest.Env) (mergetest.Backend, error) {
		s := &memory.Server{Now: env.Now, Imports: importIDs(), PageSize: 1, Level: 2, Buckets: mergetest.Buckets}
		return granting{purging{backend{s, env}}}, nil
	}
	for _, c := range []struct {
		name    string
		backend func(*mergetest.Env) (mergetest.Backend, error)
		seeds   int
	}{{"without a fence", newBackend, *seeds / 4}, {"level 1", newPurging(1), *seeds / 4}, {"level 2 and buckets", withBuckets, *seeds}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mergetest.Run(t, c.backend, mergetest.Options{Seeds: max(c.seeds, 1), NewClient: mergetest.Command(t, "node", javaScript)})
		})
	}
}
