package mergetest

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain makes garbage collection less frequent: the runs are short and leave a lot of garbage.
func TestMain(m *testing.M) {
	asProgram()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	os.Exit(m.Run())
}
