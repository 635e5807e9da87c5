package merge

import (
	"encoding/json"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// AppendJournal appends the push, what it was applied to, and the Digest of the answer to
// dst as one line of JSON, without the line feed. A server writes one line for each push,
// in the order of its transactions. The line holds all values that were pushed, and those
// that were there before. ParseJournalLine reads it. Pass the Stored and the Answer of one
// call of Apply: a line of others does not replay to its digest.
func (p *Push) AppendJournal(dst []byte, s Stored, a Answer) []byte {
	dst = appendJSON(dst, p.head(s, a))
	dst = append(dst[:len(dst)-1], `,"current":[`...)
	comma := ""
	for _, r := range s.Records {
		if r.Len() > 0 {
			dst = record.Mutation{Data: r}.AppendJSON(append(dst, comma...))
			comma = ","
		}
	}
	dst = append(dst, `],"items":[`...)
	dst = p.appendItems(dst, a)
	return append(dst, `]}`...)
}

// head returns the members of a line that come before the records.
func (p *Push) head(s Stored, a Answer) headJSON {
	wall := plainTime(p.request.Wall)
	head := headJSON{
		Wall: &wall, Actor: p.request.Actor, AnyClient: p.request.AnyClient,
		Marks: []stampJSON{}, Keys: make([]keyJSON, len(p.keys)), Answer: a.Digest().String(),
	}
	if p.maxAhead != 0 {
		head.MaxAhead = p.maxAhead.String()
	}
	for _, s := range plainWatermarks(s.Watermarks) {
		head.Marks = append(head.Marks, stampJSON{s.Time, s.Client})
	}
	for i, key := range p.keys {
		head.Keys[i] = keyJSON(key)
	}
	return head
}

// appendItems appends the items. A refusal that does not follow from the rest of the
// line, such as one by a guard, of a malformed item, or because a record or the storage
// is full, is put next to its item, so that replaying needs no guard and no limits.
func (p *Push) appendItems(dst []byte, a Answer) []byte {
	for i, item := range p.request.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		m, r := item.Mutation, (*Refusal)(nil)
		if i < len(a.Results) {
			r = a.Results[i].Refusal
		}
		if r != nil && r.Code == Invalid { // it may be what no decoder reads
			key := m.Data.Key()
			m = record.Mutation{Data: m.Data.WithKey(record.Key{Table: valid(key.Table), ID: valid(key.ID)})}
		}
		dst = m.AppendJSON(dst)
		if v := p.verdicts[i]; r != nil && (v.refusal == nil || !v.derived) {
			dst = append(dst[:len(dst)-1], `,"refused":`...)
			dst = append(appendJSON(dst, r.wire()), '}')
		}
	}
	return dst
}

// The forms of a line in JSON for which this package has no decoder. Current and items
// follow the head, as lists of mutations.
type (
	headJSON struct {
		Wall      *time.Time     `json:"wall"`
		Actor     clock.ClientID `json:"actor,omitzero"`
		AnyClient bool           `json:"anyClient,omitempty"`
		MaxAhead  string         `json:"maxAhead,omitempty"`
		Marks     []stampJSON    `json:"marks"`
		Keys      []keyJSON      `json:"keys"`
		Answer    string         `json:"answer"`
	}
	lineJSON struct {
		headJSON
		Current []json.RawMessage `json:"current"`
		Items   []json.RawMessage `json:"items"`
	}
	// stampJSON is a stamp whose time may be zero. A StampReply never is, and its form is
	// part of digests.
	stampJSON struct {
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
)
