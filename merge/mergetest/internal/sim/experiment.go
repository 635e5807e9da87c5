package sim

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// Some mistakes look like others: a stale pull looks as if another write had won, and a record that
// is stored in place of two looks as if values had been merged. An experiment tells them apart.

// Stale reports whether the greatest write of a field is stored although a pull did not return it.
// It sends the write again. The write counts as stored if that changes nothing and a pull returns
// the write, either at once or within three hours. The parameter who is the name of the puller, and
// f is the write that it found. After this experiment, the run is over.
func (w *world) Stale(k oracle.FieldKey, who string, f oracle.Write, ok bool) bool {
	p := w.Ledger.Histories[k]
	if !p.Some || ok && (p.Writes[f] == nil || p.Writes[f].State == oracle.Refused) {
		return false
	}
	b, sent := w.sending(oracle.Written{FieldKey: k, Write: p.Best})
	if !sent || !w.unchanged(b) {
		return false
	}
	for range 3 {
		if w.returned(k, who) {
			return true
		}
		w.unchanged(b)
		w.Now = w.Now.Add(time.Hour)
	}
	return w.returned(k, who)
}

// WrittenLater reports whether a later pull returns the server's own write, where an earlier pull
// returned f.
func (w *world) WrittenLater(k oracle.FieldKey, f oracle.Write, v record.Value) bool {
	for range 3 {
		w.unchanged(check.Batch{Client: schedule.Stranger()}) // an empty push
		w.Now = w.Now.Add(time.Hour)
		if g := w.Fresh()[k]; g != f && g.Value == v.JSON() {
			return true
		}
	}
	return false
}

// sending returns the item that last carried a write, as a batch.
func (w *world) sending(x oracle.Written) (b check.Batch, ok bool) {
	for _, d := range w.devices {
		if d == nil {
			continue
		}
		for _, b := range slices.Backward(d.batches) {
			for _, it := range b.Items {
				if it.Bad == "" && slices.Contains(it.Writes, x) {
					return check.Batch{Client: b.Client, Items: []*check.Item{it}}, true
				}
			}
		}
	}
	return b, false
}

// unchanged reports whether a batch of one item is accepted and changes nothing.
func (w *world) unchanged(b check.Batch) bool {
	var text []byte
	var err error
	w.serve(&request{Batch: b}, func() { text, err = w.pushTo(b.Client, body(b)) })
	var replies []merge.Reply
	if err != nil || json.Unmarshal(text, &replies) != nil || len(replies) != 1 {
		return false
	}
	return replies[0].Verdict == "accepted" && !replies[0].Changed
}

// returned reports whether a pull now returns the right write of a field. It pulls from the
// beginning, or from the cursor of the device that pulled.
func (w *world) returned(k oracle.FieldKey, who string) bool {
	found := w.Fresh()
	if i := slices.Index(schedule.People(), who); i >= 0 {
		d := w.devices[i]
		p, _ := w.read(&request{pull: d}, d.id, d.cursor)
		d.applyPulled(p.lines)
		found = d.confirmedWrites()
	}
	f, ok := found[k]
	return w.Ledger.Histories[k].Permits(f, ok)
}
