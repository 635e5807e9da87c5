package mergetest

import (
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

func isAddition(name string) bool { return strings.HasPrefix(name, schedule.Counter+"/") }

// additions returns a backend that is correct for all fields except additions.
func additions(stores func(fields map[string]record.FieldValue, name string, v record.FieldValue)) newBackend {
	return with(quirks{stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
		if isAddition(name) {
			stores(fields, name, v)
		} else {
			fields[name] = v
		}
	}})
}

// foldsNames stores an addition in the field of its twin, whose name differs only in case.
func foldsNames(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	for other := range fields {
		if strings.EqualFold(other, name) {
			name = other
		}
	}
	if old, ok := fields[name]; !ok || rightly(old, v) {
		fields[name] = v
	}
}

// resetsAll deletes all additions when one is deleted.
func resetsAll(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	fields[name] = v
	for other := range fields {
		if v.Deleted() && isAddition(other) {
			fields[other] = v
		}
	}
}

// resetsBefore drops all additions that are stamped before a reset, even those that arrive after it.
func resetsBefore(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	fields[name] = v
	reset := record.FieldValue{}
	for other, w := range fields {
		if isAddition(other) && w.Deleted() && rightly(reset, w) {
			reset = w
		}
	}
	maps.DeleteFunc(fields, func(other string, w record.FieldValue) bool {
		return isAddition(other) && !w.Deleted() && rightly(w, reset)
	})
}

// sumsUp adds an addition to a running total, and forgets its name.
func sumsUp(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	total, _ := fields[schedule.Counter].Value.Int()
	if n, ok := v.Value.Int(); ok {
		fields[schedule.Counter] = record.FieldValue{Value: record.Int(total + n), Stamp: v.Stamp}
	}
}

// countingAgain returns a backend that is correct until an addition arrives again, and then changes the record.
func countingAgain(again func(all map[string]record.FieldValue, name string)) newBackend {
	return with(quirks{each: func(s *quirky, _ clock.ClientID, r merge.Result) bool {
		for _, d := range r.Fields {
			if isAddition(d.Field) && !d.Incoming.Deleted() && d.Before == d.Incoming {
				all := maps.Collect(s.disk.rows[r.Key].All())
				again(all, d.Field)
				var b record.Builder
				changed, _ := b.Record(r.Key, maps.All(all))
				s.disk.put(changed)
			}
		}
		return r.Accepted()
	}})
}

// doubles adds to the number of an addition.
func doubles(all map[string]record.FieldValue, name string) {
	v := all[name]
	n, _ := v.Value.Int()
	all[name] = record.FieldValue{Value: record.Int(2 * n), Stamp: v.Stamp}
}

// copies stores an addition under a second name.
func copies(all map[string]record.FieldValue, name string) { all[name+"2"] = all[name] }

// toldAsNew returns a backend whose answers report each addition as new.
func toldAsNew() newBackend {
	return from(memory{tells: func(request merge.Request, a merge.Answer) []merge.Reply {
		all := slices.Collect(a.Replies())
		for i, r := range all {
			for name, f := range r.Fields {
				if isAddition(name) && f.Outcome == "equal" {
					f.Outcome, all[i].Changed = "applied", true
					r.Fields[name] = f
				}
			}
		}
		return all
	}})
}

func brokenCounters() []broken {
	counted := []law.Law{law.Counted}
	return []broken{
		{"names of additions folded by case", additions(foldsNames), counted},
		{"additions that arrive again told as new", toldAsNew(), counted},
		{"a reset that deletes all additions", additions(resetsAll), counted},
		{"a reset that deletes by time", additions(resetsBefore), counted},
		{"additions summed up in one field", additions(sumsUp), []law.Law{law.Counted, law.Invented}},
		{"additions that count at each arrival", countingAgain(doubles), counted},
		{"additions that get a new ID at each arrival", countingAgain(copies), counted},
	}
}

// counterQuirks are the possible mistakes of a client with counters.
type counterQuirks struct {
	renamesRetry bool // gives an addition a new ID when it is sent again
	resetsLate   bool // a reset deletes what is confirmed when it is sent
	resetsPulled bool // a pulled reset drops the additions that wait
}

func brokenCounterClients() []brokenClient {
	counted := []law.Law{law.ClientCounts}
	return []brokenClient{
		{"a new ID at each retry", newApp(clientQuirks{counterQuirks: counterQuirks{renamesRetry: true}}), counted},
		{"a reset of what was pulled after it", newApp(clientQuirks{counterQuirks: counterQuirks{resetsLate: true}}), counted},
		{"a pulled reset drops additions that wait", newApp(clientQuirks{counterQuirks: counterQuirks{resetsPulled: true}}), counted},
	}
}

// changesOutbox makes the mistakes of a client that sends other additions than its user made.
func (a *app) changesOutbox() {
	for i, m := range a.outbox {
		all, reset := map[string]record.FieldValue{}, record.FieldValue{}
		for name, v := range m.Data.All() {
			if a.renamesRetry && i < a.sent && isAddition(name) {
				name += "x"
			}
			if all[name] = v; isAddition(name) && v.Deleted() {
				reset = v
			}
		}
		for name, v := range a.confirmed[m.Data.Key()].All() {
			if _, ok := all[name]; a.resetsLate && reset.Deleted() && isAddition(name) && !ok && !v.Deleted() {
				all[name] = reset
				m.Base[name] = v.Stamp
			}
		}
		var b record.Builder
		a.outbox[i].Data, _ = b.Record(m.Data.Key(), maps.All(all))
	}
}

// dropsAdditions makes the mistake of a client that takes a pulled reset for the end of all additions.
func (a *app) dropsAdditions(pulled record.Record) {
	for name, v := range pulled.All() {
		if !isAddition(name) || !v.Deleted() {
			continue
		}
		a.outbox = append(a.outbox[:a.sent], slices.DeleteFunc(slices.Clone(a.outbox[a.sent:]), func(m record.Mutation) bool {
			waits := false
			for name, v := range m.Data.All() {
				waits = waits || isAddition(name) && !v.Deleted()
			}
			return waits && m.Data.Key() == pulled.Key()
		})...)
	}
}
