package mergetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/report"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// Schedule is one run, given step by step, with nothing random in it. A step is a line of text, as
// a failure reports it. It names a device (ana, ben, cem, dan, eva, fay, gus or hal) or the server,
// what happens to it, and the ID of a record; notes:1 is the record 1 of the table notes, if
// Options.Table is empty. A value is JSON. A space within a value or a name is written \u0020, and
// so are = and \ within a name. The word deleted deletes a field.
//
//	ana edits 1 title="" points=deleted
//	ana edits 1                     an item without a field, which changes nothing
//	ana adds 1 points=9             an edit that is sent in the item of the one before
//	ana deletes 1                   ana restores 1
//	ana floods 1 300                300 edits at once
//	ana grows 1 5100                5,100 new fields at once, by which a record can grow past the limits of a push
//	ana spoils 1 points=9 forged    an item that must be refused for good, as listed below
//	ana pushes                      ana pushes, answer lost, twice, reversed, last only, doubled
//	ana pushes, spelled otherwise   in a spelling of JSON that is not the canonical one
//	ana pushes, server dies at 2    in the second call of Env.Crash within this push
//	ana pushes, ben syncs at 1      ben pushes and pulls in the first call of Env.Pause
//	ana pushes, ben storms          ben edits the same and pushes, in every call of Env.Pause
//	ana pushes, unread              nobody pulls after that, until something else happens
//	ana pushes, garbled at 17       first comes a copy in which the 17th byte is wrong
//	ana pushes, cut at 17           first comes a copy that ends before the 17th byte
//	ana pushes, edits meanwhile     before the answer arrives, if ana is a Client
//	ana pulls                       ana pulls, answer lost
//	ana pulls, ben syncs at 1       ben pushes and pulls in the first call of Env.Pause within this
//	                                pull, or after its first page, whichever comes first
//	ana pulls, closed between pages
//	                                the app is closed and opened again, if ana is a Reopener
//	ana resends 0                   the last push of ana once more; 1 is the one before it
//	ana clock +5m                   from now on the clock of ana is 5 minutes ahead
//	ana ticks                       as if it had made a million stamps in this millisecond
//	ana clones ben                  ana becomes a copy of ben
//	ana backs-up                    ana is-restored
//	ana reinstalls                  ana is empty, and has a new ID
//	ana reopens                     the app is closed and opened again, if ana is a Reopener
//	server restarts                 if it is a Restarter
//	server writes 1 points=9        if it is a ServerWriter
//	server backs-up                 if it is a Restorer
//	server is-restored              from its last backup
//	server forgets-time             Env.Now is in 1970
//	server learns-time              until then
//	wait 8h
//
// What spoils an item is one more field:
//
//	unstamped    zzz, without a stamp
//	undated      zzz, with updatedAt "yesterday"
//	zoned        zzz, with an updatedAt that ends in +02:00
//	forged       zzz, with the client ID of somebody else
//	both         zzz, with a value and deleted
//	neither      zzz, without a value and not deleted
//	nameless     zzz, in an item with an empty ID
//	reserved     $own, a name that is reserved
//	worded       $deleted, with the text "true"
//	a code of Options.Refused   the fields that are given there
//
// A step that is not possible, such as a restart of a Backend that is no Restarter, does nothing.
type Schedule struct {
	// Options are those of the run. Seeds, First, Steps and Devices have no meaning here.
	Options Options
	// Steps are done in order. Then all faults end, and all devices push and pull.
	Steps []string
}

// Replay runs one schedule on a backend that newBackend makes, and fails the test if a law is
// broken, if a step cannot be read, or if newBackend returns an error.
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
			return fmt.Errorf("mergetest: step %d, %q: what is %q? It can be one of %v", i+1, s, s.Bad, o.Flaws)
		}
	}
	o.Domain = o.With(steps)
	create := processes(newBackend)
	w, err := sim.Run(create, o, sim.Scenario{Steps: steps, Tell: true})
	if err == nil && w.Breach == nil { // perhaps it keeps no marks
		o.Marks = true
		w, err = sim.Run(create, o, sim.Scenario{Steps: steps, Tell: true})
	}
	if err != nil || w.Breach == nil {
		return err
	}
	report.BlameNames(create, o, steps, w.Breach)
	return fmt.Errorf("%s", report.Text(w))
}
