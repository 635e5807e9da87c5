package merge

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Entry is one line of a journal, read back: everything that an Answer depended on,
// so that
//
//	entry.Engine.Apply(entry.Input).Digest() == entry.Answer
//
// on any machine, whatever the Guard was: what it refused is kept as refused.
type Entry struct {
	// Engine has the settings that matter to Apply, and no Guard.
	Engine Engine
	// Input is what was applied. Of the records that Current had, it has those that
	// the items name.
	Input Input
	// Answer is the Digest of the Answer that was given.
	Answer Digest
}

// AppendJournal appends what Apply was called with, and the Digest of what it
// answered, to dst as one line of JSON, without the line feed. The journal of a
// server is these lines in the order of its transactions. It holds all values that
// were pushed, and those that were there before.
func (e *Engine) AppendJournal(dst []byte, in Input, a Answer) []byte {
	dst = in.Wall.UTC().AppendFormat(append(dst, `{"wall":"`...), time.RFC3339Nano)
	dst = append(dst, '"')
	if !in.Actor.IsZero() {
		dst, _ = in.Actor.AppendText(append(dst, `,"actor":"`...))
		dst = append(dst, '"')
	}
	if in.AnyClient {
		dst = append(dst, `,"anyClient":true`...)
	}
	if e.MaxAhead != 0 {
		dst = append(append(append(dst, `,"maxAhead":"`...), e.MaxAhead.String()...), '"')
	}
	dst = appendList(append(dst, `,"marks":`...), in.marksOfClients(), appendMark)
	dst = appendList(append(dst, `,"current":`...), in.currentOf(e.Keys(in)), func(dst []byte, r record.Record) []byte {
		return record.Mutation{Data: r}.AppendJSON(dst)
	})
	g := newGate(&Engine{MaxAhead: e.MaxAhead}, &in)
	i := -1
	dst = appendList(append(dst, `,"items":`...), in.Items, func(dst []byte, item record.Item) []byte {
		i++
		dst = item.Mutation.AppendJSON(dst)
		if given := a.Results[i].Refusal; given != nil && !g.finds(&item, given) {
			dst = append(dst[:len(dst)-1], `,"refused":{`...)
			dst = append(given.append(dst, true), `}}`...)
		}
		return dst
	})
	return append(append(append(dst, `,"answer":"`...), a.Digest().String()...), `"}`...)
}

// finds reports whether the gate comes to the given refusal by itself.
func (g gate) finds(item *record.Item, given *Refusal) bool {
	if item.Err != nil || item.Mutation.Data.Key().Check() != nil {
		return false
	}
	r := g.admit(item)
	return r != nil && r.Code == given.Code
}

// currentOf returns the stored records of the given keys, as far as there are any.
func (in *Input) currentOf(keys []record.Key) []record.Record {
	var found []record.Record
	for _, key := range keys {
		if r, ok := in.Current.Get(key); ok {
			found = append(found, r)
		}
	}
	return found
}

// marksOfClients returns the marks that can be of a client.
func (in *Input) marksOfClients() []clock.Stamp {
	return slices.DeleteFunc(slices.Clone(in.Marks), func(s clock.Stamp) bool { return s.Client.IsZero() })
}

// appendList appends a JSON array.
func appendList[T any](dst []byte, list []T, add func([]byte, T) []byte) []byte {
	dst = append(dst, '[')
	for i, x := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = add(dst, x)
	}
	return append(dst, ']')
}

// appendMark appends a mark, whose time may be zero: that is null.
func appendMark(dst []byte, mark clock.Stamp) []byte {
	if !mark.Time.IsZero() {
		return appendStamp(dst, mark)
	}
	dst, _ = mark.Client.AppendText(append(dst, `{"updatedAt":null,"clientId":"`...))
	return append(dst, `"}`...)
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
		text = append(appendMark(text, mark), '\n')
	}
	text, _ = a.Greatest.AppendText(text)
	return sha256.Sum256(text)
}
