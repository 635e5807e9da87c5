package check

import (
	"cmp"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// IsOld reports whether a client has the old version of the app. Every second device has, beginning with the second.
func (j *Judge) IsOld(client [16]byte) bool {
	if j.o.Old == nil {
		return false
	}
	device := slices.Index(schedule.People(), schedule.Whose(client))
	return device >= 0 && device%2 == 1
}

// parts returns the fields that are one field for a client, if a field is one of several. A client of the new version
// has none.
func (j *Judge) parts(client [16]byte, k oracle.FieldKey) []string {
	if !j.IsOld(client) || j.Key(k.ID).Table != j.o.Old.Table {
		return nil
	}
	return j.o.Old.Parts(k.Field)
}

// splitOff separates the parts of fields from the rest of what a client pulled.
func (j *Judge) splitOff(by Reader, found map[oracle.FieldKey]oracle.Write) (rest, parts map[oracle.FieldKey]oracle.Write) {
	if !j.IsOld(by.ID) || !j.o.Old.Splits() {
		return found, nil
	}
	rest, parts = maps.Clone(found), map[oracle.FieldKey]oracle.Write{}
	for k, x := range found {
		if j.parts(by.ID, k) != nil {
			parts[k] = x
			delete(rest, k)
		}
	}
	return rest, parts
}

// judgeParts compares the parts of fields, as a client of the old version pulled them, with the stored ones.
func (j *Judge) judgeParts(by Reader, found, fresh map[oracle.FieldKey]oracle.Write) {
	done := map[oracle.FieldKey]bool{}
	for _, k := range j.Ledger.Keys {
		parts := j.parts(by.ID, k)
		if parts == nil || done[oracle.FieldKey{ID: k.ID, Field: parts[0]}] || j.Breach != nil || j.hidden(by)(k.ID, true) {
			continue
		}
		done[oracle.FieldKey{ID: k.ID, Field: parts[0]}] = true
		best := map[oracle.FieldKey]oracle.Write{}
		for _, part := range parts {
			if p := j.Ledger.Histories[oracle.FieldKey{ID: k.ID, Field: part}]; p != nil && p.Some {
				best[oracle.FieldKey{ID: k.ID, Field: part}] = p.Best
			}
		}
		got := j.together(k.ID, parts, found)
		if maps.Equal(got, j.oldForm(k.ID, parts, best)) || j.hasLapsed(got) {
			continue
		}
		if fresh == nil {
			fresh = j.Lab.Fresh()
		}
		if want := j.oldForm(k.ID, parts, fresh); !maps.Equal(got, want) {
			for _, part := range parts {
				k := oracle.FieldKey{ID: k.ID, Field: part}
				f, ok := fresh[k]
				j.Lab.Tell("a new device pulls "+part+" of "+k.ID, j.long(f, ok))
			}
			k := oracle.FieldKey{ID: k.ID, Field: parts[0]}
			x, ok := got[k]
			y, there := want[k]
			j.Broken(law.OldSplit, "field     %s %s, from which %s is made\nexpected  %s\nfound     %s\nseen by   %s, a device of the old version",
				j.place(k.ID), j.o.Old.OldName(k.Field), k.Field, j.long(y, there), j.long(x, ok), by.Name)
		}
	}
}

// hasLapsed reports whether the parts of a field have the stamp of a write that is gone because the server was restored.
func (j *Judge) hasLapsed(parts map[oracle.FieldKey]oracle.Write) bool {
	for k, x := range parts {
		for y := range j.Ledger.Of(k).Writes {
			if y.Stamp == x.Stamp && j.Ledger.Of(k).Lapsed(y) {
				return true
			}
		}
	}
	return false
}

// together returns the parts of one field.
func (j *Judge) together(id string, parts []string, all map[oracle.FieldKey]oracle.Write) map[oracle.FieldKey]oracle.Write {
	some := map[oracle.FieldKey]oracle.Write{}
	for _, part := range parts {
		k := oracle.FieldKey{ID: id, Field: part}
		if x, ok := all[k]; ok {
			some[k] = x
		}
	}
	return some
}

// oldForm returns the parts of one field as a client of the old version has them, after it pulled: all with the
// greatest stamp, and with the values that the old field becomes.
func (j *Judge) oldForm(id string, parts []string, stored map[oracle.FieldKey]oracle.Write) map[oracle.FieldKey]oracle.Write {
	some := j.together(id, parts, stored)
	if len(some) == 0 {
		return some
	}
	values, deleted := make([]record.Value, len(parts)), true
	var greatest oracle.Write
	for i, part := range parts {
		x, ok := some[oracle.FieldKey{ID: id, Field: part}]
		if !ok {
			continue
		}
		if above, _ := oracle.Rule(x, greatest); above {
			greatest = x
		}
		if !x.Deleted {
			v, err := record.ParseValue([]byte(x.Value))
			j.Must(err)
			values[i], deleted = v, false
		}
	}
	if !deleted {
		whole, err := j.o.Old.Whole(parts[0], values)
		j.Must(err)
		values = whole
	}
	for i, part := range parts {
		x := oracle.Write{Stamp: greatest.Stamp, Deleted: deleted, Value: greatest.Value}
		if !deleted && i < len(values) {
			x.Value = values[i].JSON()
		}
		some[oracle.FieldKey{ID: id, Field: part}] = x
	}
	return some
}

// sayings collects what the replies to a client of the old version report about fields that became several. Such a report
// has to be true for one of the parts.
type sayings []*saying

// saying is what is wrong with one report, for each part.
type saying struct {
	item  int
	field string // the first part
	wrong [][]complaint
}

// of returns what is wrong with the report about a write, unless the write is one of several parts. Then it notes it.
func (s *sayings) of(j *Judge, a Answer, x arrival, wrong []complaint) []complaint {
	parts := j.parts(a.Client, x.FieldKey)
	if parts == nil {
		return wrong
	}
	i := slices.IndexFunc(*s, func(one *saying) bool { return one.item == x.item && one.field == parts[0] })
	if i < 0 {
		i = len(*s)
		*s = append(*s, &saying{item: x.item, field: parts[0]})
	}
	(*s)[i].wrong = append((*s)[i].wrong, wrong)
	return nil
}

// untrue returns what is wrong with the reports that are true for no part. Each is compared with the part about which the
// least is wrong.
func (s sayings) untrue() (wrong []complaint) {
	for _, one := range s {
		wrong = append(wrong, slices.MinFunc(one.wrong, func(a, b []complaint) int { return cmp.Compare(weight(a), weight(b)) })...)
	}
	return wrong
}

// weight is the number of complaints. A wrong outcome counts as two.
func weight(wrong []complaint) (n int) {
	for _, c := range wrong {
		n += map[bool]int{true: 2, false: 1}[c.law == law.Outcome]
	}
	return n
}
