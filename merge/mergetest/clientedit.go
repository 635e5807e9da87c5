package mergetest

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

func trimmed(text []byte) []byte { return bytes.TrimSpace(text) }

// ask lets a Client edit, and notes what it stamped the edit with. Fields that have the value
// already are left out.
func (d *device) ask(id string, sets []assignment) {
	key := d.w.key(id)
	d.guest.note = "nothing to change"
	before := d.guest.Shown(key)
	fields := map[string]record.Value{}
	for _, a := range sets {
		v, err := a.parse()
		d.w.must(err)
		if old, ok := before.Get(a.name); !ok || old.Value != v {
			fields[a.name] = v
		}
	}
	if len(fields) == 0 {
		return
	}
	floor := d.floor()
	if err := d.guest.Edit(key, maps.Clone(fields)); err != nil {
		d.guest.note = "error: " + err.Error()
		d.brokenEdit(err, floor)
		return
	}
	after := d.guest.Shown(key)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		old, _ := before.Get(name)
		v, ok := after.Get(name)
		d.guest.note = "shown as: " + d.w.long(writeOf(v), ok)
		switch {
		case !ok || v == old || v.Value != fields[name] || v.Stamp.Client != d.id:
			d.w.broken(lawClientEdit, "%s edited %s of %s/%s to be %s\nshown     %s", d.name, name, d.w.o.Table, id, fields[name], d.w.long(writeOf(v), ok))
			return
		case v.Stamp.Time <= floor:
			d.w.broken(lawClientObserves, "%s edited %s of %s/%s\nstamped   %s\nseen      %s before that", d.name, name, d.w.o.Table, id, d.w.long(writeOf(v), ok), greatest(floor))
			return
		}
		s := spot{id, name}
		d.guest.note = "stamped " + when(writeOf(v))
		d.guest.wants[s] = append(d.guest.wants[s], want{write: writeOf(v), base: old.Stamp})
	}
	d.look()
}

// parse returns the value of an assignment.
func (a assignment) parse() (record.Value, error) {
	if a.value == "deleted" {
		return record.Deletion(), nil
	}
	return record.ParseValue([]byte(a.value))
}

// brokenEdit names the law that is broken by a Client that refuses an edit.
func (d *device) brokenEdit(err error, floor clock.Timestamp) {
	if errors.Is(err, record.ErrStamp) {
		d.w.broken(lawClientObserves, "Edit by %s: %v\nseen      %s before that", d.name, err, greatest(floor))
	}
	d.w.broken(lawClientErrors, "Edit by %s: %v", d.name, err)
}

// floor returns the greatest stamp that was confirmed to a device.
func (d *device) floor() (floor clock.Timestamp) {
	for _, fields := range d.confirmed {
		for _, v := range fields {
			floor = max(floor, v.Stamp.Time)
		}
	}
	return floor
}

func greatest(floor clock.Timestamp) string {
	if floor.IsZero() {
		return "nothing"
	}
	return floor.String()
}

// meanwhile lets a Client edit what is on its way, before the answer arrives.
func (d *device) meanwhile(it *item) {
	a := d.contrary(it)
	d.w.count("edits meanwhile")
	d.ask(it.id, []assignment{a})
	d.w.tell(d.name+" meanwhile edits "+it.id+" "+assigned([]assignment{a}), d.guest.note)
}

// look compares what a Client shows with what is confirmed to it and what it edited.
func (d *device) look() {
	for _, id := range d.w.o.IDs {
		expected := d.expected(id)
		shown := map[spot]write{}
		for name, v := range d.guest.Shown(d.w.key(id)).All() {
			shown[spot{id, name}] = writeOf(v)
		}
		all := maps.Clone(expected)
		maps.Copy(all, shown)
		for _, s := range slices.SortedFunc(maps.Keys(all), compareSpots) {
			x, there := shown[s]
			y, ok := expected[s]
			loose := slices.ContainsFunc(d.guest.wants[s], func(w want) bool { return w.loose })
			if !loose && (x != y || there != ok) {
				d.w.broken(d.classify(s, x, y), "field     %s/%s %s\nexpected  %s\nshown     %s\nseen by   the user of %s", d.w.o.Table, id, s.field, d.w.long(y, ok), d.w.long(x, there), d.name)
				return
			}
		}
	}
}

// expected returns what a Client should show of a record: the greatest of what is confirmed and
// what waits.
func (d *device) expected(id string) map[spot]write {
	all := map[spot]write{}
	for name, v := range d.confirmed[id] {
		all[spot{id, name}] = writeOf(v)
	}
	for s, wants := range d.guest.wants {
		for _, x := range wants {
			old, ok := all[s]
			if above, _ := rule(x.write, old); s.id == id && (above || !ok) {
				all[s] = x.write
			}
		}
	}
	return all
}

// classify names the law that is broken by a Client that shows x instead of y.
func (d *device) classify(s spot, x, y write) law {
	mine := slices.ContainsFunc(d.guest.wants[s], func(w want) bool { return w.write == y })
	switch {
	case d.guest.refused[written{s, x}]:
		return lawClientRollback
	case d.guest.reopened == d.w.moment:
		return lawClientReopens
	case x.client == d.id && x.time > y.time && (mine || !d.wrote(s, x)):
		return lawClientInvents
	case mine:
		return lawClientEdit
	}
	return lawClientShows
}

// wrote reports whether a write is one that was edited on the device.
func (d *device) wrote(s spot, x write) bool {
	p := d.w.ledger.pasts[s]
	return p != nil && p.writes[x] != nil || slices.ContainsFunc(d.guest.wants[s], func(w want) bool { return w.write == x })
}
