package mergetest

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain collects garbage less often: the runs are short, and leave much of it.
func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	os.Exit(m.Run())
}
