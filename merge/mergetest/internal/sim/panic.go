package sim

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// recoverPanic calls a function that calls the backend or a Client. If one of them panics,
// recoverPanic records a broken law, so the failure has a seed and a schedule that repeat it.
func (w *world) recoverPanic(call func()) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		where, stack := panicked()
		if r := w.serving; r != nil {
			w.serving = nil
			w.Tell(r.does, where+" panics")
		}
		l := law.Panics
		if stack == "" {
			l = law.Kit
		}
		w.Broken(l, "%s panicked: %v\n%s", where, p, stack)
		w.panicked = true
	}()
	call()
}

// panicked returns the function that the kit called, and the stack from the panic up to it,
// innermost first.
func panicked() (where, stack string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	var lines []string
	began := false
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "runtime."):
			began = began || f.Function == "runtime.gopanic"
		case !began:
		case ofKit(f):
			return where, strings.Join(check.Elided(lines, 5), "\n")
		default:
			where = f.Function[strings.LastIndex(f.Function, "/")+1:]
			lines = append(lines, fmt.Sprintf("  %s\n      %s:%d", f.Function, f.File, f.Line))
		}
	}
	return where, strings.Join(check.Elided(lines, 5), "\n")
}

// ofKit reports whether a frame belongs to the kit and not to its tests.
func ofKit(f runtime.Frame) bool {
	name, ok := strings.CutPrefix(f.Function, "github.com/fieldlww/fieldlww/merge/mergetest")
	return ok && (name[0] == '.' || name[0] == '/') && !strings.HasSuffix(f.File, "_test.go")
}
