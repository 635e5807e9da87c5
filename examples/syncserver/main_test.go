package main

import (
	"log"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
)

// program is the server that all tests start.
var program *process.Program

func TestMain(m *testing.M) {
	if os.Getenv(titled) != "" {
		log.Fatal(serveTitled())
	}
	var err error
	if program, err = process.Build(); err != nil {
		log.Fatal(err)
	}
	defer program.Remove()
	m.Run()
}

// start starts a server on a database. The server is killed when the test ends, if it is still
// running.
func start(t *testing.T, database string, args ...string) *process.Process {
	t.Helper()
	p, err := program.Start(database, args...)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	return p
}

// startTwo starts two servers on a database, and returns them and their addresses.
func startTwo(t *testing.T, database string, args ...string) (servers [2]*process.Process, addresses [2]string) {
	t.Helper()
	for i := range servers {
		servers[i] = start(t, database, args...)
		addresses[i] = servers[i].Address
	}
	return servers, addresses
}
