package replica

import (
	"encoding/json"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// savedWhys is the saved form of a record's Whys: one record holds the Before of each field, and
// another the Incoming.
type savedWhys struct {
	Before   json.RawMessage       `json:"before"`
	Incoming json.RawMessage       `json:"incoming"`
	Seen     map[string]merge.Seen `json:"seen,omitempty"`
	Unknown  map[string]bool       `json:"unknown,omitempty"` // the fields whose Why has BeforeUnknown
}

// whysText returns the value of the entry for a record's Whys, or "" if there are none.
func whysText(whys map[string]Why) string {
	if len(whys) == 0 {
		return ""
	}
	before, incoming := make(map[string]record.FieldValue), make(map[string]record.FieldValue)
	s := savedWhys{Seen: make(map[string]merge.Seen), Unknown: make(map[string]bool)}
	for name, w := range whys {
		before[name], incoming[name] = w.Before, w.Incoming
		if w.Seen != merge.SeenUnknown {
			s.Seen[name] = w.Seen
		}
		if w.BeforeUnknown {
			s.Unknown[name] = true
		}
	}
	s.Before, s.Incoming = json.RawMessage(text(before)), json.RawMessage(text(incoming))
	return text(s)
}

// parseWhys parses the result of whysText.
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
