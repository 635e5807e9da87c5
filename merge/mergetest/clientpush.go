package mergetest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// pushClient sends what waits in a Client.
func (w *world) pushClient(d *device, m schedule.Manner) {
	if d.client.busy {
		return
	}
	d.client.busy = true
	defer func() { d.client.busy = false }()
	m.Reversed, m.Last, m.Doubled, m.Spelled = false, false, false, false // what a Client sends stays as it is
	items := d.collect()
	if len(items) == 0 || w.breach != nil {
		return
	}
	h, ok := w.send(d, items, m)
	if m.Meanwhile && w.breach == nil {
		d.meanwhile(items[0])
	}
	if m.Lost {
		w.count("answer to a client lost")
	} else if ok && w.breach == nil {
		d.handAnswer(items, h)
	}
	w.look(m)
}

// collect takes the outbox of a Client, and compares it with what was edited.
func (d *device) collect() (items []*item) {
	text := d.client.Outbox()
	var decoder record.Decoder
	var all []record.Item
	if len(bytes.TrimSpace(text)) > 0 {
		var err error
		if all, err = decoder.Batch(text); err != nil {
			d.w.broken(law.ClientErrors, "Outbox of %s is no batch: %v", d.name, err)
			return nil
		}
	}
	raws := split(text)
	for i, it := range all {
		key := it.Mutation.Data.Key()
		id, ok := d.w.idOf(key)
		if it.Err != nil || !ok {
			d.w.broken(law.ClientErrors, "Outbox of %s: item %d, of %v: %v", d.name, i, key, it.Err)
			return nil
		}
		items = append(items, newItem(id, it.Mutation))
		items[i].raw = raws[i] // spelled as the Client spells it
	}
	if d.client.match(items); d.w.breach != nil {
		d.w.tell(d.name+" pushes", listedItems(items))
	}
	for i, it := range items {
		items[i] = d.tamper(it)
	}
	return items
}

// split returns the items of a batch that was decoded, an array or JSON Lines, as they are
// spelled.
func split(text []byte) (raws []json.RawMessage) {
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '[' && json.Unmarshal(text, &raws) == nil {
		return raws
	}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			return raws
		}
		raws = append(raws, raw)
	}
}

func listedItems(items []*item) string {
	var lines []string
	for _, it := range items {
		lines = append(lines, it.brief())
	}
	if len(lines) == 0 {
		return "the outbox is empty"
	}
	return strings.Join(lines, "\n")
}

// tamper spoils an item that is to be refused.
func (d *device) tamper(it *item) *item {
	v, ok := it.m.Data.Get(flawed)
	bad := strings.Trim(v.Value.JSON(), `"`)
	if !ok || !slices.Contains(d.w.o.Flaws, bad) {
		return it
	}
	var b record.Builder
	rest, err := b.Record(it.m.Data.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, v := range it.m.Data.All() {
			if name != flawed && !d.w.o.refuses(bad, name) && !yield(name, v) {
				return
			}
		}
	})
	d.w.must(err)
	bare := newItem(it.id, record.Mutation{Data: rest})
	spoilt := d.flawed(bare, bad, v.Stamp)
	spoilt.m = it.m
	return spoilt
}

// handAnswer lets a Client hear the answer to what it sent.
func (d *device) handAnswer(items []*item, h heard) {
	late := false
	for i, r := range h.replies {
		final := r.Verdict == "accepted" || !r.Retryable && r.Code != merge.TooFarAhead
		late = late || r.Code == merge.TooFarAhead
		for name, v := range items[i].m.Data.All() {
			x := oracle.Written{FieldKey: oracle.FieldKey{ID: items[i].id, Field: name}, Write: writeOf(v)}
			switch {
			case r.Verdict == "accepted":
				d.confirm(items[i].id, name, v)
			case final:
				d.client.refused[x] = true
				d.w.count("client refused")
			}
			if final {
				d.client.drop(x)
			}
		}
	}
	if late {
		d.w.count("client too far ahead")
		d.client.allowRestamp()
	}
	if err := d.client.Answer(h.text); err != nil {
		d.w.broken(law.ClientErrors, "Answer by %s: %v", d.name, err)
		return
	}
	d.client.judgeShown(d.confirmed)
}

// interrupted gives a Client the first page of several, closes it, and opens it again. It reports
// whether that is possible, and then the Client pulls on from where it says.
func (d *device) interrupted(p page) bool {
	if d.client == nil || !d.client.reopens() || len(p.parts) < 3 { // the last one is empty
		return false
	}
	if err := d.client.Pulled(p.parts[0].lines, p.parts[0].next); err != nil {
		d.w.broken(law.ClientErrors, "Pulled by %s: %v", d.name, err)
		return false
	}
	d.take(p.records[:p.parts[0].upto])
	d.reopen()
	d.cursor = d.client.Cursor()
	d.w.count("closed between pages")
	return d.w.breach == nil
}

// handPulled gives a Client what it pulled.
func (d *device) handPulled(p page) {
	for _, part := range p.parts {
		if err := d.client.Pulled(part.lines, part.next); err != nil {
			d.w.broken(law.ClientErrors, "Pulled by %s: %v", d.name, err)
			return
		}
	}
	d.client.judgeShown(d.confirmed)
}
