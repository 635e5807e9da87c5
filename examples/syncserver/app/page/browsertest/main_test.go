package browsertest_test

import (
	"context"
	"flag"
	"log"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
)

// program is the server that all tests start.
var program *process.Program

var webAssembly = flag.Bool("webassembly", false, "let the replica in Go merge on both sides of the page")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Setenv("TZ", "UTC") // the page shows times in the zone of the browser
	var err error
	if program, err = process.Build(); err != nil {
		log.Fatal(err)
	}
	defer program.Remove()
	defer func() { closeShared() }()
	m.Run()
}

// start starts a browser: Chromium, or the one that FIELDLWW_BROWSER names.
func start() (*browser.Browser, error) {
	if os.Getenv("FIELDLWW_BROWSER") == "firefox" {
		return browser.StartFirefox(context.Background())
	}
	return browser.Start(context.Background())
}

// shared starts the browser that all tests share.
var shared = sync.OnceValues(func() (*browser.Browser, error) {
	b, err := start()
	if err == nil {
		closeShared = b.Close
	}
	return b, err
})

var closeShared = func() {}

// newServer starts a server with some flags on an empty database. The server is killed when the test ends, unless
// the test has killed it before.
func newServer(t *testing.T, flags ...string) *process.Process {
	t.Helper()
	p, err := program.Start(databasetest.SQLite(t), flags...)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	return p
}
