package mergetest

import (
	"encoding/json"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

func storesWithout(drop func(name string, v record.FieldValue) bool) func(map[string]record.FieldValue, string, record.FieldValue) {
	return func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
		if drop(name, v) {
			delete(fields, name)
		} else {
			fields[name] = v
		}
	}
}

func storesAs(change func(v record.FieldValue) record.FieldValue) func(map[string]record.FieldValue, string, record.FieldValue) {
	return func(fields map[string]record.FieldValue, name string, v record.FieldValue) { fields[name] = change(v) }
}

func revives(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	fields[name] = v
	if d, ok := fields[record.DeletedField]; ok && name != record.DeletedField && v.Compare(d) > 0 {
		delete(fields, record.DeletedField)
	}
}

func revivesByFalse(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	fields[name] = v
	if d, ok := fields[record.DeletedField]; ok && name != record.DeletedField && v.Compare(d) > 0 {
		fields[record.DeletedField] = record.FieldValue{Value: record.Bool(false), Stamp: v.Stamp}
	}
}

// replaces stores what was pushed in place of the whole record.
func replaces(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	for other := range fields {
		if other != record.DeletedField {
			delete(fields, other)
		}
	}
	fields[name] = v
}

// absentDeletion does not store the deletion of a field that is not there.
func absentDeletion(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if _, ok := fields[name]; ok || !v.Deleted() {
		fields[name] = v
	}
}

// hardDelete drops all fields of a record that is deleted.
func hardDelete(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if name == record.DeletedField && v.Value == record.Bool(true) {
		clear(fields)
	}
	fields[name] = v
}

// deadRecords takes no writes of records that are deleted.
func deadRecords(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if fields[record.DeletedField].Value != record.Bool(true) || name == record.DeletedField {
		fields[name] = v
	}
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

// brokenStores store something else than what was written.
func brokenStores() []broken {
	value := func(json string) record.Value { v, _ := record.ParseValue([]byte(json)); return v }
	return []broken{
		{"counter dropped", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			v.Stamp.Time -= clock.Timestamp(v.Stamp.Time.Counter())
			return v
		})}), []law{lawStamp}},
		{"stamps in microseconds", with(quirks{stores: storesAs(toMicroseconds)}), []law{lawStamp}},
		{"tombstone dropped", with(quirks{stores: storesWithout(func(_ string, v record.FieldValue) bool { return v.Deleted() })}), []law{lawTombstone}},
		{"deletion of what is absent dropped", with(quirks{stores: absentDeletion}), []law{lawTombstone}},
		{"unknown fields dropped", with(quirks{stores: storesWithout(func(name string, _ record.FieldValue) bool { return name == "tag/É" })}), []law{lawVanish, lawTombstone}},
		{"names are folded", with(quirks{stores: foldedNames}), []law{lawVanish, lawInvented, lawTombstone, lawFour, lawStamp, lawExact}},
		{"null is absent", with(quirks{stores: storesWithout(func(_ string, v record.FieldValue) bool { return v.Value == record.Value{} })}), []law{lawFour}},
		{"null is deleted", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			if v.Value == (record.Value{}) {
				v.Value = record.Deletion()
			}
			return v
		})}), []law{lawFour}},
		{"false is absent", with(quirks{stores: storesWithout(func(name string, v record.FieldValue) bool {
			return name == record.DeletedField && v.Value == record.Bool(false)
		})}), []law{lawRevive, lawVanish}},
		{"empty is null", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			if v.Value == value(`""`) {
				v.Value = record.Value{}
			}
			return v
		})}), []law{lawFour}},
		{"escaped for HTML twice", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			if v.Deleted() {
				return v
			}
			v.Value = value(strings.ReplaceAll(v.Value.JSON(), "<", "&lt;"))
			return v
		})}), []law{lawExact}},
		{"through float64", with(quirks{batch: throughFloats}), []law{lawExact}},
		{"record revived by a newer field", with(quirks{stores: revives}), []law{lawStays, lawRevive, lawVanish}},
		{"record revived by a false of its own", with(quirks{stores: revivesByFalse}), []law{lawRevive, lawStamp}},
		{"record replaced", with(quirks{stores: replaces}), []law{lawStays, lawVanish, lawTombstone, lawFour}},
		{"deletion drops the fields", with(quirks{stores: hardDelete}), []law{lawVanish, lawTombstone, lawFour, lawLater, lawStays}},
		{"deleted records take no writes", with(quirks{stores: deadRecords}), []law{lawVanish, lawLater, lawTombstone, lawCounter, lawFour}},
		{"a retry is stamped anew", with(quirks{
			wins: func(old, in record.FieldValue) bool { return in.Compare(old) >= 0 },
			stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
				if fields[name] == v {
					v.Stamp.Time++
				}
				fields[name] = v
			}}), []law{lawStamp}},
		{"a write of its own instead", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			return record.FieldValue{Value: record.Int(7), Stamp: clock.Stamp{Time: v.Stamp.Time + 1, Client: v.Stamp.Client}}
		})}), []law{lawInvented, lawRevive}},
		{"client of the first writer kept", with(quirks{stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
			if old, ok := fields[name]; ok {
				v.Stamp.Client = old.Stamp.Client
			}
			fields[name] = v
		}}), []law{lawInvented, lawStamp}},
	}
}
