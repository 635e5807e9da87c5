package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
)

// progress shows a waiting user how far a long run has come. A nil progress shows nothing.
type progress struct {
	out   io.Writer
	now   func() time.Time
	next  time.Time // earliest time of the next message
	shown bool
	share func() (percent int, known bool) // how far the steps have come
}

const (
	patience = time.Second            // time before the first message
	pace     = 200 * time.Millisecond // between two messages
	ticks    = 1024                   // steps between two looks at the clock
	width    = 40                     // each message is padded to this width, to cover the one before
)

// newProgress returns the progress of reading an input, which writes to out if that is a terminal. It returns nil
// otherwise.
func newProgress(out io.Writer, in *input) *progress {
	f, isFile := out.(*os.File)
	if !isFile {
		return nil
	}
	if _, terminal := columnsOf(f); !terminal {
		return nil
	}
	return &progress{out: out, now: time.Now, next: time.Now().Add(patience), share: in.share}
}

// count makes the progress show how many of a known number of steps were taken.
func (p *progress) count(taken func() int, of int) {
	if p != nil {
		p.share = func() (int, bool) { return taken() * 100 / max(1, of), true }
	}
}

// tick is called after each step. The parameters are a description of the steps, such as "writes
// merged", and the number of steps so far.
func (p *progress) tick(what string, n int) {
	if p == nil || n%ticks != 0 {
		return
	}
	if now := p.now(); !now.Before(p.next) {
		p.next = now.Add(pace)
		p.shown = true
		text := fieldlog.Number(n) + " " + what
		if percent, known := p.share(); known {
			text = fmt.Sprintf("%d %% · %s", percent, text)
		}
		fmt.Fprintf(p.out, "\r%s", pad(text, width))
	}
}

// clear erases the message.
func (p *progress) clear() {
	if p != nil && p.shown {
		fmt.Fprintf(p.out, "\r%*s\r", width, "")
	}
}
