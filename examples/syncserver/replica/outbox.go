package replica

import (
	"errors"
	"maps"
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
//
// The error is ErrNoFields, or a *record.Error: for record.ErrName if a name is not valid, and for
// record.ErrStamp if the Replica has no ID. On error nothing has changed, but for the clock.
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

// Batch returns the first that waits as JSON Lines, and nothing if nothing waits: as many
// items as are permitted and fit into so many bytes, but at least one if any waits. Save all
// edits before it is sent. Answer takes the answer to the Batch that was returned last.
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

// Sent returns how many items Batch returned last, until they are answered.
func (r *Replica) Sent() int { return r.sent }

// NumWaiting returns how many items wait in the outbox.
func (r *Replica) NumWaiting() int { return len(r.outbox) }

// Waiting returns what waits in the outbox, in the order in which it was edited.
func (r *Replica) Waiting() []record.Mutation { return mutations(r.outbox) }

// WaitingFields returns the names of the fields of a record of which a write waits in the
// outbox, sorted.
func (r *Replica) WaitingFields(key record.Key) []string {
	h := r.find(key)
	if h == nil {
		return nil
	}
	return h.waitingFields()
}

// mutations returns what items hold.
func mutations(items []*item) []record.Mutation {
	all := make([]record.Mutation, len(items))
	for i, it := range items {
		all[i] = it.m
	}
	return all
}
