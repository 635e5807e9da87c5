package mergetest

import (
	"encoding/json"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

func storesAs(change func(v record.FieldValue) record.FieldValue) func(map[string]record.FieldValue, string, record.FieldValue) {
	return func(fields map[string]record.FieldValue, name string, v record.FieldValue) { fields[name] = change(v) }
}

// foldedNames stores two names that differ only in case as one name.
func foldedNames(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	name = strings.NewReplacer("É", "e").Replace(name)
	if old, ok := fields[name]; !ok || rightly(old, v) {
		fields[name] = v
	}
}

func toMicroseconds(v record.FieldValue) record.FieldValue {
	v.Stamp.Time -= v.Stamp.Time % 1000
	return v
}

func throughFloats(batch []byte) []byte {
	var all any
	if json.Unmarshal(batch, &all) != nil {
		return batch
	}
	text, _ := json.Marshal(all)
	return text
}

// instead returns a function that replaces one value with another.
func instead(old, new record.Value) func(record.FieldValue) record.FieldValue {
	return func(v record.FieldValue) record.FieldValue {
		if v.Value == old {
			v.Value = new
		}
		return v
	}
}

// escaped escapes strings for HTML.
func escaped(v record.FieldValue) record.FieldValue {
	if !v.Deleted() {
		v.Value, _ = record.ParseValue([]byte(strings.ReplaceAll(v.Value.JSON(), "<", "&lt;")))
	}
	return v
}

func toMilliseconds(v record.FieldValue) record.FieldValue {
	v.Stamp.Time -= clock.Timestamp(v.Stamp.Time.Counter())
	return v
}

// sevens replaces each write with a later write of the value 7.
func sevens(v record.FieldValue) record.FieldValue {
	return record.FieldValue{Value: record.Int(7), Stamp: clock.Stamp{Time: v.Stamp.Time + 1, Client: v.Stamp.Client}}
}

// stampsRetries restamps a write that is already stored.
func stampsRetries(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if fields[name] == v {
		v.Stamp.Time++
	}
	fields[name] = v
}

// firstClient keeps the ID of the client that wrote a field first.
func firstClient(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if old, ok := fields[name]; ok {
		v.Stamp.Client = old.Stamp.Client
	}
	fields[name] = v
}

// brokenStores returns backends that do not store the written data.
func brokenStores() []broken {
	null, empty := record.Value{}, record.MustOf("")
	notBelow := func(old, in record.FieldValue) bool { return in.Compare(old) >= 0 }
	return []broken{
		{"the counter is dropped", with(quirks{stores: storesAs(toMilliseconds)}), []law.Law{law.Counter}},
		{"stamps are kept in microseconds", with(quirks{stores: storesAs(toMicroseconds)}), []law.Law{law.Counter}},
		{"names are folded", with(quirks{stores: foldedNames}), []law.Law{law.Names}},
		{"null becomes a deletion", with(quirks{stores: storesAs(instead(null, record.Deletion()))}), []law.Law{law.Four}},
		{"the empty string becomes null", with(quirks{stores: storesAs(instead(empty, null))}), []law.Law{law.Four}},
		{"strings are escaped for HTML", with(quirks{stores: storesAs(escaped)}), []law.Law{law.Exact}},
		{"numbers pass through float64", with(quirks{batch: throughFloats}), []law.Law{law.Exact, law.Damaged}},
		{"a retry is restamped", with(quirks{wins: notBelow, stores: stampsRetries}), []law.Law{law.Stamp}},
		{"the server stores a write of its own", with(quirks{stores: storesAs(sevens)}), []law.Law{law.Exact, law.Invented, law.Revive, law.Vanish}},
		{"the client of the first write is kept", with(quirks{stores: firstClient}), []law.Law{law.Invented, law.Stamp}},
	}
}
