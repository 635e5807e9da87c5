package sim

import (
	"maps"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// editClient lets a Client edit, and records the stamp of the edit. It reports whether there was
// anything to edit.
func (d *device) editClient(id string, sets []schedule.Assignment) bool {
	key := d.w.Key(id)
	before := d.client.Shown(key)
	fields := d.changing(before, sets)
	if len(fields) == 0 || d.isDead(id, before) {
		d.client.note = "nothing to change"
		return false
	}
	floor := d.mustSee()
	if err := d.client.Edit(key, maps.Clone(fields)); err != nil {
		d.client.note = "error: " + err.Error()
		d.client.BrokenEdit(err, floor)
		return true
	}
	d.judgeEdit(id, before, fields)
	if d.client.note = d.client.Edited(id, before, fields, floor); d.w.Breach == nil {
		d.waitsFor(id, before, fields)
		d.judgeShown()
	}
	return true
}

// changing returns the assignments that change something. The kit does not ask a Client to write
// a value that the field already has.
func (d *device) changing(before record.Record, sets []schedule.Assignment) map[string]record.Value {
	fields := map[string]record.Value{}
	for _, a := range sets {
		v, err := parseValue(a)
		d.w.Must(err)
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

// meanwhile lets a Client edit a field that it is pushing, before the answer arrives.
func (d *device) meanwhile(it *check.Item) {
	a := d.contrary(it)
	d.w.Count("edits meanwhile")
	d.editClient(it.ID, []schedule.Assignment{a})
	d.w.Tell(d.name+" meanwhile "+schedule.Editing(it.ID, a), d.client.note)
}
