// Package process runs the server in a process of its own, for tests and for the load
// command.
package process

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Process is a server that runs, or ran.
type Process struct {
	Address string // host and port
	command []string
	cmd     *exec.Cmd
	log     *bytes.Buffer // to be read when the process has ended
}

// Start starts a server on a database and a free port, and waits until it listens.
func (p *Program) Start(database string, args ...string) (*Process, error) {
	s := &Process{command: append([]string{p.name, "-db", database}, args...)}
	if err := s.run("127.0.0.1:0"); err != nil {
		return nil, err
	}
	return s, nil
}

// StartAgain starts a server that has ended once more, on the same port.
func (p *Process) StartAgain() error { return p.run(p.Address) }

// late is how long a server may take until it listens.
const late = 30 * time.Second

func (p *Process) run(address string) error {
	p.log = new(bytes.Buffer)
	p.cmd = exec.Command(p.command[0], append(p.command[1:], "-addr", address)...)
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	timer := time.AfterFunc(late, func() { p.cmd.Process.Kill() })
	line, _ := bufio.NewReader(out).ReadString('\n') // or what there is of it
	timer.Stop()
	listens, ok := strings.CutPrefix(strings.TrimSpace(line), "syncserver: open http://")
	if !ok {
		p.Kill()
		return fmt.Errorf("the server does not start: it printed %q\n%s", line, p.log)
	}
	p.Address = listens
	return nil
}

// Kill kills the server as kill -9 does: it cannot do anything about it.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// Stop tells the server to stop, waits until it has, and returns how it ended.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}
