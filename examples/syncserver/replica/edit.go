package replica

import (
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/record"
)

// ErrNoFields is the error of Edit for an edit that writes no field.
var ErrNoFields = errors.New("replica: the edit has no fields")

// Edit writes some fields of a record as one mutation, based on the record as shown. A Deletion
// deletes a field. Set record.DeletedField to true to delete the record, and to false to restore
// it.
//
// A field whose stamp lies too far in the future can be edited: the edit waits, and a Notice of
// kind FutureStamp reports it.
//
// The error is ErrNoFields, or a *record.Error: for record.ErrName if a name is invalid, and for
// record.ErrStamp if the Replica has no ID. On error, the Replica is unchanged except for its
// clock.
func (r *Replica) Edit(key record.Key, fields map[string]record.Value) error {
	return r.EditSeen(key, fields, nil)
}

// EditSeen is Edit for a user who was shown something older: while the user was typing, a pull
// brought another value that the draft hides. For each edited field, seen holds the stamp that was
// shown when the typing began, or the zero Stamp if the field had no value. If a field is missing
// from seen, the user has seen the value that is shown now. Without EditSeen, overwriting a value
// that the user has not seen would go unreported.
func (r *Replica) EditSeen(key record.Key, fields map[string]record.Value, seen map[string]clock.Stamp) error {
	if len(fields) == 0 {
		return ErrNoFields
	}
	if err := key.Check(); err != nil {
		return err
	}
	shown := r.Shown(key)
	stamp, future := r.stampAbove(shown, fields)
	edit := shown.Edit(stamp)
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
	for name, base := range m.Base {
		if stamp, ok := seen[name]; ok {
			m.Base[name] = stamp
		} else if base.Time > clock.MaxTimestamp {
			r.lowerBase(m, name)
		}
	}
	m.Seen = r.seen
	waits := len(future) > 0
	future = slices.DeleteFunc(future, func(name string) bool {
		w := r.findOrAdd(key).tops[name]
		return w != nil && w.it.told
	})
	if stamp.Time > r.clock.Last() {
		r.ahead[stamp.Time] = true
	}
	it := r.enqueue(m)
	r.logItems(clientlog.Edited, "", it)
	r.noticeFuture(it, future)
	it.told = waits // also if this edit has replaced the one that the user was told about
	return nil
}

// lowerBase replaces a base that every server would refuse. The new base is the base of the write
// that waits in the field. If no write waits there, the server's own clock issued the refused base,
// and the mutation gets no base for the field.
func (r *Replica) lowerBase(m record.Mutation, name string) {
	if w := r.find(m.Data.Key()).tops[name]; w != nil {
		if base, ok := w.it.m.Base[name]; ok {
			m.Base[name] = base
			return
		}
	}
	delete(m.Base, name)
}

// stampAbove returns a stamp for an edit of some fields. If some of these fields have a stamp that
// the clock must not follow, the edit gets the next stamp above those, and the result "future"
// names these fields. The stamp of a waiting edit is not issued again: of two edits that share a
// stamp and are sent one after the other, the server would take the second for a retry.
func (r *Replica) stampAbove(shown record.Record, fields map[string]record.Value) (s clock.Stamp, future []string) {
	limit := r.limit()
	var seen, beyond clock.Timestamp
	for name := range fields {
		switch v, _ := shown.Get(name); {
		case v.Stamp.Time > max(limit, r.clock.Last()):
			beyond = max(beyond, v.Stamp.Time)
			future = append(future, name)
		default:
			seen = max(seen, v.Stamp.Time)
		}
	}
	slices.Sort(future)
	r.observe(seen)
	s = r.nextStamp()
	if beyond < s.Time {
		return s, future
	}
	for s.Time = beyond + 1; r.ahead[s.Time]; {
		s.Time++
	}
	return s, future
}

// nextStamp returns the next stamp of the clock that no waiting edit has.
func (r *Replica) nextStamp() clock.Stamp {
	at := r.clock.Now()
	for r.ahead[at] {
		at = r.clock.Now()
	}
	return clock.Stamp{Time: at, Client: r.id}
}
