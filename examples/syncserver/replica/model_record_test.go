package replica_test

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// modelFields are the fields of the record. A set of fields is a set of these positions.
var modelFields = [...]string{"f", "g", record.DeletedField}

// serverID stamps what the ideal server writes itself.
var serverID = clock.ClientID{0xff}

// rec parses a record.
func (x *modelSearch) rec(text string) record.Record {
	if text == "" {
		return record.New(modelKey)
	}
	if r, ok := x.parsed[text]; ok {
		return r
	}
	var d record.Decoder
	r, err := d.Record(modelKey, []byte(text))
	if err != nil {
		panic(err) // the model writes only valid records
	}
	x.parsed[text] = r
	return r
}

// textOf is the opposite of rec.
func textOf(r record.Record) string {
	if r.Len() == 0 {
		return ""
	}
	return string(r.AppendJSON(nil))
}

// join joins two records.
func join(a, b record.Record) record.Record {
	var builder record.Builder
	joined, _, err := builder.Join(a, b.WithKey(a.Key()))
	if err != nil {
		panic(err) // the keys are equal
	}
	return joined
}

// within returns the fields of a record that are in a set.
func within(r record.Record, set uint8) record.Record {
	var b record.Builder
	part, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range r.All() {
			if set>>slices.Index(modelFields[:], name)&1 == 1 && !yield(name, w) {
				return
			}
		}
	})
	if err != nil {
		panic(err) // the fields come from a record
	}
	return part
}

// setOf returns the set of fields of a record.
func setOf(r record.Record) (set uint8) {
	for name := range r.All() {
		set |= 1 << slices.Index(modelFields[:], name)
	}
	return set
}

// dead reports whether a record is dead at a fence.
func dead(r record.Record, fence string) bool {
	return r.Deleted() && merge.Purge(r, timeOf(fence), 2).Len() == 0
}

// reborn returns what the ideal server holds of a record when the real one begins a new life of it.
func reborn(r record.Record, fence string) record.Record {
	stamp := clock.Stamp{Time: timeOf(fence), Client: serverID}
	var b record.Builder
	r, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name := range r.All() {
			v := record.Deletion()
			if name == record.DeletedField {
				v = record.Bool(false)
			}
			if !yield(name, record.FieldValue{Value: v, Stamp: stamp}) {
				return
			}
		}
	})
	if err != nil {
		panic(err)
	}
	return r
}

// newestOf returns the greatest time of a record.
func newestOf(r record.Record) string {
	var newest clock.Timestamp
	for _, w := range r.All() {
		newest = max(newest, w.Stamp.Time)
	}
	if newest == 0 {
		return ""
	}
	return newest.String()
}

// stampOf returns the stamp that all writes of an item share.
func stampOf(r record.Record) (stamp clock.Stamp) {
	for _, w := range r.All() {
		stamp = w.Stamp
	}
	return stamp
}

// sight is what users see of a record.
type sight struct {
	exists bool // also if no field has a value
	fields [2]clock.Stamp
}

// sightOf is how users see a record. A deleted record does not exist for them.
func sightOf(r record.Record) (v sight) {
	if r.Deleted() {
		return v
	}
	v.exists = r.Len() > 0
	for i := range v.fields {
		if w, ok := r.Get(modelFields[i]); ok && !w.Deleted() {
			v.fields[i] = w.Stamp
		}
	}
	return v
}
