package sim

import (
	"maps"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// edit puts an edit into the outbox, and reports whether there was anything to edit.
func (d *device) edit(id string, sets []schedule.Assignment) bool {
	if d.client != nil {
		return d.editClient(id, sets)
	}
	seen := d.shown(id)
	edit := seen.Edit(d.stamp())
	for _, a := range d.whole(seen, sets) {
		switch {
		case a.Value == "deleted":
			edit.Delete(a.Name)
		case a.Name == record.DeletedField && a.Value == "true":
			edit.DeleteRecord()
		case a.Name == record.DeletedField:
			edit.RestoreRecord()
		default:
			v, err := record.ParseValue([]byte(a.Value))
			d.w.Must(err)
			edit.Set(a.Name, v)
		}
	}
	m, err := edit.Mutation()
	d.w.Must(err)
	it := d.newItem(id, m)
	it.Author.SawDeleted = seen.Deleted()
	d.outbox = append(d.outbox, it)
	return true
}

// editIntoLast edits a record, and joins the edit to the item of the edit before it, as devices do
// while their users type. So an item can have writes with different stamps.
func (d *device) editIntoLast(id string, sets []schedule.Assignment) bool {
	at := len(d.outbox) - 1
	done := d.edit(id, sets)
	if at < 0 || d.client != nil {
		return done
	}
	old, it := d.outbox[at], d.outbox[at+1]
	if old.ID != id || old.Bad != "" || old.Sent || old.Left { // an item that was sent must stay as it is
		return done
	}
	var b record.Builder
	both, _, err := b.Join(old.M.Data, it.M.Data)
	d.w.Must(err)
	base := map[string]clock.Stamp{}
	maps.Copy(base, it.M.Base)
	maps.Copy(base, old.M.Base)
	joined := check.NewItem(id, record.Mutation{Data: both, Base: base, New: old.M.New || it.M.New})
	joined.Author = old.Author
	joined.Author.SawDeleted = old.Author.SawDeleted || it.Author.SawDeleted
	d.outbox = append(d.outbox[:at], joined)
	return done
}

// flood puts many edits into the outbox, each of one field and on top of the previous edit.
func (d *device) flood(s schedule.Step) (done bool) {
	shown := d.shown(s.ID)
	base := map[string]clock.Stamp{}
	for _, name := range d.w.o.Names {
		v, _ := shown.Get(name)
		base[name] = v.Stamp
	}
	for i := range s.N {
		name := d.w.o.Names[i%len(d.w.o.Names)]
		values := d.w.o.Fields[name]
		if len(values) == 0 {
			values = []string{"null"}
		}
		v, err := record.ParseValue([]byte(values[i/len(d.w.o.Names)%len(values)]))
		d.w.Must(err)
		at := d.stamp()
		fields, bases := map[string]record.FieldValue{}, map[string]clock.Stamp{}
		for _, a := range d.whole(shown, []schedule.Assignment{{Name: name, Value: v.JSON()}}) {
			v, err := record.ParseValue([]byte(a.Value))
			d.w.Must(err)
			fields[a.Name], bases[a.Name] = record.FieldValue{Value: v, Stamp: at}, base[a.Name]
			base[a.Name] = at
		}
		it := d.newItem(s.ID, record.Mutation{Data: check.RecordOf(d.w.Key(s.ID), fields), Base: bases, New: i == 0 && shown.Len() == 0})
		it.Author.SawDeleted = shown.Deleted()
		d.outbox = append(d.outbox, it)
	}
	return true
}
