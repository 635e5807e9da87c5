package mergetest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// app is a client that is right, about the one in the examples of package merge, in which one
// thing can be wrong.
type app struct {
	clientQuirks
	id        clock.ClientID
	wall      func() time.Time
	offset    time.Duration
	clock     *clock.Clock
	confirmed map[record.Key]record.Record
	outbox    []record.Mutation
	ghosts    []record.Mutation // refused ones, if they are sent for ever
	sent      int               // how many of the outbox were sent last
	cursor    string
}

// clientQuirks are what can be wrong with a client.
type clientQuirks struct {
	coalesces bool // which is right
	asArray   bool // so is this

	deaf          bool // does not observe
	deafNew       bool // nor does its clock when it is mended
	keepsRefused  bool // shows what was refused
	staysRefused  bool // in the outbox
	sendsRefused  bool // for ever, and shows it no more
	stampsAnew    bool // when it sends again
	forgets       bool // what it sent, whatever the answer
	clears        bool // the whole outbox after an answer
	clearsRecord  bool // all of a record that was answered
	joins         bool // takes what it edits to be confirmed, and joins what is pulled
	busyIgnores   bool // ignores a pull while something waits
	coalescesSent bool // with coalesces, also what is on its way
	replaces      bool // the confirmed record by what was accepted
	dropsLate     bool // what was too far ahead
	baseless      bool
	baseOfOwn     bool // takes the base from what is confirmed
	sendsAll      bool // fields of a record
	ignoresLate   bool // does not mend its clock
	trustsClock   bool // nor what waits, if its clock is right by now
	unconfirmed   bool // does not take what was accepted to be confirmed
	skipsDeleted  bool // takes deletions for nothing
	stalls        bool // takes nothing after an item that is refused
	wraps         bool // begins again where the counter is full
	nameless      bool // sends items without an ID
	foreign       bool // stamps with another ID than its own
	lastBase      bool // with coalesces, takes the base of the last edit
	keepsClock    bool // stamps anew by a clock that it does not mend
	wrongSign     bool // mends its clock into the wrong direction
	respells      bool // which is right: sends another spelling than the library
}

func newApp(q clientQuirks) newClient {
	return func(id clock.ClientID, wall func() time.Time) Client {
		a := &app{clientQuirks: q, id: id, wall: wall, confirmed: map[record.Key]record.Record{}}
		a.newClock(0)
		return a
	}
}

func (a *app) now() time.Time { return a.wall().Add(a.offset) }

func (a *app) newClock(last clock.Timestamp) (err error) {
	a.clock, err = clock.New(clock.Options{Now: a.now, MaxAhead: -1, Last: last})
	return err
}

func (a *app) stamp() clock.Stamp {
	if last := a.clock.Last(); a.wraps && last.Counter() == 999_999 {
		return clock.Stamp{Time: last - 999_999, Client: a.id}
	}
	if a.foreign {
		return clock.Stamp{Time: a.clock.Now(), Client: schedule.Stranger()}
	}
	return clock.Stamp{Time: a.clock.Now(), Client: a.id}
}

func (a *app) Shown(key record.Key) record.Record {
	all := []record.Record{record.New(key), a.confirmed[key]}
	for _, m := range a.outbox {
		if m.Data.Key() == key {
			all = append(all, m.Data)
		}
	}
	r, _ := merge.Collect(all...).Get(key)
	if r.Key() != key {
		return record.New(key)
	}
	return r
}

func (a *app) Edit(key record.Key, fields map[string]record.Value) error {
	if len(fields) == 0 {
		return errors.New("no fields")
	}
	shown := a.Shown(key)
	edit := shown.Edit(a.stamp())
	if a.sendsAll {
		for name, v := range shown.All() {
			if _, ok := fields[name]; !ok && name != record.DeletedField {
				edit.Set(name, v.Value)
			}
		}
	}
	for name, v := range fields {
		switch {
		case name != record.DeletedField:
			edit.Set(name, v)
		case v == record.Bool(true):
			edit.DeleteRecord()
		default:
			edit.RestoreRecord()
		}
	}
	m, err := edit.Mutation()
	if err != nil {
		return err
	}
	for name := range m.Base {
		if a.baseOfOwn {
			v, _ := a.confirmed[key].Get(name)
			m.Base[name] = v.Stamp
		}
	}
	if a.baseless {
		m.Base = nil
	}
	a.put(m)
	return nil
}

// put puts an edit into the outbox, in the place of the last one if that wrote the same fields.
func (a *app) put(m record.Mutation) {
	if n := len(a.outbox); a.coalesces && n > 0 && (n > a.sent || a.coalescesSent) {
		last := a.outbox[n-1]
		same := slices.Equal(slices.Collect(maps.Keys(maps.Collect(last.Data.All()))), slices.Collect(maps.Keys(maps.Collect(m.Data.All()))))
		base := last.Base
		if a.lastBase {
			base = m.Base
		}
		if same && last.Data.Len() == 1 && last.Data.Key() == m.Data.Key() {
			a.outbox[n-1] = record.Mutation{Data: m.Data, Base: base}
			return
		}
	}
	a.outbox = append(a.outbox, m)
	if a.joins {
		a.join(m.Data)
	}
}

func (a *app) join(r record.Record) {
	a.confirmed[r.Key()], _ = merge.Collect(a.confirmed[r.Key()], r).Get(r.Key())
}
