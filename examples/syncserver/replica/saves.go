package replica

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Entry is one entry of the device's storage, which maps keys to texts. Keys sort in the
// order of what they name. An empty value says that the entry is to be removed.
//
// The key "state" is that of the clock and the cursor. Keys that begin with "outbox/" hold
// edits that wait, "record/" what is confirmed, and "why/" why it is so. Only what waits
// cannot be pulled again.
type Entry struct{ Key, Value string }

// stateKey is the key of the state.
const stateKey = "state"

// The other keys begin with these. Names hold no U+0000, so it can part them.
const (
	outboxPrefix = "outbox/"
	recordPrefix = "record/"
	whyPrefix    = "why/"
	separator    = "\x00"
)

// numberWidth is how many digits the number of an item has, so that keys sort.
const numberWidth = 20

// state is what is saved besides records and outbox. The offset is not: the clock may be right
// by the next start, and if not, the server says so again.
type state struct {
	Last   lastTime       `json:"last,omitzero"`
	Cursor string         `json:"cursor"`
	Client clock.ClientID `json:"client,omitzero"` // that the rest was saved as
}

// lastTime is where the clock was. One that is beyond what may be used is taken for the end of
// what may be.
type lastTime struct{ clock.Timestamp }

// UnmarshalText reads the text of a Timestamp.
func (t *lastTime) UnmarshalText(text []byte) error {
	err := t.Timestamp.UnmarshalText(text)
	if errors.Is(err, clock.ErrRange) {
		t.Timestamp, err = endless, nil
	}
	return err
}

// unsaved is what TakeSaves has to return.
type unsaved struct {
	state bool
	items map[uint64]*item // nil for one that left the outbox, and is in the storage
	held  []*held
}

// record notes that what is confirmed of a record changed, and perhaps its whys.
func (u *unsaved) record(h *held) {
	if !h.stale {
		h.stale = true
		u.held = append(u.held, h)
	}
}

// TakeSaves returns what has to be written since it was called last, sorted by key. Write
// all of it in one transaction, and before anything is sent.
func (r *Replica) TakeSaves() []Entry {
	entries := make([]Entry, 0, 1+len(r.unsaved.items)+len(r.unsaved.held))
	if r.unsaved.state {
		entries = append(entries, Entry{stateKey, text(state{lastTime{r.clock.Last()}, r.cursor, cmp.Or(r.id, r.savedAs)})})
	}
	var buf []byte
	for number, it := range r.unsaved.items {
		buf = buf[:0]
		if it != nil {
			buf = it.m.AppendJSON(buf)
			r.stored[number] = true
		} else {
			delete(r.stored, number)
		}
		entries = append(entries, Entry{fmt.Sprintf("%s%0*d", outboxPrefix, numberWidth, number), string(buf)})
	}
	for _, h := range r.unsaved.held {
		if buf = buf[:0]; h.confirmed.Len() > 0 {
			buf = h.confirmed.AppendJSON(buf)
		}
		entries = appendEntry(entries, Entry{recordPrefix + keyText(h.key), string(buf)}, &h.stored)
		if h.whyStale {
			entries = appendEntry(entries, Entry{whyPrefix + keyText(h.key), whysText(h.whys)}, &h.whyStored)
		}
		h.stale, h.whyStale = false, false
	}
	r.unsaved = unsaved{items: make(map[uint64]*item)}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return entries
}

// appendEntry adds an entry. To remove one that is not in the storage, there is nothing to do.
func appendEntry(entries []Entry, e Entry, stored *bool) []Entry {
	if e.Value == "" && !*stored {
		return entries
	}
	*stored = e.Value != ""
	return append(entries, e)
}

// unsave notes that an item has left the outbox.
func (r *Replica) unsave(it *item) {
	if r.stored[it.number] {
		r.unsaved.items[it.number] = nil
	} else {
		delete(r.unsaved.items, it.number)
	}
}

func keyText(key record.Key) string { return key.Table + separator + key.ID }

// text returns the JSON of a value.
func text(v any) string {
	b, _ := json.Marshal(v) // what this package hands to it always has a form
	return string(b)
}
