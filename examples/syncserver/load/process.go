package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// process is the server that is measured, in a process of its own.
type process struct {
	url string
	cmd *exec.Cmd
}

// start builds the server in a directory, and starts it on a database.
func start(ctx context.Context, dir, database string) (*process, error) {
	name := filepath.Join(dir, "syncserver")
	build := exec.CommandContext(ctx, "go", "build", "-o", name, "github.com/fieldlww/fieldlww/examples/syncserver")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	free.Close()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{"http://" + address, exec.CommandContext(ctx, name, "-addr", address, "-db", database)}
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, fmt.Errorf("the server does not start: %w", err)
	}
	return p, nil
}

// stop ends the server.
func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// memory returns the most memory that the server had at any time until now, in MB, or 0
// where the system does not tell.
func (p *process) memory() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kB, err := strconv.Atoi(fields[0])
	if err != nil {
		return 0
	}
	return kB >> 10
}
