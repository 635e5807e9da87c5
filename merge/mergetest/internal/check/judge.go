// Package check compares what a backend and Clients do with what the oracle says. What is sent, answered,
// pulled and shown comes in; the first law that is broken comes out. It makes no request itself: where it
// takes one to tell two mistakes apart, it asks its Lab.
package check

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// Judge compares what a backend and Clients do with what the oracle says. The simulation tells it what is
// sent, answered, pulled and shown; it keeps the first law that is broken.
type Judge struct {
	o      Rules
	Lab    Lab
	Ledger oracle.Ledger
	Able   Abilities
	Counts Counts
	Breach *Breach
	IDs    []string // of the records that the steps name

	Now        time.Time
	ClockUnset bool // whether the server's clock is not set
	Moment     int  // the number of the step
	Sendings   int  // how many batches were sent
	Unread     bool // whether a push was, and no device pulled since
	Last       Moments
}

// Rules are what is known of a run beforehand.
type Rules struct {
	schedule.Domain
	Refused map[merge.Code]map[string]string // what the backend must refuse permanently
	Marks   bool                             // edits that are lost as they come must be reported, though none was in this run
}

// Refuses reports whether a field is one of those that are refused with a code.
func (r Rules) Refuses(code, name string) bool {
	_, ok := r.Refused[merge.Code(code)][name]
	return ok
}

// Lab is the simulation, in which a judge tries what tells one mistake from another.
type Lab interface {
	// Fresh returns what a new device pulls from the beginning.
	Fresh() map[oracle.FieldKey]oracle.Write
	// IsServing reports whether a request is being served.
	IsServing() bool
	// Stale reports whether the greatest write of a field is stored, though a pull of who did not return it
	// but f. After it the run is over.
	Stale(k oracle.FieldKey, who string, f oracle.Write, ok bool) bool
	// WrittenLater reports whether a later pull returns a write of the server's own, where one before
	// returned f.
	WrittenLater(k oracle.FieldKey, f oracle.Write, v record.Value) bool
	// Tell adds an event to the story.
	Tell(does, sees string)
}

// NewJudge returns a judge of a run that begins.
func NewJudge(o Rules, l Lab) *Judge {
	return &Judge{o: o, Lab: l, Now: schedule.Start(), Counts: Counts{}, Ledger: oracle.NewLedger(), Last: Moments{-1, -1, -1, -1, -1}}
}

// Moments are the steps in which something happened last, and the last sendings that were damaged
// and audited.
type Moments struct{ Restart, Restore, audit, Damage, audited int }

// Breach is the first law that was broken.
type Breach struct {
	Law    law.Law
	Detail []string
	Moment int
}

// Broken notes that a law is broken. The first one counts.
func (j *Judge) Broken(l law.Law, format string, args ...any) {
	if j.Breach == nil {
		j.Breach = &Breach{Law: l, Detail: []string{fmt.Sprintf(format, args...)}, Moment: j.Moment}
	}
}

// Must notes an error that cannot be the backend's fault.
func (j *Judge) Must(err error) {
	if err != nil {
		j.Broken(law.Kit, "%v", err)
	}
}

// Key returns the key of a record that devices write.
func (j *Judge) Key(id string) record.Key {
	table, rest := j.o.KeyOf(id)
	return record.Key{Table: table, ID: rest}
}

// IDOf returns what steps call a record, if it is one that devices may write.
func (j *Judge) IDOf(key record.Key) (id string, ok bool) { return j.o.IDOf(key.Table, key.ID) }

// place says which record an ID in a step is.
func (j *Judge) place(id string) string {
	key := j.Key(id)
	return key.Table + "/" + schedule.Clipped(key.ID)
}

// Wall is the time by the server's clock: of a machine that begins in 1970, if it is not set.
func (j *Judge) Wall() time.Time {
	if j.ClockUnset {
		return time.Unix(0, 0).UTC().Add(j.Now.Sub(schedule.Start()))
	}
	return j.Now
}

// blind reports whether the server cannot judge stamps.
func (j *Judge) blind() bool { return j.ClockUnset && j.Able.Can(CanTellTime) && j.o.Bounded() }
