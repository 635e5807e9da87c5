package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
)

func openFile(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func stateOf(t *testing.T, history string) merge.Collection {
	t.Helper()
	o := options{file: "-"}
	in, err := openInput(o, strings.NewReader(history))
	if err != nil {
		t.Fatal(err)
	}
	r := newReplay(o, nil)
	if err := r.run(in); err != nil {
		t.Fatal(err)
	}
	return r.state
}

// generator is a history that is generated while it is read. At its end it measures the heap, while
// everything that the program holds is still in use.
type generator struct {
	lines int
	line  func(i int) string
	rest  []byte
	i     int
	heap  uint64
}

func (g *generator) Read(p []byte) (int, error) {
	if len(g.rest) == 0 {
		if g.i == g.lines {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			g.heap = m.HeapAlloc
			return 0, io.EOF
		}
		g.rest = []byte(g.line(g.i) + "\n")
		g.i++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// heapAfter returns the size of the heap in bytes after the given number of lines.
func heapAfter(t *testing.T, lines int, line func(i int) string, args ...string) uint64 {
	t.Helper()
	g := &generator{lines: lines, line: line}
	var out, errs bytes.Buffer
	if status := run(append(args, "-"), g, &out, &errs); status != 0 {
		t.Fatalf("status %d, standard error %q", status, errs.String())
	}
	return g.heap
}

// TestMemoryOfAHistoryGrowsWithTheStateOnly: ten times as many writes to the same fields take no
// more memory.
func TestMemoryOfAHistoryGrowsWithTheStateOnly(t *testing.T) {
	onThousandFields := func(i int) string {
		e := at(int64(i)*1e6, "abcd"[i%4], fmt.Sprintf(`"the value number %d"`, i))
		e.id, e.field = fmt.Sprint("record ", i/7%100), fmt.Sprint("field ", i%10)
		e = saw(e, at(int64(i-1)*1e6, "abcd"[(i+3)%4], ""))
		return e.line()
	}
	for _, args := range [][]string{nil, {"-split", "3"}} {
		if testing.Short() && args != nil {
			continue
		}
		n := 30_000
		if testing.Short() {
			n = 5_000
		}
		few := heapAfter(t, n, onThousandFields, args...)
		many := heapAfter(t, 10*n, onThousandFields, args...)
		if many > few+few/4+1<<20 {
			t.Errorf("%q: %d writes leave %d bytes on the heap, and ten times as many leave %d", args, n, few, many)
		}
	}
}

// TestStoredValueDoesNotKeepASupersededOneAlive: a small value is stored, and a large value of the
// same mutation is superseded.
func TestStoredValueDoesNotKeepASupersededOneAlive(t *testing.T) {
	if testing.Short() {
		t.Skip("reads thirty megabytes")
	}
	const large = 100_000
	line := func(i int) string {
		text := strings.Repeat("x", large)
		return fmt.Sprintf(`{"table":"t","id":"1","data":{"text":{"value":%q,%s},"n%d":{"value":%d,%s}}}`,
			text, stampAt(i), i, i, stampAt(i))
	}
	if heap := heapAfter(t, 300, line); heap > 100*large {
		t.Errorf("one text of %d bytes and 300 numbers take %d bytes of the heap", large, heap)
	}
}

func stampAt(i int) string {
	return fmt.Sprintf(`"updatedAt":"%s","clientId":"0a000000-0000-4000-8000-000000000001"`, clockText(int64(i)))
}
