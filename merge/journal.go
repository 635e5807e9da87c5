package merge

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// AppendJournal appends what Apply was called with, and the Digest of what it
// answered, to dst as one line of JSON, without the line feed. A server writes one
// line for each push, in the order of its transactions. The line holds all values that
// were pushed, and those that were there before.
func (e *Engine) AppendJournal(dst []byte, in Input, a Answer) []byte {
	wall := plainTime(in.Wall)
	head := headJSON{Wall: &wall, Actor: in.Actor, AnyClient: in.AnyClient, Marks: []markJSON{}, Keys: []keyJSON{}, Answer: a.Digest().String()}
	if e.MaxAhead != 0 {
		head.MaxAhead = e.MaxAhead.String()
	}
	for _, s := range plainMarks(in.Marks) {
		head.Marks = append(head.Marks, markJSON{s.Time, s.Client})
	}
	for _, key := range in.Keys {
		head.Keys = append(head.Keys, keyJSON{key.Table, key.ID})
	}
	dst = appendJSON(dst, head)
	dst = append(dst[:len(dst)-1], `,"current":[`...)
	dst = in.appendCurrent(dst)
	dst = append(dst, `],"items":[`...)
	dst = e.appendItems(dst, in, a)
	return append(dst, `]}`...)
}

// appendJSON appends x in the form that encoding/json gives it, with HTML as it is.
func appendJSON(dst []byte, x any) []byte {
	out := bytes.NewBuffer(dst)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	// What this package hands to it always has a form.
	_ = e.Encode(x)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// appendCurrent appends the stored records that were looked up, as far as there are
// any.
func (in *Input) appendCurrent(dst []byte) []byte {
	comma := ""
	for _, key := range in.Keys {
		if r, ok := in.Current.Get(key); ok {
			dst = record.Mutation{Data: r}.AppendJSON(append(dst, comma...))
			comma = ","
		}
	}
	return dst
}

// appendItems appends the items. A refusal that does not follow from the rest of the
// line, such as one by a guard, of a malformed item, or because a record or the storage
// is full, is put next to its item, so that replaying needs no guard and no limits.
func (e *Engine) appendItems(dst []byte, in Input, a Answer) []byte {
	g := newGate(&Engine{MaxAhead: e.MaxAhead}, &in)
	keys := newLoaded(in.Keys)
	for i, item := range in.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		m, r := item.Mutation, a.Results[i].Refusal
		if r != nil && r.Code == Invalid { // it may be what no decoder reads
			key := m.Data.Key()
			m = record.Mutation{Data: m.Data.WithKey(record.Key{Table: valid(key.Table), ID: valid(key.ID)})}
		}
		dst = m.AppendJSON(dst)
		if r != nil && !g.finds(item, keys, r) {
			dst = append(dst[:len(dst)-1], `,"refused":`...)
			dst = append(appendJSON(dst, r.wire()), '}')
		}
	}
	return dst
}

// finds reports whether Apply comes to a refusal by what is in the line, without a
// guard.
func (g gate) finds(item record.Item, keys loaded, r *Refusal) bool {
	if item.Err != nil || r.Code == Invalid {
		return false
	}
	found := g.refusal(&item, keys)
	return found != nil && found.wire() == r.wire()
}

// Digest returns a fingerprint of all that the Answer says: the results as JSON, the
// decisions with both values and with what their authors had seen, the updates, the
// marks and the greatest time. Equal answers have equal digests, on every platform.
func (a Answer) Digest() Digest {
	h := sha256.New()
	var text []byte
	write := func(part []byte) {
		h.Write(append(part, '\n'))
		text = part[:0]
	}
	for reply := range a.Replies() {
		write(appendJSON(text, reply))
	}
	for d := range a.Decisions() {
		write(append(d.Incoming.AppendJSON(d.Before.AppendJSON(text)), byte('0'+d.Seen)))
	}
	for _, u := range a.Updates {
		write(record.Mutation{Data: u.Before}.AppendJSON(text))
		write(record.Mutation{Data: u.After}.AppendJSON(text))
	}
	for _, mark := range a.Marks {
		write(append(text, mark.String()...))
	}
	write(append(text, a.Greatest.String()...))
	return Digest(h.Sum(nil))
}

// The forms that an Entry has in JSON, as far as this package has no decoder for
// them. Current and items follow the head, as lists of mutations.
type (
	headJSON struct {
		Wall      *time.Time     `json:"wall"`
		Actor     clock.ClientID `json:"actor,omitzero"`
		AnyClient bool           `json:"anyClient,omitempty"`
		MaxAhead  string         `json:"maxAhead,omitempty"`
		Marks     []markJSON     `json:"marks"`
		Keys      []keyJSON      `json:"keys"`
		Answer    string         `json:"answer"`
	}
	entryJSON struct {
		headJSON
		Current []json.RawMessage `json:"current"`
		Items   []json.RawMessage `json:"items"`
	}
	markJSON struct {
		UpdatedAt clock.Timestamp `json:"updatedAt,omitzero"`
		ClientID  clock.ClientID  `json:"clientId"`
	}
	keyJSON struct {
		Table string `json:"table"`
		ID    string `json:"id"`
	}
	itemJSON struct {
		Table   string          `json:"table"`
		ID      string          `json:"id"`
		Data    json.RawMessage `json:"data"`
		Refused *refusalJSON    `json:"refused"`
	}
	refusalJSON struct {
		Code       Code            `json:"code"`
		Path       string          `json:"path,omitempty"`
		Retryable  bool            `json:"retryable,omitempty"`
		ServerTime clock.Timestamp `json:"serverTime,omitzero"`
		Detail     string          `json:"detail,omitempty"`
	}
)
