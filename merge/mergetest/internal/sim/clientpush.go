package sim

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// pushClient sends the outbox of a Client.
func (w *world) pushClient(d *device, m schedule.Manner) {
	if d.client.busy {
		return
	}
	if d.client.mustPull { // the server refuses a push that does not know of the restore
		w.pull(d, schedule.Manner{})
	}
	d.client.busy = true
	defer func() { d.client.busy = false }()
	m.Reversed, m.Last, m.Doubled, m.Spelled = false, false, false, false // a Client's batch is sent unchanged
	items := d.collect()
	if len(items) == 0 || w.Breach != nil {
		return
	}
	h, ok := w.send(d, items, m)
	if m.Meanwhile && w.Breach == nil {
		d.meanwhile(items[0])
	}
	if m.Lost {
		w.Count("answer to a client lost")
	} else if ok && w.Breach == nil {
		d.handAnswer(items, h)
	}
	w.auditUnlessUnread(m)
}

// collect reads the outbox of a Client, compares it with the edits, and makes the items invalid that
// the Client was asked to make invalid.
func (d *device) collect() (items []*check.Item) {
	d.client.waiting = d.readOutbox()
	for _, it := range d.client.waiting {
		items = append(items, d.tamper(it))
	}
	return items
}

// readOutbox reads the outbox of a Client, and compares it with the edits.
func (d *device) readOutbox() (items []*check.Item) {
	items = d.decodeOutbox()
	if d.w.Breach != nil {
		return nil
	}
	if d.client.Match(items); d.w.Breach != nil {
		d.w.Tell(d.name+" pushes", listedItems(items))
	}
	return items
}

// decodeOutbox reads the outbox of a Client.
func (d *device) decodeOutbox() (items []*check.Item) {
	text := d.client.Outbox()
	var decoder record.Decoder
	var all []record.Item
	if len(bytes.TrimSpace(text)) > 0 {
		var err error
		if all, err = decoder.Batch(text); err != nil {
			d.w.Broken(law.ClientErrors, "Outbox of %s is not a batch: %v", d.name, err)
			return nil
		}
	}
	raws := split(text)
	for i, it := range all {
		key := it.Mutation.Data.Key()
		id, ok := d.w.IDOf(key)
		if it.Err != nil || !ok {
			d.w.Broken(law.ClientErrors, "Outbox of %s: item %d, key %v: %v", d.name, i, key, it.Err)
			return nil
		}
		items = append(items, check.NewItem(id, it.Mutation))
		items[i].Raw = raws[i] // in the spelling of the Client
	}
	return items
}

// split returns the items of a valid batch, which is an array or JSON Lines, each item in its
// own spelling.
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

func listedItems(items []*check.Item) string {
	var lines []string
	for _, it := range items {
		lines = append(lines, it.Text())
	}
	if len(lines) == 0 {
		return "the outbox is empty"
	}
	return strings.Join(lines, "\n")
}

// tamper makes an item invalid if the Client was asked to write an invalid field.
func (d *device) tamper(it *check.Item) *check.Item {
	v, ok := it.M.Data.Get(check.Flawed)
	bad := strings.Trim(v.Value.JSON(), `"`)
	if !ok || !slices.Contains(d.w.o.Flaws, bad) {
		return it
	}
	var b record.Builder
	rest, err := b.Record(it.M.Data.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, v := range it.M.Data.All() {
			if name != check.Flawed && !d.w.o.Refuses(bad, name) && !yield(name, v) {
				return
			}
		}
	})
	d.w.Must(err)
	bare := check.NewItem(it.ID, record.Mutation{Data: rest})
	spoilt := d.flawed(bare, bad, v.Stamp)
	spoilt.M = it.M
	return spoilt
}

// handAnswer gives a Client the answer to its push.
func (d *device) handAnswer(items []*check.Item, h heard) {
	late := false
	for i, r := range h.replies {
		final := r.Verdict == "accepted" || !r.Retryable && r.Code != merge.TooFarAhead
		late = late || r.Code == merge.TooFarAhead
		if items[i].Left = d.isLeft(items[i]); r.Verdict == "accepted" {
			d.accepted(items[i], r)
		}
		for name, v := range items[i].M.Data.All() {
			x := oracle.Written{FieldKey: oracle.FieldKey{ID: items[i].ID, Field: name}, Write: check.WriteOf(v)}
			switch {
			case check.IsGone(r, name):
				d.client.Gone[x] = true
				d.w.Count("client gone")
			case final && r.Verdict == "refused":
				d.client.Refused[x] = true
				d.w.Count("client refused")
			}
			if final {
				d.client.Drop(x)
			}
		}
	}
	if late {
		d.w.Count("client too far ahead")
		d.client.AllowRestamp()
		d.client.bound = clock.TimestampOf(d.w.Now.Add(d.w.o.MaxAhead)) + clock.Timestamp(time.Millisecond-1)
		d.client.beyond = d.confirmed.Floor()
	}
	if err := d.client.Answer(h.text); err != nil {
		d.client.BrokenCall("Answer", err)
		return
	}
	d.client.busy = false // it may be asked for its outbox again
	d.judgeShown()
}

// interrupted gives a Client the first of several pages, then closes it and opens it again. It
// reports whether that was possible. If so, the pull continues from the cursor that the Client
// now has.
func (d *device) interrupted(p page) bool {
	if d.client == nil || !d.client.reopens() || len(p.parts) < 3 { // the last page is empty
		return false
	}
	if err := d.client.Pulled(p.parts[0].lines, p.parts[0].next); err != nil {
		d.client.BrokenCall("Pulled", err)
		return false
	}
	d.applyPulled(p.lines[:p.parts[0].upto])
	d.reopen()
	d.cursor, d.outdated = d.client.Cursor(), false
	d.w.Count("closed between pages")
	return d.w.Breach == nil
}

// handPulled gives a Client the pages that it pulled. The parameter done is whether nothing is left to
// pull.
func (d *device) handPulled(p page, done bool) {
	for _, part := range p.parts {
		if err := d.client.Pulled(part.lines, part.next); err != nil {
			d.client.BrokenCall("Pulled", err)
			return
		}
	}
	if done {
		d.mustSendAgain()
	}
	d.judgeShown()
}
