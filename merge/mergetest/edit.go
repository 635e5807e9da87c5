package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// edit puts an edit into the outbox.
func (d *device) edit(id string, sets []assignment) {
	if d.guest != nil {
		d.ask(id, sets)
		return
	}
	edit := d.shown(id).Edit(d.stamp())
	for _, a := range sets {
		switch {
		case a.value == "deleted":
			edit.Delete(a.name)
		case a.name == record.DeletedField && a.value == "true":
			edit.DeleteRecord()
		case a.name == record.DeletedField:
			edit.RestoreRecord()
		default:
			v, err := record.ParseValue([]byte(a.value))
			d.w.must(err)
			edit.Set(a.name, v)
		}
	}
	m, err := edit.Mutation()
	d.w.must(err)
	d.outbox = append(d.outbox, newItem(id, m))
}

func newItem(id string, m record.Mutation) *item {
	it := &item{raw: m.AppendJSON(nil), id: id, m: m}
	for name, v := range m.Data.All() {
		it.writes = append(it.writes, written{spot{id, name}, writeOf(v)})
	}
	return it
}

// spoil puts an item into the outbox that is to be refused as a whole: some of its fields
// are sound, and one thing is wrong.
func (d *device) spoil(s step) {
	if d.guest != nil {
		d.ask(s.id, append(slices.Clone(s.sets), assignment{flawed, strconv.Quote(s.bad)}))
		return
	}
	d.edit(s.id, slices.DeleteFunc(slices.Clone(s.sets), func(a assignment) bool { return d.w.o.refuses(s.bad, a.name) }))
	last := len(d.outbox) - 1
	d.outbox[last] = d.flawed(d.outbox[last], s.bad, d.stamp())
}

// flawed returns an item with something added that is wrong.
func (d *device) flawed(it *item, bad string, at clock.Stamp) *item {
	var add []string
	write := func(name, value string, client clock.ClientID) {
		add = append(add, fmt.Sprintf(`%q:{"value":%s,"updatedAt":%q,"clientId":%q}`, name, value, at.Time.String(), client.String()))
	}
	writes := slices.Clone(it.writes)
	switch bad {
	case "unstamped":
		add = []string{fmt.Sprintf(`%q:{"value":1}`, flawed)}
	case "forged":
		write(flawed, "1", stranger())
	case "reserved":
		write(reserved, "1", at.Client)
	default:
		refused := d.w.o.Refused[merge.Code(bad)]
		for _, name := range slices.Sorted(maps.Keys(refused)) {
			write(name, refused[name], at.Client)
			if v, err := record.ParseValue([]byte(refused[name])); err == nil {
				writes = append(writes, written{spot{it.id, name}, writeOf(record.FieldValue{Value: v, Stamp: at})})
			}
		}
	}
	data := strings.TrimSuffix(string(it.m.Data.AppendJSON(nil)), "}")
	if it.m.Data.Len() > 0 {
		data += ","
	}
	raw := fmt.Sprintf(`{"table":%q,"id":%q,"data":%s%s}}`, d.w.o.Table, it.id, data, strings.Join(add, ","))
	return &item{raw: []byte(raw), id: it.id, writes: writes, bad: bad}
}

// flood puts many edits into the outbox, each of one field, and each upon the one before.
func (d *device) flood(s step) {
	shown := d.shown(s.id)
	base := map[string]clock.Stamp{}
	for _, name := range d.w.o.names {
		v, _ := shown.Get(name)
		base[name] = v.Stamp
	}
	for i := range s.n {
		name := d.w.o.names[i%len(d.w.o.names)]
		values := d.w.o.Fields[name]
		if len(values) == 0 {
			values = []string{"null"}
		}
		v, err := record.ParseValue([]byte(values[i/len(d.w.o.names)%len(values)]))
		d.w.must(err)
		at := d.stamp()
		one := recordOf(d.w.key(s.id), map[string]record.FieldValue{name: {Value: v, Stamp: at}})
		d.outbox = append(d.outbox, newItem(s.id, record.Mutation{Data: one, Base: map[string]clock.Stamp{name: base[name]}}))
		base[name] = at
	}
}
