package replica

import (
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// ErrNoFields is what Edit returns for an edit that writes nothing.
var ErrNoFields = errors.New("replica: an edit without fields")

// item is a mutation that waits in the outbox. Numbers ascend.
type item struct {
	number uint64
	m      record.Mutation
}

// Edit writes some fields of a record at once, as one mutation upon what is shown. A Deletion
// deletes a field; record.DeletedField is true to delete the record, and false to restore it.
// On error nothing has changed, but for the clock.
func (r *Replica) Edit(key record.Key, fields map[string]record.Value) error {
	return r.EditSeen(key, fields, nil)
}

// EditSeen is Edit for a user who was shown something older: who has typed for a while, and
// meanwhile a pull brought another value, which the user's own draft covers. Seen has, for
// the fields that are edited, the stamp of what was shown when that began, or the zero Stamp
// for nothing. A field that is not there was seen as it is shown now. Without it, that the
// user overwrites what nobody has read would be told to nobody.
func (r *Replica) EditSeen(key record.Key, fields map[string]record.Value, seen map[string]clock.Stamp) error {
	if len(fields) == 0 {
		return ErrNoFields
	}
	if err := key.Check(); err != nil {
		return err
	}
	edit := r.Shown(key).Edit(r.stamp())
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch v := fields[name]; {
		case name == record.DeletedField && v == record.Bool(true):
			edit.DeleteRecord()
		case name == record.DeletedField && v == record.Bool(false):
			edit.RestoreRecord()
		default:
			edit.Set(name, v)
		}
	}
	m, err := edit.Mutation()
	if err != nil {
		return err
	}
	for name := range m.Base {
		if stamp, ok := seen[name]; ok {
			m.Base[name] = stamp
		}
	}
	r.put(m)
	return nil
}

// put puts a mutation into the outbox.
func (r *Replica) put(m record.Mutation) {
	it := &item{number: 1, m: m}
	if n := len(r.outbox); n > 0 {
		it.number = r.outbox[n-1].number + 1
	}
	h := r.touch(m.Data.Key())
	h.waiting = append(h.waiting, it)
	r.outbox = append(r.outbox, it)
	r.unsaved.items[it.number] = it
	r.unsaved.state = true // with the clock's last stamp, so that it is not given again
}

// Outbox returns all that waits as JSON Lines, and nothing if nothing waits.
func (r *Replica) Outbox() []byte { return r.Batch(math.MaxInt, math.MaxInt) }

// Batch returns the first that waits as JSON Lines: as many items as are permitted and fit
// into so many bytes, but at least one if any waits. Save all edits before it is sent.
func (r *Replica) Batch(items, size int) []byte {
	var lines []byte
	r.sent = 0
	for _, it := range r.outbox[:min(max(items, 1), len(r.outbox))] {
		n := len(lines)
		lines = append(it.m.AppendJSON(lines), '\n')
		if r.sent > 0 && len(lines) > size {
			return lines[:n]
		}
		r.sent++
	}
	return lines
}

// Sent returns how many items Batch or Outbox returned last, until they are answered.
func (r *Replica) Sent() int { return r.sent }

// Len returns how many items wait in the outbox.
func (r *Replica) Len() int { return len(r.outbox) }

// Waiting returns what waits in the outbox, in the order in which it was edited.
func (r *Replica) Waiting() []record.Mutation {
	waiting := make([]record.Mutation, len(r.outbox))
	for i, it := range r.outbox {
		waiting[i] = it.m
	}
	return waiting
}

// Waits reports whether a write of a field waits in the outbox.
func (r *Replica) Waits(key record.Key, field string) bool {
	h := r.find(key)
	return h != nil && slices.ContainsFunc(h.waiting, func(it *item) bool {
		_, ok := it.m.Data.Get(field)
		return ok
	})
}
