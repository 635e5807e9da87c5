package mergetest

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
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

// replaces drops the other fields of a record when one is pushed.
func replaces(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	for other := range fields {
		if other != record.DeletedField {
			delete(fields, other)
		}
	}
	fields[name] = v
}

// absentDeletion does not store the deletion of a field that does not exist.
func absentDeletion(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if _, ok := fields[name]; ok || !v.Deleted() {
		fields[name] = v
	}
}

// hardDelete drops all fields of a record when it is deleted.
func hardDelete(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if name == record.DeletedField && v.Value == record.Bool(true) {
		clear(fields)
	}
	fields[name] = v
}

// deadRecords drops writes of deleted records.
func deadRecords(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if fields[record.DeletedField].Value != record.Bool(true) || name == record.DeletedField {
		fields[name] = v
	}
}

// brokenDeletions returns backends that lose deletions, fields or records.
func brokenDeletions() []broken {
	null := func(_ string, v record.FieldValue) bool { return v.Value == record.Value{} }
	unknown := func(name string, _ record.FieldValue) bool { return name == "tag/É" }
	tombstone := func(_ string, v record.FieldValue) bool { return v.Deleted() }
	restored := func(name string, v record.FieldValue) bool {
		return name == record.DeletedField && v.Value == record.Bool(false)
	}
	return []broken{
		{"tombstones dropped", with(quirks{stores: storesWithout(tombstone)}), []law.Law{law.Tombstone}},
		{"deletion of an absent field dropped", with(quirks{stores: absentDeletion}), []law.Law{law.Tombstone}},
		{"unknown fields dropped", with(quirks{stores: storesWithout(unknown)}), []law.Law{law.Names, law.Vanish, law.Tombstone}},
		{"null becomes absent", with(quirks{stores: storesWithout(null)}), []law.Law{law.Four}},
		{"restores dropped", with(quirks{stores: storesWithout(restored)}), []law.Law{law.Revive, law.Vanish}},
		{"record revived by a newer field", with(quirks{stores: revives}), []law.Law{law.Stays, law.Revive, law.Vanish}},
		{"record revived by the server's own write", with(quirks{stores: revivesByFalse}), []law.Law{law.Revive, law.Stamp}},
		{"record replaced by the pushed field", with(quirks{stores: replaces}), []law.Law{law.Stays, law.Vanish, law.Tombstone, law.Four}},
		{"deletion of a record drops its fields", with(quirks{stores: hardDelete}), []law.Law{law.Vanish, law.Tombstone, law.Four, law.Later, law.Stays}},
		{"writes of deleted records dropped", with(quirks{stores: deadRecords}), []law.Law{law.Vanish, law.Later, law.Tombstone, law.Counter, law.Four}},
	}
}
