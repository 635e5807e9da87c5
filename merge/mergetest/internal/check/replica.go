package check

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
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
	// Judged returns the record that its user must see under the fence that the Client was told. It
	// is nil before the Client was told one.
	Judged func(id string) record.Record
	Told   clock.Timestamp

	Wants    map[oracle.FieldKey][]want // the edits without a final answer yet, in order
	Refused  map[oracle.Written]bool    // the writes that were refused permanently
	Gone     map[oracle.Written]bool    // the writes that are gone
	Returned map[oracle.Written]bool    // its own writes that a pull returned
	Hidden   map[oracle.Written]bool    // the writes whose record left since they were made
	Reopened int                        // the step in which it was last reopened; -1 if never
}

// NewReplica returns the Replica of an empty Client.
func NewReplica(j *Judge, name string, id [16]byte) *Replica {
	return &Replica{Judge: j, name: name, id: id, Wants: map[oracle.FieldKey][]want{}, Refused: map[oracle.Written]bool{}, Gone: map[oracle.Written]bool{}, Returned: map[oracle.Written]bool{}, Hidden: map[oracle.Written]bool{}, Reopened: -1}
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
	base   oracle.Stamp // the stamp shown before the edit
	loose  bool         // it may be restamped, because the clock was found to be wrong
	again  bool         // loose was set before, so its base may be the stamp of a restamped write
	sent   bool         // it was sent at least once
	resent bool         // it was confirmed before the server was restored, so it may have no base
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

// AllowRestampBelow allows the Client to restamp the writes that were never sent, if one of them lies
// at or below a fence, so that it would be gone.
func (r *Replica) AllowRestampBelow(fence int64) {
	below := false
	for _, wants := range r.Wants {
		below = below || slices.ContainsFunc(wants, func(w want) bool { return !w.sent && w.Time <= fence })
	}
	for _, wants := range r.Wants {
		for i := range wants {
			wants[i].loose, wants[i].again = wants[i].loose || below && !wants[i].sent, wants[i].again || below
		}
	}
}

// SendsAgain records that the Client sends a write again that was confirmed before the server was
// restored.
func (r *Replica) SendsAgain(x oracle.Written) {
	wants := r.Wants[x.FieldKey]
	i := 0
	for i < len(wants) && oracle.Compare(wants[i].Write, x.Write) < 0 {
		i++
	}
	r.Wants[x.FieldKey] = slices.Insert(wants, i, want{Write: x.Write, resent: true, sent: true})
}

// JudgeShown compares what a Client shows with its confirmed state and its edits.
func (r *Replica) JudgeShown(c Confirmed) {
	for _, id := range r.IDs {
		expected := r.expected(id, c)
		shown := writesOf(id, r.Shows(id))
		if maps.Equal(shown, expected) || r.Judged != nil && maps.Equal(shown, r.normal(id)) {
			continue
		}
		all := maps.Clone(expected)
		maps.Copy(all, shown)
		for _, k := range slices.SortedFunc(maps.Keys(all), oracle.CompareFields) {
			x, there := shown[k]
			y, ok := expected[k]
			loose := slices.ContainsFunc(r.Wants[k], func(w want) bool { return w.loose })
			if !loose && (x != y || there != ok) {
				l := r.classify(k, x, y)
				if r.Judged != nil && there {
					l = r.classifyGone(k, x, c)
				}
				if r.sumsDiffer(shown, expected) {
					l = r.ofCounter(k, l)
				}
				r.Broken(l, "field     %s %s\nexpected  %s\nshown     %s\nseen by   the user of %s", r.place(id), k.Field, r.long(y, ok), r.long(x, there), r.name)
				return
			}
		}
	}
}

// expected returns what a Client should show of a record: per field, the greatest of the
// confirmed and the waiting writes.
func (r *Replica) expected(id string, c Confirmed) map[oracle.FieldKey]oracle.Write {
	if r.Judged != nil {
		return writesOf(id, r.Judged(id))
	}
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
	case r.Gone[oracle.Written{FieldKey: k, Write: x}]:
		return law.ClientJudges
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

// classifyGone returns the law that a Client breaks by showing x under a fence, which it must not show.
func (r *Replica) classifyGone(k oracle.FieldKey, x oracle.Write, c Confirmed) law.Law {
	v, confirmed := c[k.ID][k.Field]
	switch {
	case r.Hidden[oracle.Written{FieldKey: k, Write: x}]:
		return law.ClientHides
	case r.Refused[oracle.Written{FieldKey: k, Write: x}]:
		return law.ClientRollback
	case r.Reopened == r.Moment:
		return law.ClientReopens
	case confirmed && WriteOf(v) == x:
		return law.ClientShows
	case slices.ContainsFunc(r.Wants[k], func(w want) bool { return w.Write == x }), r.Gone[oracle.Written{FieldKey: k, Write: x}],
		x.Client == r.id && r.wrote(k, x) && !r.Returned[oracle.Written{FieldKey: k, Write: x}]:
		return law.ClientJudges
	case x.Client == r.id && !r.wrote(k, x):
		return law.ClientInvents
	}
	return law.ClientForgets
}

// normal returns what a Client may show instead of a record under a fence: what merge.Purge leaves of
// it. So the Client may purge more often than the server, and hide a dead or erased record as a
// whole.
func (r *Replica) normal(id string) map[oracle.FieldKey]oracle.Write {
	judged := r.Judged(id)
	if judged.Erased() {
		return map[oracle.FieldKey]oracle.Write{}
	}
	return writesOf(id, merge.Purge(judged, r.Told, 2))
}

// Hide notes that a record left, or that a line brought it. Of a record that left, the Client shows neither
// what waits nor what was accepted before. A write that is gone may wait too: after a restore, it may be sent
// once more.
func (r *Replica) Hide(id string, accepted []*Item, hide bool) {
	if !hide {
		maps.DeleteFunc(r.Hidden, func(x oracle.Written, _ bool) bool { return x.ID == id }) // also what no longer waits
		return
	}
	for x := range r.Gone {
		if x.ID == id {
			r.Hidden[x] = true
		}
	}
	for k, wants := range r.Wants {
		for _, w := range wants {
			if k.ID == id {
				r.Hidden[oracle.Written{FieldKey: k, Write: w.Write}] = true
			}
		}
	}
	for _, it := range accepted {
		for _, x := range it.Writes {
			if it.ID == id {
				r.Hidden[x] = true
			}
		}
	}
}

// IsHidden reports whether the Client does not show an item, because its record left.
func (r *Replica) IsHidden(it *Item) bool {
	return len(it.Writes) > 0 && !slices.ContainsFunc(it.Writes, func(x oracle.Written) bool { return !r.Hidden[x] })
}
