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
}

const (
	patience = time.Second            // time before the first message
	pace     = 200 * time.Millisecond // between two messages
	ticks    = 1024                   // steps between two looks at the clock
	width    = 32                     // each message is padded to this width, to cover the one before
)

// newProgress returns a progress that writes to out if that is a terminal, and nil otherwise.
func newProgress(out io.Writer) *progress {
	f, isFile := out.(*os.File)
	if !isFile {
		return nil
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return &progress{out: out, now: time.Now, next: time.Now().Add(patience)}
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
		fmt.Fprintf(p.out, "\r%-*s", width, fieldlog.Number(n)+" "+what)
	}
}

// clear erases the message.
func (p *progress) clear() {
	if p != nil && p.shown {
		fmt.Fprintf(p.out, "\r%*s\r", width, "")
	}
}
