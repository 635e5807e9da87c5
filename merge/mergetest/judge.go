package mergetest

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// judge compares what a backend and Clients do with what the oracle says. The simulation tells it what is
// sent, answered, pulled and shown; it keeps the first law that is broken.
type judge struct {
	o      rules
	lab    lab
	ledger oracle.Ledger
	able   abilities
	counts counts
	breach *breach
	ids    []string // of the records that the steps name

	now        time.Time
	clockUnset bool // whether the server's clock is not set
	moment     int  // the number of the step
	sendings   int  // how many batches were sent
	unread     bool // whether a push was, and no device pulled since
	last       latest
}

// rules are what is known of a run beforehand.
type rules struct {
	schedule.Domain
	refused map[merge.Code]map[string]string // what the backend must refuse for good
	marks   bool                             // edits that are lost as they come must be reported, though none was in this run
}

// refuses reports whether a field is one of those that are refused with a code.
func (r rules) refuses(code, name string) bool {
	_, ok := r.refused[merge.Code(code)][name]
	return ok
}

// lab is the simulation, in which a judge tries what tells one mistake from another.
type lab interface {
	// fresh returns what a new device pulls from the beginning.
	fresh() map[oracle.FieldKey]oracle.Write
	// isServing reports whether a request is being served.
	isServing() bool
	// stale reports whether the greatest write of a field is stored, though a pull of who did not return it
	// but f. After it the run is over.
	stale(k oracle.FieldKey, who string, f oracle.Write, ok bool) bool
	// writtenLater reports whether a later pull returns a write of the server's own, where one before
	// returned f.
	writtenLater(k oracle.FieldKey, f oracle.Write, v record.Value) bool
	// tell adds an event to the story.
	tell(does, sees string)
}

func newJudge(o rules, l lab) *judge {
	return &judge{o: o, lab: l, now: schedule.Start(), counts: counts{}, ledger: oracle.NewLedger(), last: latest{-1, -1, -1, -1, -1}}
}

// latest are the steps in which something happened last, and the last sendings that were damaged
// and audited.
type latest struct{ restart, restore, audit, damage, audited int }

// breach is the first law that was broken.
type breach struct {
	law    law.Law
	detail []string
	moment int
}

// broken notes that a law is broken. The first one counts.
func (j *judge) broken(l law.Law, format string, args ...any) {
	if j.breach == nil {
		j.breach = &breach{law: l, detail: []string{fmt.Sprintf(format, args...)}, moment: j.moment}
	}
}

// must notes an error that cannot be the backend's fault.
func (j *judge) must(err error) {
	if err != nil {
		j.broken(law.Kit, "%v", err)
	}
}

// key returns the key of a record that devices write.
func (j *judge) key(id string) record.Key {
	table, rest := j.o.Place(id)
	return record.Key{Table: table, ID: rest}
}

// idOf returns what steps call a record, if it is one that devices may write.
func (j *judge) idOf(key record.Key) (id string, ok bool) { return j.o.IdOf(key.Table, key.ID) }

// place says which record an ID in a step is.
func (j *judge) place(id string) string {
	key := j.key(id)
	return key.Table + "/" + schedule.Clipped(key.ID)
}

// wall is the time by the server's clock: of a machine that begins in 1970, if it is not set.
func (j *judge) wall() time.Time {
	if j.clockUnset {
		return time.Unix(0, 0).UTC().Add(j.now.Sub(schedule.Start()))
	}
	return j.now
}

// blind reports whether the server cannot judge stamps.
func (j *judge) blind() bool { return j.clockUnset && j.able.can(canTellTime) && j.o.Bounded() }
