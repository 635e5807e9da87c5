package violation

import (
	"sort"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// findByKey returns the record of a key among records that are sorted by key.
func findByKey(sorted []record.Record, key record.Key) (record.Record, bool) {
	i, ok := sort.Find(len(sorted), func(i int) int { return key.Compare(sorted[i].Key()) })
	if !ok {
		return record.Record{}, false
	}
	return sorted[i], true
}

// textIn returns the text in a field of a row, or "".
func textIn(row record.Record, field string) string {
	w, _ := row.Get(field)
	s, _ := w.Value.Text()
	return s
}

// textOf returns the text that a field holds, and "" if it holds none. What is neither
// is unreadable: a text that was encrypted, or has a newer form.
func textOf(w record.FieldValue) (string, error) {
	text, ok := w.Value.Text()
	if !ok && !w.IsZero() && !w.Deleted() && w.Value.Kind() != record.KindNull {
		return "", ErrUnknown
	}
	return text, nil
}

// stampOf returns the greatest stamp of the named fields of a record, or of all if none
// is named, as in Finding.Fields.
func stampOf(r record.Record, fields []string) (newest clock.Stamp) {
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

// joinParts returns one text for several names, which hold no U+0000. Such texts sort
// as the names do, one after the other.
func joinParts(parts ...string) string { return strings.Join(parts, "\x00") }
