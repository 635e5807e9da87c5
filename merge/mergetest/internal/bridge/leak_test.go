//go:build linux

package bridge

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// running returns the number of processes that run a program of this test binary.
func running(t *testing.T) (n int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(all) == 0 {
		t.Fatal("no processes", err)
	}
	for _, name := range all {
		text, _ := os.ReadFile(name) // the process may have ended
		words := strings.Split(string(text), "\x00")
		if _, ok := programs()[words[min(1, len(words)-1)]]; ok && words[0] == exe {
			n++
		}
	}
	return n
}

// TestNothingIsLeftRunning checks that neither a process nor a goroutine remains of a program, whether it ends by
// itself, must be killed, or leaves children.
func TestNothingIsLeftRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, name := range []string{"answers", "dies", "hangs", "ignores the end", "leaves a child", "leaves a writer", "writes garbage", "writes without end"} {
		t.Run(name, func(t *testing.T) {
			p := run(t, name, 500*time.Millisecond)
			_ = ask(t, p)
			p.Close()
			if _, err := p.Process(); err != nil { // this one is not asked
				t.Error(err)
			}
		})
	}
	for range 6000 { // the kernel and the scheduler need a moment
		if running(t) == 0 && runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d processes and %d goroutines are left, after %d goroutines before", running(t), runtime.NumGoroutine(), before)
}
