package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// device is one replica: a clock that may be wrong, the records that it has seen so far, and the
// edits that it has not been able to send yet.
type device struct {
	gear
	id     clock.ClientID
	clock  *clock.Clock
	now    int64 // true time of the current use
	wake   int64 // true time of the next everyday use
	script []scene
	view   view
	cursor int // number of entries pulled from the server's log
	outbox []record.Mutation
}

// newDevice starts a device whose clock continues after last.
func newDevice(g gear, id clock.ClientID, last clock.Timestamp) (*device, error) {
	d := &device{gear: g, id: id, now: at(mon, 8, 0), script: script(g.name)}
	c, err := clock.New(clock.Options{Now: d.wall, MaxAhead: -1, Last: last})
	d.clock = c
	return d, err
}

// wall returns the time that the device's clock shows.
func (d *device) wall() time.Time {
	ms := d.now + d.skew + d.drift*(d.now-monday)/hour
	if d.stepAt != 0 && d.now >= d.stepAt {
		ms -= d.stepBy
	}
	return time.UnixMilli(ms)
}

// owner returns the ID of the person who uses the device.
func (d *device) owner() string {
	who, _, _ := strings.Cut(d.name, "-")
	return who
}

func (d *device) offlineAt(now int64) bool {
	return slices.ContainsFunc(d.offline, func(s stretch) bool { return s.from <= now && now < s.to })
}

// next returns the true time of the next use, scripted or everyday.
func (d *device) next() int64 {
	if len(d.script) > 0 {
		return min(d.wake, d.script[0].at)
	}
	return d.wake
}

// begin starts the next use and returns what the owner is about to do.
func (d *device) begin(random *prng) habit {
	d.now = d.next()
	if len(d.script) > 0 && d.now == d.script[0].at {
		s := d.script[0]
		d.script = d.script[1:]
		return s.habit()
	}
	d.sleep(random)
	return everyday(random)
}

// sleep schedules the next everyday use: after about d.pace minutes, within the hours and days of
// use.
func (d *device) sleep(random *prng) {
	pace := int64(d.pace) * minute
	d.wake = d.now + pace/4 + int64(random.below(int(pace+pace/2)))
	today := d.wake - (d.wake-monday)%day
	opens, closes := today+int64(d.from)*hour, today+int64(d.to)*hour
	if d.wake >= closes {
		opens += day
	}
	if d.wake < opens || d.wake >= closes {
		d.wake = opens + int64(random.below(int(40*minute)))
	}
	if d.wake >= monday+int64(d.days)*day {
		d.wake = end
	}
}

// write makes the owner edit one record: the edit is stamped, shown at once, and added to the
// outbox. It does nothing if there was no record to open.
func (d *device) write(random *prng, seen record.Record, edit func(author)) error {
	if seen.Key().ID == "" {
		return nil
	}
	change := seen.Edit(clock.Stamp{Time: d.clock.Now(), Client: d.id})
	edit(author{random, change, d, seen})
	m, err := change.Mutation()
	if err != nil {
		return err
	}
	d.outbox = append(d.outbox, m)
	return d.view.see(m)
}

// pull reads the server's log from where the device last stopped reading.
func (d *device) pull(log []record.Mutation) error {
	for ; d.cursor < len(log); d.cursor++ {
		if err := d.view.see(log[d.cursor]); err != nil {
			return err
		}
		if err := d.clock.Observe(stampOf(log[d.cursor])); err != nil {
			return err
		}
	}
	return nil
}

// clone copies the disk, and with it the client ID and the clock. Only two devices with copies of
// one disk can issue the same stamp.
func (d *device) clone(name string) (*device, error) {
	disk := d.gear
	disk.name = name
	twin, err := newDevice(disk, d.id, d.clock.Last())
	twin.now, twin.wake, twin.cursor = d.now, end, d.cursor
	twin.view.records = maps.Clone(d.view.records)
	twin.view.keys = slices.Clone(d.view.keys)
	twin.outbox = slices.Clone(d.outbox)
	return twin, err
}

// stampOf returns the time at which a mutation was written.
func stampOf(m record.Mutation) clock.Timestamp {
	_, first := m.Data.At(0)
	return first.Stamp.Time
}

// view is the merged state that a device shows, with its keys in order of arrival.
type view struct {
	builder record.Builder
	records map[record.Key]record.Record
	keys    []record.Key
}

func (v *view) record(key record.Key) record.Record {
	if r, known := v.records[key]; known {
		return r
	}
	return record.New(key)
}

func (v *view) see(m record.Mutation) error {
	key := m.Data.Key()
	joined, _, err := v.builder.Join(v.record(key), m.Data)
	if err != nil {
		return err
	}
	if v.records == nil {
		v.records = map[record.Key]record.Record{}
	}
	if _, known := v.records[key]; !known {
		v.keys = append(v.keys, key)
	}
	v.records[key] = joined
	return nil
}

// find picks a record of a table. Half of the time it picks one of the newest, so that people edit
// the same records. It never picks a task of the plot: only the scenes edit these.
func (v *view) find(random *prng, table string, deleted bool) record.Record {
	var found []record.Key
	for _, key := range v.keys {
		scripted := slices.ContainsFunc(plot, func(p named) bool { return p.id == key.ID })
		if key.Table == table && !scripted && v.records[key].Deleted() == deleted {
			found = append(found, key)
		}
	}
	if len(found) == 0 {
		return record.Record{}
	}
	if random.oneIn(2) {
		found = found[max(0, len(found)-12):]
	}
	return v.records[pick(random, found)]
}
