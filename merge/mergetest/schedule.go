package mergetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/report"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// Schedule is one run, given step by step, with nothing random in it. A step is a line of text, in the
// form in which a failure reports it. It names a device (ana, ben, cem, dan, eva, fay, gus or hal) or the
// server, what happens to it, and the ID of a record. If Options.Table is empty, notes:1 names the
// record 1 of the table notes. A value is JSON. A space within a value or a name is written \u0020.
// The characters = and \ within a name are escaped in the same way. The word deleted deletes a field.
//
//	ana edits 1 title="" points=deleted
//	ana edits 1                     an item without fields, which changes nothing
//	ana adds 1 points=9             an edit that is sent in the item of the previous edit
//	ana deletes 1                   ana restores 1
//	ana counts 1 3                  adds 3 to the counter qty of the record: a new field qty/ID that holds 3
//	ana resets 1                    deletes the additions that ana shows
//	ana floods 1 300                300 edits at once
//	ana grows 1 5100                5,100 new fields at once, so that a record can grow past the limits of a push
//	ana spoils 1 points=9 forged    an item that must be refused permanently, as listed below
//	ana pushes                      ana pushes, answer lost, twice, reversed, last only, doubled
//	ana pushes, spelled otherwise   in JSON that is not in canonical form
//	ana pushes, server dies at 2    at the second call to Env.Crash within this push
//	ana pushes, commit fails at 2   at the second call to Env.Crash; the process goes on, also if it is a Restarter
//	ana pushes, ben syncs at 1      ben pushes and pulls during the first call to Env.Pause
//	ana pushes, ben storms          ben edits the same field and pushes, during every call to Env.Pause
//	ana pushes, unread              no pull follows this push until another step makes one
//	ana pushes, garbled at 17       a copy in which the 17th byte is wrong arrives first
//	ana pushes, cut at 17           a copy that ends before the 17th byte arrives first
//	ana pushes, edits meanwhile     before the answer arrives, if ana is a Client
//	ana pulls                       ana pulls, answer lost
//	ana pulls, ben syncs at 1       ben pushes and pulls during the first call to Env.Pause within this
//	                                pull, or after its first page, whichever comes first
//	ana pulls, closed between pages
//	                                the app is closed and opened again, if ana is a Reopener
//	ana resends 0                   the last push of ana is sent again; 1 is the push before it
//	ana clock +5m                   from now on the clock of ana is 5 minutes ahead
//	ana ticks                       as if ana had made a million stamps in this millisecond
//	ana clones ben                  ana becomes a copy of ben
//	ana backs-up                    ana is-restored
//	ana reinstalls                  ana is empty and has a new ID
//	ana reopens                     the app is closed and opened again, if ana is a Reopener
//	server restarts                 if it is a Restarter
//	server writes 1 points=9        if it is a ServerWriter
//	server backs-up                 if it is a Restorer
//	server is-restored              from its last backup
//	server forgets-time             Env.Now is in 1970 from now on
//	server learns-time              Env.Now is right again
//	server purges 24h               with this retention, if it is a Purger
//	server imports 1 points=9       if it is an Importer: the row 1 of the source has a new value, and all rows are
//	                                imported; points=deleted takes the column away
//	server drops 1                  the row 1 leaves the source, and all others are imported
//	server erases 1                 if it is an Eraser and stores that record
//	ana leaves a                    the bucket a is revoked from ana, if the server is a Granter; "" is the empty name
//	ana joins a                     the bucket a is granted to ana again
//	ana edits 1 buckets=["a","b"] secret="secret-8f3a0c11"
//	                                ana puts the record into two buckets, with a text that occurs nowhere else
//	ana pulls, ben leaves a at 1    a step within this pull, at the same places as ben syncs at 1
//	wait 8h
//
// A spoiled item has one more field:
//
//	unstamped    zzz, without a stamp
//	undated      zzz, with updatedAt "yesterday"
//	zoned        zzz, with an updatedAt that ends in +02:00
//	forged       zzz, with another client's ID
//	both         zzz, with a value and with deleted
//	neither      zzz, without a value and without deleted
//	nameless     zzz, in an item with an empty ID
//	reserved     $own, a reserved name
//	worded       $deleted, with the text "true"
//	newer        a name of Options.Old that only the new version has, if the device has the old version
//	a code of Options.Refused   the fields that it lists for this code
//
// An impossible step, such as a restart of a Backend that is not a Restarter, does nothing.
type Schedule struct {
	// Options configure the run. Seeds, First, Steps and Devices have no effect.
	Options Options
	// Steps happen in order. Then all faults end, and all devices push and pull.
	Steps []string
}

// Replay runs one schedule on a backend that newBackend makes. It fails the test if a law is broken,
// if a step cannot be parsed, or if newBackend returns an error.
func Replay(t testing.TB, newBackend func(*Env) (Backend, error), s Schedule) {
	t.Helper()
	if err := replay(newBackend, s); err != nil {
		t.Fatal(err)
	}
}

func replay(newBackend newBackend, s Schedule) error {
	o, err := s.Options.withDefaults()
	if err != nil {
		return err
	}
	steps, err := o.Grammar.ParseSteps(s.Steps)
	if err != nil {
		return err
	}
	for i, s := range steps {
		if s.Is("spoils") && !slices.Contains(o.Flaws, s.Bad) {
			return fmt.Errorf("mergetest: step %d, %q: unknown flaw %q: use one of %v", i+1, s, s.Bad, o.Flaws)
		}
	}
	o.Domain = o.With(steps)
	create := processes(newBackend)
	w, err := sim.Run(create, o, sim.Scenario{Steps: steps, Tell: true})
	if err == nil && w.Breach == nil { // the server may have kept no marks: run again and require them
		o.Marks = true
		w, err = sim.Run(create, o, sim.Scenario{Steps: steps, Tell: true})
	}
	if err != nil || w.Breach == nil {
		return err
	}
	report.BlameNames(create, o, steps, w.Breach)
	return fmt.Errorf("%s", report.Text(w))
}
