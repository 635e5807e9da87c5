package mergetest

import (
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// editClient lets a Client edit, and notes what it stamped the edit with. It reports whether
// there was anything to edit.
func (d *device) editClient(id string, sets []schedule.Assignment) bool {
	key := d.w.key(id)
	before := d.client.Shown(key)
	fields := d.changing(before, sets)
	if len(fields) == 0 {
		d.client.note = "nothing to change"
		return false
	}
	floor := d.floor()
	if err := d.client.Edit(key, maps.Clone(fields)); err != nil {
		d.client.note = "error: " + err.Error()
		d.brokenEdit(err, floor)
		return true
	}
	after := d.client.Shown(key)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		old, _ := before.Get(name)
		v, ok := after.Get(name)
		d.client.note = "shown as: " + d.w.long(writeOf(v), ok)
		switch {
		case !ok || v == old || v.Value != fields[name] || v.Stamp.Client != d.id:
			d.w.broken(law.ClientEdit, "%s edited %s of %s to be %s\nshown     %s", d.name, name, d.w.place(id), fields[name], d.w.long(writeOf(v), ok))
			return true
		case v.Stamp.Time <= floor:
			d.w.broken(law.ClientObserves, "%s edited %s of %s\nstamped   %s\nseen      %s before that", d.name, name, d.w.place(id), d.w.long(writeOf(v), ok), greatest(floor))
			return true
		}
		k := oracle.FieldKey{ID: id, Field: name}
		d.client.note = "stamped " + when(writeOf(v).Time)
		d.client.wants[k] = append(d.client.wants[k], want{Write: writeOf(v), base: stampOf(old.Stamp)})
	}
	d.judgeShown()
	return true
}

// changing returns the assignments that change something: a Client is not asked to write a value
// that is there already.
func (d *device) changing(before record.Record, sets []schedule.Assignment) map[string]record.Value {
	fields := map[string]record.Value{}
	for _, a := range sets {
		v, err := parseValue(a)
		d.w.must(err)
		if old, ok := before.Get(a.Name); !ok || old.Value != v {
			fields[a.Name] = v
		}
	}
	return fields
}

// parseValue returns the value of an assignment.
func parseValue(a schedule.Assignment) (record.Value, error) {
	if a.Value == "deleted" {
		return record.Deletion(), nil
	}
	return record.ParseValue([]byte(a.Value))
}

// brokenEdit names the law that is broken by a Client that refuses an edit.
func (d *device) brokenEdit(err error, floor clock.Timestamp) {
	if errors.Is(err, record.ErrStamp) {
		d.w.broken(law.ClientObserves, "Edit by %s: %v\nseen      %s before that", d.name, err, greatest(floor))
	}
	d.w.broken(law.ClientErrors, "Edit by %s: %v", d.name, err)
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
	d.editClient(it.id, []schedule.Assignment{a})
	d.w.tell(d.name+" meanwhile "+schedule.Editing(it.id, a), d.client.note)
}

// judgeShown compares what a Client shows with what is confirmed to it and what it edited.
func (d *device) judgeShown() {
	for _, id := range d.w.ids {
		expected := d.expected(id)
		shown := map[oracle.FieldKey]oracle.Write{}
		for name, v := range d.client.Shown(d.w.key(id)).All() {
			shown[oracle.FieldKey{ID: id, Field: name}] = writeOf(v)
		}
		if maps.Equal(shown, expected) {
			continue
		}
		all := maps.Clone(expected)
		maps.Copy(all, shown)
		for _, k := range slices.SortedFunc(maps.Keys(all), oracle.CompareFields) {
			x, there := shown[k]
			y, ok := expected[k]
			loose := slices.ContainsFunc(d.client.wants[k], func(w want) bool { return w.loose })
			if !loose && (x != y || there != ok) {
				d.w.broken(d.classify(k, x, y), "field     %s %s\nexpected  %s\nshown     %s\nseen by   the user of %s", d.w.place(id), k.Field, d.w.long(y, ok), d.w.long(x, there), d.name)
				return
			}
		}
	}
}

// expected returns what a Client should show of a record: the greatest of what is confirmed and
// what waits.
func (d *device) expected(id string) map[oracle.FieldKey]oracle.Write {
	all := map[oracle.FieldKey]oracle.Write{}
	for name, v := range d.confirmed[id] {
		all[oracle.FieldKey{ID: id, Field: name}] = writeOf(v)
	}
	for k, wants := range d.client.wants {
		for _, x := range wants {
			old, ok := all[k]
			if above, _ := oracle.Rule(x.Write, old); k.ID == id && (above || !ok) {
				all[k] = x.Write
			}
		}
	}
	return all
}

// classify names the law that is broken by a Client that shows x instead of y.
func (d *device) classify(k oracle.FieldKey, x, y oracle.Write) law.Law {
	mine := slices.ContainsFunc(d.client.wants[k], func(w want) bool { return w.Write == y })
	switch {
	case d.client.refused[oracle.Written{FieldKey: k, Write: x}]:
		return law.ClientRollback
	case d.client.reopened == d.w.moment:
		return law.ClientReopens
	case x.Client == d.id && x.Time > y.Time && (mine || !d.wrote(k, x)):
		return law.ClientInvents
	case mine:
		return law.ClientEdit
	}
	return law.ClientShows
}

// wrote reports whether a write is one that was edited on the device.
func (d *device) wrote(k oracle.FieldKey, x oracle.Write) bool {
	p := d.w.ledger.Histories[k]
	return p != nil && p.Writes[x] != nil || slices.ContainsFunc(d.client.wants[k], func(w want) bool { return w.Write == x })
}
