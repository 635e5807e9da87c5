package mergetest

import (
	"errors"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// backendAPI is a backend under test: mergetest.Backend says what each method must do.
type backendAPI interface {
	Push(client clock.ClientID, batch []byte) (answer []byte, err error)
	Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error)
}

// process is a backend under test, and what else it can do. What is nil it cannot do.
type process struct {
	backendAPI
	restart func() (process, error) // starts another process over the same store
	backup  func() (restore func() (process, error), err error)
	write   func(key record.Key, field string, v record.Value) error // makes a write of the server's own
	close   func() error
}

// newProcess makes an empty backend for one run.
type newProcess func(*simEnv) (process, error)

// can returns what the backend can do.
func (p process) can() (a abilities) {
	if p.restart != nil {
		a |= canRestart
	}
	if p.backup != nil {
		a |= canRestore
	}
	if p.write != nil {
		a |= canWrite
	}
	return a
}

// simEnv is the surroundings of a backend in one run: mergetest.Env says what each method must do.
type simEnv struct{ w *world }

// errCrash is what a crash returns.
var errCrash = errors.New("mergetest: the server dies here")

func (e *simEnv) now() time.Time {
	e.w.able |= canTellTime
	return e.w.wall()
}

func (e *simEnv) pause() { e.w.pause() }

func (e *simEnv) crash() error { return e.w.crash() }
