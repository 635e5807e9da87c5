package browsertest_test

import (
	"context"
	"log"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/browser"
	"github.com/fieldlww/fieldlww/examples/syncserver/process"
	"github.com/fieldlww/fieldlww/examples/syncserver/server/databasetest"
)

// program is the server that all tests start.
var program *process.Program

func TestMain(m *testing.M) {
	var err error
	if program, err = process.Build(); err != nil {
		log.Fatal(err)
	}
	defer program.Remove()
	defer func() { closeChromium() }()
	m.Run()
}

// chromium starts the browser that all tests share.
var chromium = sync.OnceValues(func() (*browser.Browser, error) {
	b, err := browser.Start(context.Background())
	if err == nil {
		closeChromium = b.Close
	}
	return b, err
})

var closeChromium = func() {}

// newServer starts a server on an empty database. It is killed at the latest when the test
// ends.
func newServer(t *testing.T) *process.Process {
	t.Helper()
	p, err := program.Start(databasetest.SQLite(t))
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	return p
}
