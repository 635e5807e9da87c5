// Package process runs the server in a separate process, for tests and for the load command.
package process

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/ports"
)

// Process is a server that was started, and may have ended.
type Process struct {
	Address string // host and port
	Printed string // standard output, up to the line with the address
	command []string
	late    time.Duration
	port    *ports.Reserved
	cmd     *exec.Cmd
	log     *bytes.Buffer // standard error; read it only after the process has ended
}

// Start starts a server on a database and a free port, and waits until the server listens.
func (p *Program) Start(database string, args ...string) (*Process, error) {
	return p.Run(append([]string{"-db", database}, args...)...)
}

// Run starts a server with the given arguments and a free port, and waits until the server listens.
func (p *Program) Run(args ...string) (*Process, error) {
	port, err := ports.Reserve(1)
	if err != nil {
		return nil, err
	}
	s := &Process{command: append([]string{p.name}, args...), late: p.late, port: port}
	if err := s.run(port.Addresses[0]); err != nil {
		return nil, err
	}
	return s, nil
}

// StartAgain restarts a server that has ended, on the same port.
func (p *Process) StartAgain() error { return p.run(p.Address) }

// late is how long a server may take to start listening, on a busy machine too.
const late = 2 * time.Minute

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
	timer := time.AfterFunc(p.late, func() { p.cmd.Process.Kill() })
	address, printed := announced(bufio.NewReader(out))
	timer.Stop()
	if address == "" {
		p.Kill()
		return fmt.Errorf("the server did not start: it printed %q\n%s", printed, p.log)
	}
	p.Address, p.Printed = address, printed
	return nil
}

// announced reads lines until one of them announces an address. It returns the address, or "" at the end of the
// lines, and what it has read.
func announced(lines *bufio.Reader) (address, printed string) {
	for {
		line, err := lines.ReadString('\n') // after an error, line contains what was read so far
		printed += line
		_, listens, ok := strings.Cut(strings.TrimSpace(line), ": open http://") // after the name of the program
		if ok || err != nil {
			return listens, printed
		}
	}
}

// Kill kills the server with SIGKILL, which the server cannot handle.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// Log returns what the server has logged since it was started. The server must have ended.
func (p *Process) Log() string { return p.log.String() }

// Stop tells the server to stop with SIGTERM, waits until the process has ended, and returns an
// error unless it exited with status 0.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}
