package lawtest

import (
	"flag"
	"testing"
)

// TestMain checks each property 1,000 times, unless the command line sets another number. Most
// errors show only at ties, which are rare.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}
