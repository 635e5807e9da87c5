package replica

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// savedWhys is how the whys of a record are saved: two records, of which each field met the
// same field of the other.
type savedWhys struct {
	Before   json.RawMessage       `json:"before"`
	Incoming json.RawMessage       `json:"incoming"`
	Seen     map[string]merge.Seen `json:"seen,omitempty"`
	Unknown  map[string]bool       `json:"unknown,omitempty"`
}

// whysText returns the value of the entry of the whys of a record, and nothing if there are
// none.
func (r *Replica) whysText(h *held) string {
	if len(h.whys) == 0 {
		return ""
	}
	s := savedWhys{Seen: make(map[string]merge.Seen), Unknown: make(map[string]bool)}
	for name, w := range h.whys {
		if w.Seen != merge.SeenUnknown {
			s.Seen[name] = w.Seen
		}
		if w.Unknown {
			s.Unknown[name] = true
		}
	}
	s.Before = r.writes(h, func(w Why) record.FieldValue { return w.Before })
	s.Incoming = r.writes(h, func(w Why) record.FieldValue { return w.Incoming })
	return text(s)
}

// writes returns one write of each why, as a record.
func (r *Replica) writes(h *held, of func(Why) record.FieldValue) json.RawMessage {
	rec, err := r.builder.Record(h.key, iter.Seq2[string, record.FieldValue](func(yield func(string, record.FieldValue) bool) {
		for _, name := range slices.Sorted(maps.Keys(h.whys)) {
			if !yield(name, of(h.whys[name])) {
				return
			}
		}
	}))
	if err != nil {
		panic(err) // they were writes of records before
	}
	return rec.AppendJSON(nil)
}

// parseWhys reads what whysText returned.
func (r *Replica) parseWhys(key record.Key, value string) (map[string]Why, error) {
	var s savedWhys
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		return nil, err
	}
	before, err := r.decoder.Record(key, s.Before)
	if err != nil {
		return nil, err
	}
	incoming, err := r.decoder.Record(key, s.Incoming)
	if err != nil {
		return nil, err
	}
	whys := make(map[string]Why)
	for name, c := range merge.Changes(before, incoming) {
		whys[name] = Why{merge.Decision{Key: key, Field: name, Change: c, Seen: s.Seen[name]}, s.Unknown[name]}
	}
	return whys, nil
}

// text returns the JSON of what always has one.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
