package replica

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Entry is one entry of the device's storage, which maps keys to texts. Keys sort in the order of
// the things that they name. An empty value means that the entry must be removed.
//
// The key "state" holds the clock, the cursor and the fence. Keys that begin with "outbox/" hold
// waiting edits, those with "accepted/" hold accepted edits that were not pulled yet, those with
// "again/" hold edits that may have to be sent again because the server was restored from a backup,
// those with "record/" hold confirmed records, and those with "why/" hold the Whys of their fields.
// Only waiting edits, and edits to be sent again, cannot be pulled again.
type Entry struct{ Key, Value string }

// stateKey is the key of the entry that holds a state.
const stateKey = "state"

// The other keys begin with these prefixes. Names contain no U+0000, so it can separate a table
// from an ID.
const (
	outboxPrefix   = "outbox/"
	acceptedPrefix = "accepted/"
	againPrefix    = "again/"
	recordPrefix   = "record/"
	whyPrefix      = "why/"
	separator      = "\x00"
)

// numberWidth is the number of digits of an item's number in a key, fixed so that keys sort.
const numberWidth = 20

// state is saved in addition to records and outbox. The offset is not saved: the clock may be right
// at the next start, and if it is not, the server's next answer shows that again.
type state struct {
	Last    lastTime        `json:"last,omitzero"`
	Cursor  string          `json:"cursor"`
	Chunks  bool            `json:"chunks,omitempty"`  // whether the cursor is from a trailer; earlier versions had a number
	Loading bool            `json:"loading,omitempty"` // whether a reset is not settled
	Buckets []string        `json:"buckets,omitzero"`  // nil for the one bucket ""
	Fence   clock.Timestamp `json:"fence,omitzero"`
	Level   int             `json:"level,omitempty"`
	Clock   clock.Timestamp `json:"clock,omitzero"`  // of the last trailer
	Seen    record.Seen     `json:"seen,omitzero"`   // of the last trailer
	Client  clock.ClientID  `json:"client,omitzero"` // the client that saved the rest

	User     string `json:"user,omitempty"`     // for whom it was saved
	Answered uint64 `json:"answered,omitempty"` // the last item that was answered
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
	entries := make([]Entry, 0, 1+len(r.entries.outbox.unsaved)+len(r.entries.accepted.unsaved)+len(r.unsaved.held))
	if r.unsaved.state {
		entries = append(entries, Entry{stateKey, text(state{
			Last: lastTime{r.clock.Last()}, Cursor: r.cursor, Chunks: r.chunked, Loading: r.loading, Buckets: r.buckets, Answered: r.answered,
			Fence: r.fence, Level: r.level, Clock: r.floor, Seen: r.seen, Client: cmp.Or(r.id, r.savedAs), User: r.user,
		})})
	}
	for _, kind := range r.entries.kinds() {
		entries = kind.take(entries)
	}
	var buf []byte
	for _, h := range r.unsaved.held {
		buf = h.appendConfirmed(buf[:0])
		entries = appendEntry(entries, Entry{recordPrefix + keyText(h.key), string(buf)}, &h.stored)
		if h.whyStale {
			entries = appendEntry(entries, Entry{whyPrefix + keyText(h.key), whysText(h.whys)}, &h.whyStored)
		}
		h.stale, h.whyStale = false, false
		r.release(h)
	}
	r.unsaved = unsaved{}
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

// The entry for a record is the record, or, if there is more to save about it, an object whose last member
// is the record. No write of a field has the form of the other members:
//
//	{"created":"2026-03-02T14:02:01Z","in":["project/42"],"record":{…}}
const (
	createdPrefix = `{"created":`
	inPrefix      = `{"in":[`
	inInfix       = `,"in":`
	recordInfix   = `,"record":`
)

// appendConfirmed appends the value of the entry for the confirmed record, which is empty if the
// record has no fields.
func (h *held) appendConfirmed(dst []byte) []byte {
	in := h.in != nil && h.confirmed.Len() > 0
	switch {
	case h.created > 0:
		dst = fmt.Appendf(dst, "%s%q", createdPrefix, h.created)
		if in {
			dst = append(append(dst, inInfix...), text(h.in)...)
		}
	case in:
		dst = append(append(dst, inPrefix[:len(inPrefix)-1]...), text(h.in)...)
	case h.confirmed.Len() > 0:
		return h.confirmed.AppendJSON(dst)
	default:
		return dst
	}
	return append(h.confirmed.AppendJSON(append(dst, recordInfix...)), '}')
}

// wrapped is the value of the entry for a record.
type wrapped struct {
	fields  string // the JSON of the record
	created clock.Timestamp
	in      []string
}

// unwrap reads the value of the entry for a record.
func (r *Replica) unwrap(value string) (wrapped, error) {
	rest, isCreated := strings.CutPrefix(value, createdPrefix)
	isCreated = isCreated && !strings.HasPrefix(rest, "{")
	if !isCreated && !strings.HasPrefix(value, inPrefix) {
		return wrapped{fields: value}, nil
	}
	return r.unwrapObject(value)
}

// unwrapObject does it for an object. An earlier version wrote true instead of the time of the creation, so
// the time is not known.
func (r *Replica) unwrapObject(value string) (w wrapped, err error) {
	head, rest, _ := strings.Cut(value, recordInfix) // JSON texts have no plain quotation marks
	fields, ended := strings.CutSuffix(rest, "}")
	if !ended {
		return w, io.ErrUnexpectedEOF
	}
	var members struct {
		Created json.RawMessage `json:"created"`
		In      json.RawMessage `json:"in"`
	}
	if err = json.Unmarshal([]byte(head+"}"), &members); err != nil {
		return w, err
	}
	w.fields = fields
	if members.Created != nil && string(members.Created) != "true" {
		err = json.Unmarshal(members.Created, &w.created)
	}
	if err == nil && members.In != nil {
		w.in, err = r.share(members.In)
	}
	return w, err
}

func keyText(key record.Key) string { return key.Table + separator + key.ID }

// text returns the JSON of a value.
func text(v any) string {
	b, _ := json.Marshal(v) // the values of this package always have a JSON form
	return string(b)
}
