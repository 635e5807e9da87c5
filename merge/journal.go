package merge

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// AppendJournal appends what Apply was called with, and the Digest of what it
// answered, to dst as one line of JSON, without the line feed. A server writes one
// line for each push, in the order of its transactions. The line holds all values that
// were pushed, and those that were there before.
func (e *Engine) AppendJournal(dst []byte, in Input, a Answer) []byte {
	line := entryJSON{
		Wall: &in.Wall, Actor: in.Actor, AnyClient: in.AnyClient,
		Marks: marksOf(in.Marks), Current: in.currentJSON(), Items: e.itemsJSON(in, a),
		Answer: a.Digest().String(),
	}
	if e.MaxAhead != 0 {
		line.MaxAhead = e.MaxAhead.String()
	}
	if keys := e.Keys(in); !slices.Equal(keys, in.Keys) {
		line.Keys = keysJSON(in.Keys)
	}
	return appendJSON(dst, line)
}

// appendJSON appends x in the form that encoding/json gives it, with HTML as it is.
// What this package hands to it always has one.
func appendJSON(dst []byte, x any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(x)
	return append(dst, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// itemsJSON returns the items. What was refused before Apply could decide about it, or
// by a guard, is marked as refused, so that replaying needs no guard.
func (e *Engine) itemsJSON(in Input, a Answer) []json.RawMessage {
	g := newGate(&Engine{MaxAhead: e.MaxAhead}, &in)
	all := make([]json.RawMessage, len(in.Items))
	for i := range in.Items {
		text := in.Items[i].Mutation.AppendJSON(nil)
		if given := a.Results[i].Refusal; given != nil && !g.finds(&in.Items[i], given) {
			text = append(text[:len(text)-1], `,"refused":`...)
			text = append(appendJSON(text, refusalJSON{given.Code, given.Path, given.Retryable, given.ServerTime, given.detail()}), '}')
		}
		all[i] = text
	}
	return all
}

// finds reports whether Apply comes to the given refusal by itself, without a guard.
func (g gate) finds(item *record.Item, given *Refusal) bool {
	if item.Err != nil || item.Mutation.Data.Key().Check() != nil {
		return false
	}
	r := g.admit(item)
	if r == nil {
		return given.Code == NotLoaded
	}
	return r.Code == given.Code
}

// currentJSON returns the stored records that were looked up, as far as there are any.
func (in *Input) currentJSON() []json.RawMessage {
	all := []json.RawMessage{}
	for _, key := range in.Keys {
		if r, ok := in.Current.Get(key); ok {
			all = append(all, record.Mutation{Data: r}.AppendJSON(nil))
		}
	}
	return all
}

// marksOf returns the marks that can be of a client.
func marksOf(marks []clock.Stamp) []markJSON {
	all := []markJSON{}
	for _, s := range marks {
		if !s.Client.IsZero() {
			all = append(all, markJSON{s.Time, s.Client})
		}
	}
	return all
}

// Digest returns a fingerprint of all that the Answer says: the results as JSON, the
// decisions with both values, the updates, the marks and the greatest time. Equal
// answers have equal digests, on every platform.
func (a Answer) Digest() Digest {
	text := append(a.AppendJSON(nil), '\n')
	for d := range a.Decisions() {
		text = append(d.Before.AppendJSON(text), '\n')
		text = append(d.Incoming.AppendJSON(text), '\n')
	}
	for _, u := range a.Updates {
		text = append(record.Mutation{Data: u.Before}.AppendJSON(text), '\n')
		text = append(record.Mutation{Data: u.After}.AppendJSON(text), '\n')
	}
	for _, mark := range a.Marks {
		text = append(append(text, mark.String()...), '\n')
	}
	text, _ = a.Greatest.AppendText(text)
	return sha256.Sum256(text)
}
