package mergetest

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// serverCopy is a backup of the server, and what was known of what is in it.
type serverCopy struct {
	restore func() (Backend, error)
	ledger  *ledger
}

// backUp makes a backup of the server, if that is possible. No Client learns of a restore, so
// with them there is none.
func (w *world) backUp() {
	r, ok := w.backend.(Restorer)
	if !ok || w.o.NewClient != nil {
		return
	}
	restore, err := r.Backup()
	if err != nil {
		w.broken(lawAnswered, "Backup: %v", err)
		return
	}
	w.copy = &serverCopy{restore, w.ledger.clone()}
	w.tell("the server is backed up", "")
}

// restore puts the backup in the place of the server. All devices learn of it, and send what
// they wrote themselves again. They keep the rest, and their cursors.
func (w *world) restore() {
	if w.copy == nil {
		return
	}
	next, err := w.copy.restore()
	if err != nil {
		w.broken(lawAnswered, "restore: %v", err)
		return
	}
	w.backend, w.last.restore = next, w.moment
	w.ledger = w.copy.ledger.clone().without(w.ledger)
	for _, d := range w.devices {
		if d != nil {
			d.renew()
		}
	}
	w.count("server is restored")
	w.tell("the server is restored from its backup", "all devices send what they wrote again")
	w.audit()
}

// renew puts what a device wrote itself, of what is confirmed, into its outbox once more.
func (d *device) renew() {
	var again []*item
	for _, id := range slices.Sorted(maps.Keys(d.confirmed)) {
		var b record.Builder
		mine, err := b.Record(d.w.key(id), func(yield func(string, record.FieldValue) bool) {
			for name, v := range d.confirmed[id] {
				if v.Stamp.Client == d.id && !yield(name, v) {
					return
				}
			}
		})
		d.w.must(err)
		if mine.Len() > 0 {
			again = append(again, newItem(id, record.Mutation{Data: mine}))
		}
	}
	d.outbox = append(again, d.outbox...)
}
