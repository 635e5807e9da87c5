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

// foldedNames stores names that differ in case only as one.
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

// instead returns a change of what is stored that puts one value in the place of another.
func instead(old, new record.Value) func(record.FieldValue) record.FieldValue {
	return func(v record.FieldValue) record.FieldValue {
		if v.Value == old {
			v.Value = new
		}
		return v
	}
}

// escaped escapes for HTML what is escaped already.
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

// sevens stores a later write of its own.
func sevens(v record.FieldValue) record.FieldValue {
	return record.FieldValue{Value: record.Int(7), Stamp: clock.Stamp{Time: v.Stamp.Time + 1, Client: v.Stamp.Client}}
}

// stampsRetries stamps anew what is stored already.
func stampsRetries(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if fields[name] == v {
		v.Stamp.Time++
	}
	fields[name] = v
}

// firstClient keeps the client that wrote a field first.
func firstClient(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if old, ok := fields[name]; ok {
		v.Stamp.Client = old.Stamp.Client
	}
	fields[name] = v
}

// brokenStores store something else than what was written.
func brokenStores() []broken {
	null, empty := record.Value{}, record.MustOf("")
	notBelow := func(old, in record.FieldValue) bool { return in.Compare(old) >= 0 }
	return []broken{
		{"counter dropped", with(quirks{stores: storesAs(toMilliseconds)}), []law.Law{law.Counter}},
		{"stamps in microseconds", with(quirks{stores: storesAs(toMicroseconds)}), []law.Law{law.Counter}},
		{"names are folded", with(quirks{stores: foldedNames}), []law.Law{law.Names}},
		{"null is deleted", with(quirks{stores: storesAs(instead(null, record.Deletion()))}), []law.Law{law.Four}},
		{"empty is null", with(quirks{stores: storesAs(instead(empty, null))}), []law.Law{law.Four}},
		{"escaped for HTML twice", with(quirks{stores: storesAs(escaped)}), []law.Law{law.Exact}},
		{"through float64", with(quirks{batch: throughFloats}), []law.Law{law.Exact, law.Damaged}},
		{"a retry is restamped", with(quirks{wins: notBelow, stores: stampsRetries}), []law.Law{law.Stamp}},
		{"a write of its own instead", with(quirks{stores: storesAs(sevens)}), []law.Law{law.Exact, law.Invented, law.Revive, law.Vanish}},
		{"client of the first writer kept", with(quirks{stores: firstClient}), []law.Law{law.Invented, law.Stamp}},
	}
}
