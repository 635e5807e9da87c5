package violation_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain raises the number of checks of each property from 100 to 1,000. The
// command line still decides, if it says something.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "1000"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
