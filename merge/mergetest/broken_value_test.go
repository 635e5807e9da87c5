package mergetest

import (
	"encoding/json"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// text returns a backend that changes the strings that it stores.
func text(as func(string) string) newBackend {
	return with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
		var s string
		if v.Deleted() || json.Unmarshal([]byte(v.Value.JSON()), &s) != nil || v.Value.JSON() == "null" {
			return v
		}
		quoted, _ := json.Marshal(as(s))
		v.Value, _ = record.ParseValue(quoted)
		return v
	})})
}

// byHTML compares values at equal stamps as encoding/json writes them, with HTML escapes.
func byHTML(old, in record.FieldValue) bool {
	if old.Stamp != in.Stamp || old.Deleted() || in.Deleted() {
		return rightly(old, in)
	}
	html := func(v record.FieldValue) string {
		text, _ := json.Marshal(json.RawMessage(v.Value.JSON()))
		return string(text)
	}
	return html(in) > html(old)
}

// cached writes whole records, some from a cache that is older than the last push.
type cached struct {
	*memory
	rows map[record.Key]row
}

func newCached(env *Env) (Backend, error) {
	return over(func(m *memory) Backend { return &cached{m, map[record.Key]row{}} })(env)
}

func (s *cached) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, err := s.engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	answer, err := s.memory.Push(client, batch)
	for _, it := range items {
		key := it.Mutation.Data.Key()
		old, ok := s.rows[key]
		if now := s.disk.rows[key]; ok && err == nil && now.Len() == old.Len()+1 {
			s.disk.put(older(old.Record, now.Record)) // one field is new: the others are written from the cache
		} else if !ok {
			s.rows[key] = now
		}
	}
	return answer, err
}

// older returns the fields of old, and the fields that only the newer record has.
func older(old, now record.Record) record.Record {
	fields := map[string]record.FieldValue{}
	for name, v := range now.All() {
		fields[name] = v
	}
	for name, v := range old.All() {
		fields[name] = v
	}
	return check.RecordOf(now.Key(), fields)
}

// brokenValues returns backends that change unusual values, or compare or store them wrongly.
func brokenValues() []broken {
	return []broken{
		{"strings are trimmed", text(strings.TrimSpace), []law.Law{law.Exact, law.Stamp}},
		{"strings are cut", text(func(s string) string { return s[:min(len(s), 255)] }), []law.Law{law.Exact, law.Stamp}},
		{"values compared with HTML escapes", with(quirks{wins: byHTML}), []law.Law{law.Value}},
		{"an older copy overwrites the record", newCached, []law.Law{law.Stays, law.Later}},
	}
}
