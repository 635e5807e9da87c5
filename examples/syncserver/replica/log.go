package replica

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// log adds an event to Options.Log, if there is one. Building an event costs time, so callers
// that build a large one check r.logs first.
func (r *Replica) log(e clientlog.Event) {
	if r.logs != nil {
		e.At, e.Offset = r.Now().UTC(), r.offset
		r.logs.Add(e)
	}
}

// logItems adds an event about edits.
func (r *Replica) logItems(kind clientlog.Kind, why string, items ...*item) {
	if r.logs == nil || len(items) == 0 {
		return
	}
	e := clientlog.Event{Kind: kind, Why: why}
	for _, it := range items {
		e.Records = append(e.Records, logged(it))
	}
	if kind == clientlog.Edited {
		e.Seen = items[0].m.Seen
	}
	r.log(e)
}

// logged returns the form of an edit in the log. All its writes have one stamp.
func logged(it *item) clientlog.Record {
	key := it.m.Data.Key()
	rec := clientlog.Record{Table: key.Table, ID: key.ID, Stamp: clientlog.Stamp(it.stamp())}
	for name, w := range it.m.Data.All() {
		f := clientlog.FieldOf(name, w)
		f.Stamp = clientlog.Stamp{}
		if base, ok := it.m.Base[name]; ok {
			saw := clientlog.Stamp(base)
			f.Base = &saw
		}
		rec.Fields = append(rec.Fields, f)
	}
	return rec
}

// logRestamp adds that an edit got another stamp than it had.
func (r *Replica) logRestamp(key record.Key, was, now clock.Stamp) {
	r.log(clientlog.Event{Kind: clientlog.Restamped, Records: []clientlog.Record{
		{Table: key.Table, ID: key.ID, Was: clientlog.Stamp(was), Stamp: clientlog.Stamp(now)},
	}})
}

// logAnswer adds the answer to a batch.
func (r *Replica) logAnswer(batch []*item, replies []merge.Reply) {
	if r.logs == nil {
		return
	}
	e := clientlog.Event{Kind: clientlog.Answered}
	for i, reply := range replies {
		rec := logged(batch[i])
		rec.Verdict, rec.Code = reply.Verdict, reply.Code
		for k := range rec.Fields {
			f := &rec.Fields[k]
			said := reply.Fields[f.Name]
			f.Outcome, f.Lost, f.Value, f.Base = said.Outcome, said.Lost, nil, nil
			if other, ok := otherOf(said); ok {
				f.Other = clientlog.Stamp(other)
			}
		}
		e.Records = append(e.Records, rec)
	}
	r.log(e)
}

// logChunk adds a chunk before it is applied, with the writes that it changes.
func (r *Replica) logChunk(c *chunk) {
	if r.logs == nil {
		return
	}
	e := clientlog.Event{Kind: clientlog.Received, Why: c.why(), Seen: c.trailer.Seen, More: c.trailer.More}
	for _, it := range c.items {
		before := record.New(it.Mutation.Data.Key())
		if h := r.find(before.Key()); h != nil {
			before = h.confirmed
		}
		if rec := loggedChange(before, it.Mutation.Data); len(rec.Fields) > 0 {
			e.Records = append(e.Records, rec)
		}
	}
	r.log(e)
}

// logShown adds the records that are displayed differently now.
func (r *Replica) logShown(changed []*held) {
	if r.logs == nil || len(changed) == 0 {
		return
	}
	e := clientlog.Event{Kind: clientlog.Shown}
	for _, h := range changed {
		if rec := loggedChange(h.before.Record, r.shown(h)); len(rec.Fields) > 0 {
			e.Records = append(e.Records, rec)
		}
	}
	if len(e.Records) > 0 {
		r.log(e)
	}
}

// loggedChange returns the fields in which two states of a record differ. A field that is no longer
// there has no stamp.
func loggedChange(before, now record.Record) clientlog.Record {
	key := now.Key()
	rec := clientlog.Record{Table: key.Table, ID: key.ID}
	for _, name := range eitherNames(before, now) {
		was, _ := before.Get(name)
		w, there := now.Get(name)
		switch {
		case !there:
			rec.Fields = append(rec.Fields, clientlog.Field{Name: name})
		case was != w:
			rec.Fields = append(rec.Fields, clientlog.FieldOf(name, w))
		}
	}
	return rec
}

// eitherNames returns the names of the fields that one of two records has, sorted.
func eitherNames(a, b record.Record) []string {
	var names []string
	for _, r := range []record.Record{a, b} {
		for name := range r.All() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// logNotice adds what the user is told. Details and values are left out.
func (r *Replica) logNotice(n Notice) {
	if r.logs == nil {
		return
	}
	e := clientlog.Event{Kind: clientlog.Told, Why: string(n.Kind), Code: n.Code, By: n.By, Count: n.Items}
	if n.Key != (record.Key{}) {
		rec := clientlog.Record{Table: n.Key.Table, ID: n.Key.ID}
		for _, name := range n.Fields {
			rec.Fields = append(rec.Fields, clientlog.Field{Name: name, Other: clientlog.Stamp(n.Other)})
		}
		e.Records = append(e.Records, rec)
	}
	r.log(e)
}
