package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// device is a client as package merge describes it: confirmed state, an outbox, and a clock.
type device struct {
	w         *world
	name      string
	index     int
	installed int // how often it was reinstalled
	state
	client  *clientDevice // the user's Client, or nil for a device of the kit
	backup  *state
	batches []check.Batch // all batches that it sent
}

// state is the part of a device that is lost with it and restored from a backup.
type state struct {
	id       clock.ClientID
	skew     time.Duration
	clock    *clock.Clock
	last     clock.Timestamp // the clock's last stamp when the state was saved
	view                     // the confirmed state
	outbox   []*check.Item
	overlay  []*check.Item // accepted items that were not pulled yet; only with a server that purges
	cursor   string
	pulled   time.Time // when the last pull of the device began
	outdated bool      // the server was restored since it returned the cursor
}

func newDevice(w *world, index int) *device {
	d := &device{w: w, name: schedule.People()[index], index: index}
	d.install()
	d.addClient()
	return d
}

// install gives the device an empty state and the ID of its current installation.
func (d *device) install() {
	skew := d.skew
	d.state = state{id: schedule.ClientID(d.index, d.installed), skew: skew, view: view{confirmed: check.Confirmed{}}}
	d.newClock(0)
	d.w.admit(d)
}

// newClock gives the device a clock with the device's skew, whose stamps are above last.
func (d *device) newClock(last clock.Timestamp) {
	wall := func() time.Time { return d.w.Now.Add(d.skew) }
	c, err := clock.New(clock.Options{Now: wall, MaxAhead: -1, Last: last})
	d.w.Must(err)
	d.clock = c
}

func (d *device) setSkew(by time.Duration) (done bool) {
	d.skew = by
	d.newClock(d.clock.Last())
	return true
}

// tick gives the device a clock that has issued almost all stamps of its millisecond.
func (d *device) tick() (done bool) {
	const ms = clock.Timestamp(time.Millisecond)
	last := max(d.clock.Last(), clock.TimestampOf(d.w.Now.Add(d.skew)))
	d.newClock(last - last%ms + ms - 2)
	return true
}

// save returns a copy of the state.
func (s *state) save() *state {
	c := *s
	c.last = s.clock.Last()
	c.outbox, c.overlay = slices.Clone(s.outbox), slices.Clone(s.overlay)
	c.confirmed, c.in = check.Confirmed{}, maps.Clone(s.in)
	for id, fields := range s.confirmed {
		c.confirmed[id] = maps.Clone(fields)
	}
	return &c
}

// setState gives the device a saved state.
func (d *device) setState(s *state) (done bool) {
	last := s.last
	d.state = *s.save()
	d.newClock(last)
	return true
}

// backUp saves the state of the device.
func (d *device) backUp() (done bool) {
	d.backup = d.save()
	return true
}

// restore gives the device the state of its backup, or the state after its installation if it
// has none.
func (d *device) restore() (done bool) {
	if d.backup == nil {
		d.backup = (&device{w: d.w, index: d.index, installed: d.installed}).factory()
	}
	return d.setState(d.backup)
}

// factory returns the state of a newly installed device.
func (d *device) factory() *state {
	d.install()
	return d.save()
}

// reinstall makes the device empty, with another ID.
func (d *device) reinstall() (done bool) {
	d.installed++
	d.install()
	d.addClient()
	return true
}

func (d *device) stamp() clock.Stamp {
	full := d.clock.Last().Counter() == 999_999
	s := clock.Stamp{Time: d.clock.Now(), Client: d.id}
	if full && s.Time.Counter() == 0 {
		d.w.Count("counter carries")
	}
	return s
}

// shown returns a record as the device shows it: confirmed state joined with its outbox.
func (d *device) shown(id string) record.Record {
	if d.fence > 0 || d.w.Sight != nil {
		return d.judged(id, d.outbox)
	}
	var b record.Builder
	r, err := b.Record(d.w.Key(id), maps.All(d.confirmed[id]))
	d.w.Must(err)
	for _, it := range d.outbox {
		if it.ID == id && it.Bad == "" {
			r, _, err = b.Join(r, it.M.Data)
			d.w.Must(err)
		}
	}
	return r
}

// applyAnswer acts on the answer to some items of the outbox.
func (d *device) applyAnswer(sent []*check.Item, replies []merge.Reply) {
	late := false
	for i, r := range replies {
		at := slices.Index(d.outbox, sent[i])
		if at < 0 {
			continue
		}
		switch {
		case r.Verdict == "accepted":
			d.accepted(sent[i], r)
		case r.Code == merge.TooFarAhead:
			d.skew += r.ServerTime.Time().Sub(d.w.Now.Add(d.skew))
			late = true
			continue
		case r.Retryable:
			continue
		}
		d.outbox = slices.Delete(d.outbox, at, at+1)
	}
	if late {
		d.correctClock()
	}
}

// confirm joins an accepted write with the confirmed state.
func (d *device) confirm(id, name string, v record.FieldValue) {
	if d.confirmed[id] == nil {
		d.confirmed[id] = map[string]record.FieldValue{}
	}
	if old, ok := d.confirmed[id][name]; !ok || v.Compare(old) > 0 {
		d.confirmed[id][name] = v
	}
}

// correctClock replaces the clock with one that starts above all confirmed stamps, and restamps the
// outbox.
func (d *device) correctClock() {
	last := d.seen()
	for _, it := range d.overlay {
		for _, x := range it.Writes {
			last = max(last, clock.Timestamp(x.Time))
		}
	}
	d.newClock(last)
	var valid []record.Mutation
	for _, it := range d.outbox {
		if it.Bad == "" {
			valid = append(valid, it.M)
		}
	}
	again, err := record.Restamp(valid, d.stamp)
	d.w.Must(err)
	for i, it := range d.outbox {
		if it.Bad == "" {
			d.outbox[i], again = d.newItem(it.ID, again[0]), again[1:]
			d.outbox[i].Author.SawDeleted, d.outbox[i].Left = it.Author.SawDeleted, it.Left
		}
	}
}

// applyPulled applies pulled lines to the confirmed state, and lets the clock observe their
// stamps. It reports whether a line took records away.
func (d *device) applyPulled(lines []line) (evicted bool) {
	for _, l := range lines {
		if d.client != nil {
			d.clientLearns(l)
		}
		left, came := d.w.apply(&d.view, l)
		d.markLeft(left, came)
		evicted = evicted || d.w.Sight != nil && (l.left || l.reset)
		if id, ok := d.w.IDOf(l.record.Key()); !ok || !slices.Contains(d.w.o.IDs, id) {
			continue
		}
		for _, v := range l.record.All() {
			d.w.Must(d.clock.Observe(v.Stamp.Time))
		}
	}
	d.w.Must(d.clock.Observe(d.floor))
	return evicted
}
