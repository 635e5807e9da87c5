package check

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// Replica is the kit's knowledge of a Client.
type Replica struct {
	*Judge
	name  string
	id    [16]byte
	Shows func(id string) record.Record // the record that its user sees

	Wants    map[oracle.FieldKey][]want // the edits without a final answer yet, in order
	Refused  map[oracle.Written]bool    // the writes that were refused permanently
	Reopened int                        // the step in which it was last reopened; -1 if never
}

// NewReplica returns the Replica of an empty Client.
func NewReplica(j *Judge, name string, id [16]byte) *Replica {
	return &Replica{Judge: j, name: name, id: id, Wants: map[oracle.FieldKey][]want{}, Refused: map[oracle.Written]bool{}, Reopened: -1}
}

// Confirmed maps the ID of a record and the name of a field to the write that the server has
// confirmed to a device.
type Confirmed map[string]map[string]record.FieldValue

// Floor returns the greatest time of the confirmed writes.
func (c Confirmed) Floor() (floor clock.Timestamp) {
	for _, fields := range c {
		for _, v := range fields {
			floor = max(floor, v.Stamp.Time)
		}
	}
	return floor
}

// want is a write that must reach the server.
type want struct {
	oracle.Write
	base  oracle.Stamp // the stamp shown before the edit
	loose bool         // it may be restamped, because the clock was found to be wrong
	again bool         // loose was set before, so its base may be the stamp of a restamped write
	sent  bool         // it was sent at least once
}

// fits reports whether x, as it was sent, is the wanted write.
func (w want) fits(x oracle.Write) bool {
	return w.Write == x || w.loose && oracle.SameValue(w.Write, x) && w.Client == x.Client
}

// Drop removes a write that has its final answer.
func (r *Replica) Drop(x oracle.Written) {
	r.Wants[x.FieldKey] = slices.DeleteFunc(r.Wants[x.FieldKey], func(w want) bool { return w.Write == x.Write })
	if len(r.Wants[x.FieldKey]) == 0 {
		delete(r.Wants, x.FieldKey)
	}
}

// AllowRestamp allows the Client to restamp all waiting writes.
func (r *Replica) AllowRestamp() {
	for _, wants := range r.Wants {
		for i := range wants {
			wants[i].loose, wants[i].again = true, true
		}
	}
}

// JudgeShown compares what a Client shows with its confirmed state and its edits.
func (r *Replica) JudgeShown(c Confirmed) {
	for _, id := range r.IDs {
		expected := r.expected(id, c)
		shown := map[oracle.FieldKey]oracle.Write{}
		for name, v := range r.Shows(id).All() {
			shown[oracle.FieldKey{ID: id, Field: name}] = WriteOf(v)
		}
		if maps.Equal(shown, expected) {
			continue
		}
		all := maps.Clone(expected)
		maps.Copy(all, shown)
		for _, k := range slices.SortedFunc(maps.Keys(all), oracle.CompareFields) {
			x, there := shown[k]
			y, ok := expected[k]
			loose := slices.ContainsFunc(r.Wants[k], func(w want) bool { return w.loose })
			if !loose && (x != y || there != ok) {
				r.Broken(r.classify(k, x, y), "field     %s %s\nexpected  %s\nshown     %s\nseen by   the user of %s", r.place(id), k.Field, r.long(y, ok), r.long(x, there), r.name)
				return
			}
		}
	}
}

// expected returns what a Client should show of a record: per field, the greatest of the
// confirmed and the waiting writes.
func (r *Replica) expected(id string, c Confirmed) map[oracle.FieldKey]oracle.Write {
	all := map[oracle.FieldKey]oracle.Write{}
	for name, v := range c[id] {
		all[oracle.FieldKey{ID: id, Field: name}] = WriteOf(v)
	}
	for k, wants := range r.Wants {
		for _, x := range wants {
			old, ok := all[k]
			if above, _ := oracle.Rule(x.Write, old); k.ID == id && (above || !ok) {
				all[k] = x.Write
			}
		}
	}
	return all
}

// classify returns the law that a Client breaks by showing x instead of y.
func (r *Replica) classify(k oracle.FieldKey, x, y oracle.Write) law.Law {
	mine := slices.ContainsFunc(r.Wants[k], func(w want) bool { return w.Write == y })
	switch {
	case r.Refused[oracle.Written{FieldKey: k, Write: x}]:
		return law.ClientRollback
	case r.Reopened == r.Moment:
		return law.ClientReopens
	case x.Client == r.id && x.Time > y.Time && (mine || !r.wrote(k, x)):
		return law.ClientInvents
	case mine:
		return law.ClientEdit
	}
	return law.ClientShows
}

// wrote reports whether a write was made on the device.
func (r *Replica) wrote(k oracle.FieldKey, x oracle.Write) bool {
	p := r.Ledger.Histories[k]
	return p != nil && p.Writes[x] != nil || slices.ContainsFunc(r.Wants[k], func(w want) bool { return w.Write == x })
}
