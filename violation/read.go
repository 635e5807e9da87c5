package violation

import (
	"sort"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// findByKey returns the record with a key from records that are sorted by key.
func findByKey(sorted []record.Record, key record.Key) (record.Record, bool) {
	i, ok := sort.Find(len(sorted), func(i int) int { return key.Compare(sorted[i].Key()) })
	if !ok {
		return record.Record{}, false
	}
	return sorted[i], true
}

// textIn returns the text in a field of a row, or "" if there is none.
func textIn(row record.Record, field string) string {
	w, _ := row.Get(field)
	s, _ := w.Value.Text()
	return s
}

// textOf returns the text that a field holds, and "" if the field is absent, null or deleted.
// Any other value is unreadable: the text may be encrypted, or in a newer form.
func textOf(w record.FieldValue) (string, error) {
	text, ok := w.Value.Text()
	if !ok && !w.IsZero() && !w.Deleted() && w.Value.Kind() != record.KindNull {
		return "", ErrUnknown
	}
	return text, nil
}

// stampOf returns the greatest stamp of the named fields of a record, or of all fields if none
// are named, as in Newest. Tombstones do not count, because they may be purged.
func stampOf(r record.Record, fields []string) (newest clock.Stamp) {
	r = merge.Purge(r, clock.MaxTimestamp, 1)
	if len(fields) == 0 {
		for _, w := range r.All() {
			if w.Stamp.Compare(newest) > 0 {
				newest = w.Stamp
			}
		}
	}
	for _, name := range fields {
		if w, _ := r.Get(name); w.Stamp.Compare(newest) > 0 {
			newest = w.Stamp
		}
	}
	return newest
}

// joinParts joins names that hold no U+0000 into one string. Such strings sort like the lists
// of their names.
func joinParts(parts ...string) string { return strings.Join(parts, "\x00") }
