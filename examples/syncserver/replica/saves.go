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

// Entry is one entry of the device's storage, which maps keys to texts. Keys sort in the order of
// the things that they name. An empty value means that the entry must be removed.
//
// The key "state" holds the clock and the cursor. Keys that begin with "outbox/" hold waiting
// edits, those with "record/" hold confirmed records, and those with "why/" hold the Whys of
// their fields. Only waiting edits cannot be pulled again.
type Entry struct{ Key, Value string }

// stateKey is the key of the entry that holds a state.
const stateKey = "state"

// The other keys begin with these prefixes. Names contain no U+0000, so it can separate a table
// from an ID.
const (
	outboxPrefix = "outbox/"
	recordPrefix = "record/"
	whyPrefix    = "why/"
	separator    = "\x00"
)

// numberWidth is the number of digits of an item's number in a key, fixed so that keys sort.
const numberWidth = 20

// state is saved in addition to records and outbox. The offset is not saved: the clock may be right
// at the next start, and if it is not, the server's next answer shows that again.
type state struct {
	Last   lastTime       `json:"last,omitzero"`
	Cursor string         `json:"cursor"`
	Client clock.ClientID `json:"client,omitzero"` // the client that saved the rest
}

// lastTime is the greatest time that the clock has issued or followed. A time above the usable range
// is read as the end of that range.
type lastTime struct{ clock.Timestamp }

// UnmarshalText reads the text of a Timestamp.
func (t *lastTime) UnmarshalText(text []byte) error {
	err := t.Timestamp.UnmarshalText(text)
	if errors.Is(err, clock.ErrRange) {
		t.Timestamp, err = endless, nil
	}
	return err
}

// unsaved is what TakeSaves will return.
type unsaved struct {
	state bool
	items map[uint64]*item // nil for an item that left the outbox and is in the storage
	held  []*held
}

// record marks the confirmed part of a record and its Whys as unsaved.
func (u *unsaved) record(h *held) {
	if !h.stale {
		h.stale = true
		u.held = append(u.held, h)
	}
}

// TakeSaves returns the entries to write since the last call, sorted by key. Write all of them in
// one transaction, before anything is sent.
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

// appendEntry adds an entry. An entry that is not in the storage need not be removed.
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
	b, _ := json.Marshal(v) // the values of this package always have a JSON form
	return string(b)
}
