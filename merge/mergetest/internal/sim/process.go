package sim

import (
	"errors"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/record"
)

// Backend is a backend under test. mergetest.Backend documents what each method must do.
type Backend interface {
	Push(client clock.ClientID, batch []byte) (answer []byte, err error)
	Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error)
}

// Process is a backend under test and its optional abilities. A nil member is an ability that
// it lacks.
type Process struct {
	Backend
	Restart func() (Process, error) // starts another process over the same store
	Backup  func() (restore func() (Process, error), err error)
	Write   func(key record.Key, field string, v record.Value) error // writes as the server
	Purge   func(retention time.Duration) (check.Purged, error)
	Erase   func(key record.Key, at clock.Stamp) (clock.Stamp, error)
	Grant   func(client clock.ClientID, bucket string) error // Grant and Revoke are both nil, or neither is
	Revoke  func(client clock.ClientID, bucket string) error
	Keeps   func(table, field string) bool // Keeps and Held are both nil, or neither is
	Held    func() ([]record.Record, error)
	Import  func(rows []ImportRow) error
	Audit   func() (changed []record.Key, err error) // derives everything again
	Old     func() Backend                           // what clients of the old version see
	Close   func() error
}

// ImportRow is a row of the source of an import. mergetest.ImportRow documents its members.
type ImportRow struct {
	Key    record.Key
	Fields map[string]record.Value
}

// NewProcess makes an empty backend for one run.
type NewProcess func(*Env) (Process, error)

// can returns what the backend can do.
func (p Process) can() (a check.Abilities) {
	if p.Restart != nil {
		a |= check.CanRestart
	}
	if p.Backup != nil {
		a |= check.CanRestore
	}
	if p.Write != nil {
		a |= check.CanWrite
	}
	if p.Purge != nil {
		a |= check.CanPurge
	}
	if p.Erase != nil {
		a |= check.CanErase
	}
	if p.Grant != nil {
		a |= check.CanGrant
	}
	if p.Keeps != nil {
		a |= check.CanKeep
	}
	if p.Audit != nil {
		a |= check.CanAudit
	}
	if p.Import != nil {
		a |= check.CanImport
	}
	return a
}

// Env is the environment of a backend in one run. mergetest.Env documents what each method must
// do.
type Env struct{ w *world }

// errCrash is the error that Env.Crash returns at a crash.
var errCrash = errors.New("mergetest: the server dies here, or its commit fails")

// Now returns the time of the server.
func (e *Env) Now() time.Time {
	e.w.Able |= check.CanTellTime
	return e.w.Wall()
}

// Pause lets other requests run.
func (e *Env) Pause() { e.w.pause() }

// Crash returns an error if the server is to die at this point.
func (e *Env) Crash() error { return e.w.crash() }
