package violation_test

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// The oracle lists the open violations of the small world by looking at every record. It is
// written from the documentation, and does not call the functions under test.

// wrong is a violation that the oracle finds.
type wrong struct {
	rule, scope string
	about       string
	others      string // sorted, with commas
	total       int
	time        int64 // the greatest time of the fields that the violation depends on
}

// plain is a record decoded from its JSON.
type plain struct {
	table, id string
	deleted   bool
	fields    map[string]plainField
}

type plainField struct {
	Value   any
	Deleted bool
	time    int64
	client  string
}

func plainOf(r record.Record) plain {
	p := plain{table: r.Key().Table, id: r.Key().ID, fields: map[string]plainField{}}
	for name, w := range r.All() {
		var f plainField
		if err := json.Unmarshal(w.AppendJSON(nil), &f); err != nil {
			panic(err)
		}
		f.time, f.client = int64(w.Stamp.Time), w.Stamp.Client.String()
		p.fields[name] = f
	}
	p.deleted = p.fields["$deleted"].Value == true
	return p
}

// greatest returns the greatest time of the named fields that have a value and of the
// restoration, in the records that are not deleted. Without such a field, it returns the greatest
// time of all values of these records.
func greatest(records []plain, fields ...string) (most int64) {
	every := int64(0)
	for _, r := range records {
		for name, f := range r.fields {
			if r.deleted || f.Deleted {
				continue
			}
			every = max(every, f.time)
			if name == "$deleted" || slices.Contains(fields, name) {
				most = max(most, f.time)
			}
		}
	}
	return cmp.Or(most, every)
}

// newcomer returns the record whose field was written last.
func newcomer(records []plain, field string) plain {
	newest := records[0]
	for _, r := range records[1:] {
		f, g := r.fields[field], newest.fields[field]
		later := f.time > g.time || f.time == g.time && f.client > g.client
		equal := f.time == g.time && f.client == g.client
		if later || equal && r.id > newest.id {
			newest = r
		}
	}
	return newest
}

// othersOf returns the IDs of all records but one, sorted.
func othersOf(records []plain, one plain) string {
	var ids []string
	for _, r := range records {
		if r.id != one.id {
			ids = append(ids, r.id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

type oracle struct{ records []plain }

func oracleOf(records []record.Record) oracle {
	var o oracle
	for _, r := range records {
		o.records = append(o.records, plainOf(r))
	}
	return o
}

// table returns the records of a table that are not deleted, sorted by ID.
func (o oracle) table(name string) (all []plain) {
	for _, r := range o.records {
		if r.table == name && !r.deleted {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b plain) int { return strings.Compare(a.id, b.id) })
	return all
}

// find returns a record, deleted or not.
func (o oracle) find(table, id string) (plain, bool) {
	for _, r := range o.records {
		if r.table == table && r.id == id {
			return r, true
		}
	}
	return plain{}, false
}

// read returns the members of a composite value, and whether they can be read.
func (p plain) read(field string) (map[string]any, bool) {
	f := p.fields[field]
	if f.Value == nil {
		return nil, true
	}
	m, ok := f.Value.(map[string]any)
	return m, ok && m["sealed"] == nil
}

// isSealed reports whether a field is present but cannot be read, given its expected type.
func isSealed(p plain, field string) bool {
	v := p.fields[field].Value
	_, composite := v.(map[string]any)
	_, text := v.(string)
	switch field {
	case "slot", "place":
		_, ok := p.read(field)
		return !ok
	case "seats", "left":
		return composite || text
	}
	return composite
}

// doubted reports whether unreadable data makes it impossible to tell if an earlier violation
// still holds.
func (o oracle) doubted(v violation.Violation) bool {
	field := map[string]string{"overlap": "slot", "seats": "place", "person": "who", "email": "email", "done": "when"}[v.Rule]
	for i, id := range append([]string{v.RecordID}, v.Conflicting...) {
		table, name := v.Table, field
		if i > 0 {
			table = v.ConflictingTable
		}
		if table == "people" {
			name = "left"
		}
		if p, ok := o.find(table, id); ok && !p.deleted && isSealed(p, name) {
			return v.Rule != "done" || p.fields["done"].Value == true
		}
	}
	// The row may also depend on a record that it does not name.
	switch v.Rule {
	case "seats":
		event, ok := o.find("events", v.Scope)
		return ok && !event.deleted && isSealed(event, "seats")
	case "person":
		person, ok := o.find("people", v.Scope)
		return ok && !person.deleted && isSealed(person, "left")
	}
	return false
}
