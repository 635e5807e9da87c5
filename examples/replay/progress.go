package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress tells a person who is watching how far long work has come. Nil tells
// nobody.
type progress struct {
	out   io.Writer
	now   func() time.Time
	next  time.Time // when to show something
	shown bool
}

const (
	patience = time.Second            // how long work may last in silence
	pace     = 200 * time.Millisecond // between two messages
	ticks    = 1024                   // how many steps go by without a look at the clock
	width    = 32                     // of a message, to cover the one before
)

// newProgress returns a progress that writes to out, if that is a terminal.
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

// tick is called after each step, n being how many there were, and what says of
// what.
func (p *progress) tick(what string, n int) {
	if p == nil || n%ticks != 0 {
		return
	}
	if now := p.now(); !now.Before(p.next) {
		p.next = now.Add(pace)
		p.shown = true
		fmt.Fprintf(p.out, "\r%-*s", width, number(n)+" "+what)
	}
}

// clear erases what was shown.
func (p *progress) clear() {
	if p != nil && p.shown {
		fmt.Fprintf(p.out, "\r%*s\r", width, "")
	}
}
