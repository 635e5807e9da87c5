package merge

import (
	"encoding/json"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// AppendJournal appends the push, the state that it was applied to, and the Digest of the
// answer to dst as one line of JSON, without the line feed. A server writes one line for each
// push, in the order of its transactions. The line contains all pushed values and the values
// that were stored before. It does not contain the data of items that were refused as Gone, which
// would bring erased and purged values back, nor of items that were accepted without outcomes, see
// Stored.MayRead. It replays without the functions of Stored. ParseJournalLine reads the line. Pass the Stored and
// the Answer of the same call of Apply, or the line does not replay to its digest.
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
		Wall: &wall, Actor: p.request.Actor, AnyClient: p.request.AnyClient, Whole: p.request.WholeItems,
		Imports: p.request.Imports, Fence: max(s.Fence, 0), Level: s.Level,
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

// appendItems appends the items of the push and their refusals. A refusal that does not follow
// from the rest of the line is stored with its item, so that a replay needs no guard and no
// limits. The reason for such a refusal is the guard, a malformed item, a full record, full
// storage, a right that the actor lacks, or that the item is gone.
func (p *Push) appendItems(dst []byte, a Answer) []byte {
	for i, item := range p.request.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		m, r := item.Mutation, (*Refusal)(nil)
		if i < len(a.Results) {
			r = a.Results[i].Refusal
		}
		key := m.Data.Key()
		switch {
		case r == nil:
			if i < len(a.Results) && len(a.Results[i].Fields) == 0 && m.Data.Len() > 0 {
				m = record.Mutation{Data: record.New(key)} // the actor may not read the record
			}
		case r.Code == Invalid: // a decoder may be unable to read the item
			m = record.Mutation{Data: m.Data.WithKey(record.Key{Table: valid(key.Table), ID: valid(key.ID)})}
		case r.Code == Gone:
			m = record.Mutation{Data: record.New(key)}
		}
		dst = m.AppendJSON(dst)
		if v := p.verdicts[i]; r != nil && (v.refusal == nil || !v.derived) {
			dst = append(dst[:len(dst)-1], `,"refused":`...)
			dst = append(appendJSON(dst, r.wire()), '}')
		}
	}
	return dst
}

// The JSON forms of the parts of a line that record.Decoder does not read. Current and items
// follow the head, as lists of mutations.
type (
	headJSON struct {
		Wall      *time.Time       `json:"wall"`
		Actor     clock.ClientID   `json:"actor,omitzero"`
		AnyClient bool             `json:"anyClient,omitempty"`
		Whole     bool             `json:"wholeItems,omitempty"`
		Imports   []clock.ClientID `json:"imports,omitempty"`
		MaxAhead  string           `json:"maxAhead,omitempty"`
		Fence     clock.Timestamp  `json:"fence,omitzero"`
		Level     int              `json:"level,omitempty"`
		Marks     []stampJSON      `json:"marks"`
		Keys      []keyJSON        `json:"keys"`
		Erased    []keyJSON        `json:"erased,omitempty"`
		Answer    string           `json:"answer"`
	}
	lineJSON struct {
		headJSON
		Current []json.RawMessage `json:"current"`
		Items   []json.RawMessage `json:"items"`
	}
	// stampJSON is a stamp whose time may be zero. The time of a StampReply is never zero, and
	// its form is part of digests, so StampReply cannot be used here.
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
