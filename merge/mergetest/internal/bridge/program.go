// Package bridge runs a program that answers calls over its standard input and output: one line of JSON for
// each call, and one for its answer.
package bridge

import (
	"sync"
	"time"
)

// Program is a command that is run as one process at a time.
type Program struct {
	Command  []string      // its name and its arguments
	Deadline time.Duration // for one answer

	mu      sync.Mutex
	process *Process
}

// Process returns the running process. If there is none, or if the last one has failed, it starts one.
func (p *Program) Process() (*Process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process != nil && !p.process.hasFailed() {
		return p.process, nil
	}
	next, err := start(p.Command, p.Deadline)
	if err != nil {
		return nil, err
	}
	p.process = next
	return next, nil
}

// Close ends the running process, and returns the end of what it wrote to its standard error.
func (p *Program) Close() (stderr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil {
		return ""
	}
	p.process.end()
	return p.process.stderr.String()
}
