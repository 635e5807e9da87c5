// Package check judges a backend and Clients: it compares what they do with the oracle. Its input
// is what was sent, answered, pulled and shown, and its output is the first law that is broken. It
// makes no requests itself: where it needs a request to tell two mistakes apart, it asks its Lab.
package check

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/version"
	"github.com/fieldlww/fieldlww/record"
)

// Judge compares the behaviour of a backend and Clients with the oracle. The simulation reports
// what is sent, answered, pulled and shown. The judge keeps the first law that is broken.
type Judge struct {
	o      Rules
	Lab    Lab
	Ledger oracle.Ledger
	Able   Abilities
	Counts Counts
	Breach *Breach
	IDs    []string // the IDs of the records that the steps name

	Now        time.Time
	ClockUnset bool                           // whether the server's clock is unset
	Moment     int                            // the index of the current step
	Sendings   int                            // the number of batches sent
	Unread     bool                           // whether a push came after the last pull
	Keeps      func(table, field string) bool // nil if the backend keeps no fields
	Horizon    time.Time                      // devices that pulled after this time write above the fence
	Level      int                            // at which the server purges; 0 before it purged
	Sight      *Sight                         // nil if the backend has no buckets
	filled     map[string]bool                // by record ID, whether the store had the record at first
	begun      map[string]int                 // by record ID, the sending in which the record last began a new life
	Last       Moments
}

// Rules are the facts about a run that are known beforehand.
type Rules struct {
	schedule.Domain
	Refused map[merge.Code]map[string]string // the fields that the backend must refuse permanently
	Stored  []record.Record                  // what the store has before the first request
	Old     *version.Version                 // what half of the devices use; nil if all have one version
	Marks   bool                             // edits lost on arrival must be reported, even if none was reported in this run
}

// Refuses reports whether a field must be refused with a code.
func (r Rules) Refuses(code, name string) bool {
	_, ok := r.Refused[merge.Code(code)][name]
	return ok
}

// Lab is the simulation, in which a judge runs experiments that tell one mistake from another.
type Lab interface {
	// Fresh returns what a new device pulls from the beginning.
	Fresh() map[oracle.FieldKey]oracle.Write
	// Held returns the writes that the backend holds next to its records.
	Held() []record.Record
	// Derived lets the backend derive everything again from its records, and returns what changed.
	Derived() []record.Key
	// IsServing reports whether a request is being served.
	IsServing() bool
	// Stale reports whether the greatest write of a field is stored, although the puller found f
	// instead. The parameter who is the name of the puller. After this experiment, the run is
	// over.
	Stale(k oracle.FieldKey, who string, f oracle.Write, ok bool) bool
	// WrittenLater reports whether a later pull returns the server's own write, where an earlier
	// pull returned f.
	WrittenLater(k oracle.FieldKey, f oracle.Write, v record.Value) bool
	// Tell adds an event to the story.
	Tell(does, sees string)
}

// NewJudge returns a judge of a new run.
func NewJudge(o Rules, l Lab) *Judge {
	return &Judge{o: o, Lab: l, Now: schedule.Start(), Counts: Counts{}, Ledger: oracle.NewLedger(), begun: map[string]int{}, Last: Moments{-1, -1, -1, -1, -1, -1, -1}}
}

// Moments contains the indexes of the last step with a restart, with a restore, with a purge, with
// an audit and with a pull that took records away, and the numbers of the last damaged batch and of the last audited batch. All are
// -1 at first.
type Moments struct{ Restart, Restore, Purge, audit, Evicted, Damage, audited int }

// Breach is the first law that was broken.
type Breach struct {
	Law    law.Law
	Detail []string
	Moment int
}

// Broken records that a law is broken. Only the first broken law counts.
func (j *Judge) Broken(l law.Law, format string, args ...any) {
	if j.Breach == nil {
		j.Breach = &Breach{Law: l, Detail: []string{fmt.Sprintf(format, args...)}, Moment: j.Moment}
	}
}

// Must records an error that cannot be the backend's fault.
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

// IDOf returns the ID by which steps name a record, if devices may write that record.
func (j *Judge) IDOf(key record.Key) (id string, ok bool) { return j.o.IDOf(key.Table, key.ID) }

// place returns the table and ID of the record that a step names by id.
func (j *Judge) place(id string) string {
	key := j.Key(id)
	return key.Table + "/" + schedule.Clipped(key.ID)
}

// Wall returns the time of the server's clock. An unset clock starts in 1970 when the run starts.
func (j *Judge) Wall() time.Time {
	if j.ClockUnset {
		return time.Unix(0, 0).UTC().Add(j.Now.Sub(schedule.Start()))
	}
	return j.Now
}

// blind reports whether the server cannot judge stamps.
func (j *Judge) blind() bool { return j.ClockUnset && j.Able.Can(CanTellTime) && j.o.Bounded() }
