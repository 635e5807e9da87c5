package violation_test

import (
	"flag"
	"testing"
)

// TestMain checks each property 1,000 times, unless the command line sets another number. The
// most likely faults concern ties, which are rare.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}
