package replica

import (
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// view is a record as shown, without its Whys.
type view struct {
	record.Record
	waiting []string
}

// TakeChanged returns the keys of the records whose display has changed since the last call,
// sorted. The display consists of the writes, the set of waiting fields and the Whys.
func (r *Replica) TakeChanged() []record.Key {
	var keys []record.Key
	r.logShown(r.touched)
	for _, h := range r.touched {
		if r.differs(h) {
			keys = append(keys, h.key)
		}
		h.before, h.touched, h.whyChanged = view{}, false, false
		r.release(h)
	}
	r.touched = nil
	slices.SortFunc(keys, record.Key.Compare)
	return keys
}

// touch returns the held state of a record that is about to change.
func (r *Replica) touch(key record.Key) *held {
	h := r.findOrAdd(key)
	if !h.touched {
		h.touched, h.before = true, r.view(h)
		r.touched = append(r.touched, h)
	}
	return h
}

// differs reports whether a touched record is now shown differently.
func (r *Replica) differs(h *held) bool {
	now := r.view(h)
	return h.whyChanged || !now.Equal(h.before.Record) || !slices.Equal(now.waiting, h.before.waiting)
}

func (r *Replica) view(h *held) view { return view{r.shown(h), h.waitingFields()} }
