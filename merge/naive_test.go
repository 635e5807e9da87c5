package merge_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The naive implementation, for comparison: a program without this library would use maps of
// maps.
type (
	naiveField struct {
		Value     any       `json:"value"`
		UpdatedAt time.Time `json:"updatedAt"`
		ClientID  string    `json:"clientId"`
	}
	naiveRecord = map[string]naiveField
	naiveState  = map[string]naiveRecord
)

func (f naiveField) beats(g naiveField) bool {
	if !f.UpdatedAt.Equal(g.UpdatedAt) {
		return f.UpdatedAt.After(g.UpdatedAt)
	}
	return f.ClientID > g.ClientID
}

// naiveJoin returns a new state and leaves a and b as they are.
func naiveJoin(a, b naiveState) naiveState {
	out := make(naiveState, len(a))
	for id, r := range a {
		out[id] = naiveJoinRecord(r, b[id])
	}
	for id, r := range b {
		if _, ok := a[id]; !ok {
			out[id] = naiveJoinRecord(r, nil)
		}
	}
	return out
}

func naiveJoinRecord(a, b naiveRecord) naiveRecord {
	out := make(naiveRecord, len(a))
	for name, f := range a {
		out[name] = f
	}
	for name, f := range b {
		if current, ok := out[name]; !ok || f.beats(current) {
			out[name] = f
		}
	}
	return out
}

// naiveWrite changes s in place.
func naiveWrite(s naiveState, id, name string, f naiveField) {
	r := s[id]
	if r == nil {
		r = make(naiveRecord)
		s[id] = r
	}
	if current, ok := r[name]; !ok || f.beats(current) {
		r[name] = f
	}
}

// replica turns the writes of a world into the data structures of both implementations. As
// in a server that reads its own data, repeated strings share memory within one replica, and
// two replicas share nothing.
type replica struct {
	w       *world
	strings map[string]string
	values  map[string]record.Value
	clients []clock.ClientID
}

func newReplica(w *world) *replica {
	r := &replica{w, map[string]string{}, map[string]record.Value{}, nil}
	for _, id := range w.clients {
		r.clients = append(r.clients, clock.MustParseClientID(id))
	}
	return r
}

func (r *replica) shared(s string) string {
	if _, ok := r.strings[s]; !ok {
		r.strings[s] = strings.Clone(s)
	}
	return r.strings[s]
}

func (r *replica) key(e write) record.Key {
	return record.Key{Table: "tasks", ID: r.shared(r.w.ids[e.record])}
}

func (r *replica) value(v any) record.Value {
	s, ok := v.(string)
	if !ok {
		return record.MustOf(v)
	}
	if _, ok := r.values[s]; !ok {
		r.values[s] = record.MustOf(s)
	}
	return r.values[s]
}

func (r *replica) ours(e write) record.FieldValue {
	at := clock.TimestampOf(time.UnixMilli(e.ms))
	return record.FieldValue{Value: r.value(e.value), Stamp: clock.Stamp{Time: at, Client: r.clients[e.client]}}
}

func (r *replica) naive(e write) naiveField {
	v := e.value
	if s, ok := v.(string); ok {
		v = r.shared(s)
	}
	return naiveField{v, time.UnixMilli(e.ms).UTC(), r.shared(r.w.clients[e.client])}
}

// collection returns writes, which are sorted by record, as a Collection.
func (r *replica) collection(writes []write) merge.Collection {
	var b record.Builder
	var records []record.Record
	for len(writes) > 0 {
		n := slices.IndexFunc(writes, func(e write) bool { return e.record != writes[0].record })
		if n < 0 {
			n = len(writes)
		}
		made, err := b.Record(r.key(writes[0]), func(yield func(string, record.FieldValue) bool) {
			for _, e := range writes[:n] {
				yield(taskFields[e.field], r.ours(e))
			}
		})
		if err != nil {
			panic(err)
		}
		records, writes = append(records, made), writes[n:]
	}
	return merge.Collect(records...)
}

func (r *replica) state(writes []write) naiveState {
	s := make(naiveState)
	for _, e := range writes {
		id := r.shared(r.w.ids[e.record])
		if s[id] == nil {
			s[id] = make(naiveRecord)
		}
		s[id][taskFields[e.field]] = r.naive(e)
	}
	return s
}

// fingerprint is a SHA-256 over one line for each field. It is the same for every correct
// implementation of the rule.
type fingerprint [sha256.Size]byte

func (f fingerprint) String() string { return fmt.Sprintf("%x", f[:8]) }

func fingerprintOf(c merge.Collection) fingerprint {
	var text []byte
	for r := range c.All() {
		for name, w := range r.All() {
			text = appendLine(text, r.Key().ID, name, w.Value.Any())
			text = fmt.Appendf(text, "%d\t%s\n", w.Stamp.Time.Millis(), w.Stamp.Client)
		}
	}
	return sha256.Sum256(text)
}

func naiveFingerprint(s naiveState) fingerprint {
	var text []byte
	for _, id := range slices.Sorted(maps.Keys(s)) {
		for _, name := range slices.Sorted(maps.Keys(s[id])) {
			f := s[id][name]
			text = appendLine(text, id, name, f.Value)
			text = fmt.Appendf(text, "%d\t%s\n", f.UpdatedAt.UnixMilli(), f.ClientID)
		}
	}
	return sha256.Sum256(text)
}

func appendLine(text []byte, id, name string, value any) []byte {
	text = append(append(append(append(text, id...), '\t'), name...), '\t')
	switch v := value.(type) {
	case bool:
		text = append(text, "b0"...)
		if v {
			text[len(text)-1] = '1'
		}
	case string:
		text = append(append(text, 's'), v...)
	case int64:
		text = strconv.AppendInt(append(text, 'n'), v, 10)
	case float64:
		text = strconv.AppendFloat(append(text, 'n'), v, 'f', -1, 64)
	}
	return append(text, '\t')
}
