package mergetest

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// app is a correct client, similar to the one in the examples of package merge. Its quirks can add
// a mistake.
type app struct {
	clientQuirks
	id        clock.ClientID
	wall      func() time.Time
	offset    time.Duration
	clock     *clock.Clock
	confirmed map[record.Key]record.Record
	outbox    []record.Mutation
	ghosts    []record.Mutation // refused items, if they are sent forever
	sent      int               // how many items of the outbox were in the last push
	cursor    string

	// under a fence
	fence   clock.Timestamp
	level   int
	floor   clock.Timestamp   // the greatest clock at the end of a pull
	overlay []record.Mutation // accepted items that no pull has returned yet
	aside   []record.Record   // own writes to send again, once everything is pulled
	creator map[record.Key]bool
	fresh   bool // whether it has pulled nothing yet

	parts // what it knows of buckets
}

// clientQuirks are the possible mistakes of a client, and some correct variations.
type clientQuirks struct {
	coalesces bool // replaces an unsent edit of the same field, which is correct
	asArray   bool // sends a JSON array, which is correct
	limits    bool // a corrected clock skips confirmed stamps above the bound of the server, which is correct

	deaf          bool // its clock does not observe pulled stamps
	deafNew       bool // a corrected clock does not start above the confirmed stamps
	keepsRefused  bool // confirms refused items, so it shows them
	staysRefused  bool // keeps refused items in the outbox
	sendsRefused  bool // sends refused items forever, but no longer shows them
	restampsRetry bool // restamps edits when it sends them again
	forgets       bool // drops sent items, whatever the answer
	clears        bool // clears the whole outbox after an answer
	clearsRecord  bool // drops all edits of a record that was answered
	joins         bool // confirms its own edits at once, and joins pulled records
	busyIgnores   bool // ignores a pull while an edit waits
	coalescesSent bool // with coalesces, also replaces edits that are in flight
	replaces      bool // replaces the confirmed record with the accepted fields
	dropsLate     bool // drops items that were too far ahead
	baseless      bool // sends no base
	baseOfOwn     bool // takes the base from the confirmed state
	sendsAll      bool // sends all fields of a record
	ignoresLate   bool // does not correct its clock
	trustsClock   bool // does not restamp waiting edits if its clock is right by now
	unconfirmed   bool // does not confirm accepted items
	skipsDeleted  bool // drops pulled deletions
	stalls        bool // processes no reply after a refused item
	wraps         bool // starts the counter again when it is full
	nameless      bool // sends items without an ID
	foreign       bool // stamps edits with an ID that is not its own
	lastBase      bool // with coalesces, takes the base of the last edit
	keepsClock    bool // restamps edits by a clock that it does not correct
	wrongSign     bool // corrects its clock in the wrong direction
	respells      bool // spells items differently from the library, which is correct

	purgeQuirks
	bucketQuirks
	counterQuirks
}

func newApp(q clientQuirks) newClient {
	return func(id clock.ClientID, wall func() time.Time) Client {
		a := &app{clientQuirks: q, id: id, wall: wall, confirmed: map[record.Key]record.Record{}, creator: map[record.Key]bool{}, fresh: true, parts: newParts()}
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
	if (a.fence > 0 || a.partial || a.confirmed[key].Erased() && !a.showsErased) && !a.showsAll {
		return a.judged(key)
	}
	all := []record.Record{record.New(key), a.confirmed[key]}
	for _, m := range slices.Concat(a.overlay, a.outbox) {
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
	m.New = m.New && !a.neverNew
	a.put(m)
	return nil
}

// put adds an edit to the outbox. With coalesces, it replaces the last edit if both write the same single field.
func (a *app) put(m record.Mutation) {
	if n := len(a.outbox); a.coalesces && n > 0 && (n > a.sent || a.coalescesSent) {
		last := a.outbox[n-1]
		same := slices.Equal(slices.Collect(maps.Keys(maps.Collect(last.Data.All()))), slices.Collect(maps.Keys(maps.Collect(m.Data.All()))))
		base := last.Base
		if a.lastBase {
			base = m.Base
		}
		if same && last.Data.Len() == 1 && last.Data.Key() == m.Data.Key() {
			a.outbox[n-1] = record.Mutation{Data: m.Data, Base: base, New: last.New}
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

// closing counts how many apps are open.
type closing struct {
	*app
	open *int
}

func (c closing) Close() error {
	*c.open--
	return nil
}

// TestClientsAreClosed checks that every Client with a method Close is closed once: when its device is reinstalled, and
// when the run ends.
func TestClientsAreClosed(t *testing.T) {
	open, most := 0, 0
	Run(t, newMemory, Options{Seeds: 10, NewClient: func(id clock.ClientID, wall func() time.Time) Client {
		open++
		most = max(most, open)
		return closing{newApp(clientQuirks{})(id, wall).(*app), &open}
	}})
	if open != 0 || most != 2 {
		t.Errorf("%d Clients are open, and there were at most %d", open, most)
	}
}
