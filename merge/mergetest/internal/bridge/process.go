package bridge

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// maxLine is the greatest length of an answer, in bytes.
const maxLine = 16 << 20

// grace is how long a process may go on after its standard input has ended.
const grace = 5 * time.Second

// Process is a running program. Its methods may be called from several goroutines.
type Process struct {
	cmd      *exec.Cmd
	stdin    io.WriteCloser
	stdout   io.ReadCloser
	lines    *bufio.Reader // of stdout
	stderr   tail
	deadline time.Duration

	mu  sync.Mutex
	err error // why it failed or ended
}

func start(command []string, deadline time.Duration) (p *Process, err error) {
	p = &Process{cmd: exec.Command(command[0], command[1:]...), deadline: deadline}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if p.stdout, err = p.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	p.lines = bufio.NewReaderSize(p.stdout, 64<<10)
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = time.Second // a child of the program may keep the standard error open
	leadGroup(p.cmd)
	return p, p.cmd.Start()
}

// Ask writes a line, which ends in LF, and reads the answer. After an error, the process has ended, and
// every later call returns the same error. It wraps os.ErrDeadlineExceeded if there was no answer in time.
func (p *Process) Ask(line []byte) (Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return Answer{}, p.err
	}
	a, err := p.ask(line)
	if err != nil {
		p.kill()
		_ = p.cmd.Wait()
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("the program ended (%v)", p.cmd.ProcessState)
		}
		p.err = fmt.Errorf("%w, when it was asked\n%s\n%s", err, clipped(line), p.stderr.quoted())
	}
	return a, p.err
}

func (p *Process) ask(line []byte) (a Answer, err error) {
	inTime := p.killAfter(p.deadline)
	var answer []byte
	if _, err = p.stdin.Write(line); err == nil {
		answer, err = p.readLine()
	}
	switch {
	case !inTime():
		return a, fmt.Errorf("the program did not answer within %v%s: %w", p.deadline, unfinished(answer), os.ErrDeadlineExceeded)
	case errors.Is(err, errLong):
		return a, err
	case err != nil:
		return a, io.EOF // the program closed a pipe
	}
	if a, err = parseAnswer(answer); err == nil && p.lines.Buffered() > 0 {
		rest, _ := p.lines.Peek(p.lines.Buffered())
		err = fmt.Errorf("the program wrote more than one line: the answer is followed by %s", clipped(rest))
	}
	return a, err
}

// killAfter kills the process after a while, unless the function that it returns is called before. That
// function reports whether it was.
func (p *Process) killAfter(d time.Duration) (inTime func() bool) {
	killed := make(chan struct{})
	timer := time.AfterFunc(d, func() {
		p.kill()
		close(killed)
	})
	return func() bool {
		if timer.Stop() {
			return true
		}
		<-killed
		return false
	}
}

var errLong = fmt.Errorf("the program wrote a line of more than %d bytes", maxLine)

// readLine returns a line, or the part of it that came before an error.
func (p *Process) readLine() (line []byte, err error) {
	for {
		part, err := p.lines.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxLine {
			return nil, errLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// unfinished describes a line that has no end.
func unfinished(line []byte) string {
	if len(line) == 0 {
		return ""
	}
	return fmt.Sprintf(" with a whole line, but wrote %s", clipped(line))
}

// kill ends the process and its children, and the reads and writes that wait for them.
func (p *Process) kill() {
	killGroup(p.cmd)
	_ = p.stdin.Close()
	_ = p.stdout.Close()
}

// end lets the process end by itself, and kills it after a while.
func (p *Process) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	p.err = errors.New("the program has ended, because the test is over")
	inTime := p.killAfter(min(grace, p.deadline))
	_ = p.stdin.Close()
	_, _ = io.Copy(io.Discard, p.stdout) // until it and its children have closed it
	if inTime() {
		killGroup(p.cmd) // children that have closed it may be left
	}
	_ = p.cmd.Wait()
}

func (p *Process) hasFailed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err != nil
}

// tail is a writer that keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// maxTail is how much a tail keeps, in bytes.
const maxTail = 4 << 10

// Write keeps the end of what was written so far. It never fails.
func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, text[max(0, len(text)-maxTail):]...)
	t.kept = append(t.kept[:0], t.kept[max(0, len(t.kept)-maxTail):]...)
	return len(text), nil
}

// String returns what is kept, without the space around it.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(strings.TrimSpace(string(t.kept)), "\uFFFD")
}

// quoted returns the text as the end of an error.
func (t *tail) quoted() string {
	if text := t.String(); text != "" {
		return "Its standard error ends:\n" + text
	}
	return "It wrote nothing to its standard error."
}
