package buckets

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Func names the buckets of a record. It must be a pure function of the merged record, which it
// must not change. It may return names in any order and repeat them; names that [Valid] refuses do
// not count. The nil Func puts every record in the one bucket "". No client reads a record that is
// in no bucket.
//
// Call its methods rather than the Func: they know that a purged record is in no bucket.
type Func func(r record.Record) []string

// MaxName is the greatest length of the name of a bucket, in bytes.
const MaxName = 200

// Valid reports whether a name of a bucket is valid UTF-8 without U+0000, and not too long. The
// empty name is valid.
func Valid(name string) bool {
	return len(name) <= MaxName && utf8.ValidString(name) && !strings.Contains(name, "\x00")
}

// Of returns the buckets of a record under a fence, sorted and each once. A record is in no bucket
// if it has no fields, is dead at the fence, or was erased. The caller must not change the slice.
func (f Func) Of(r record.Record, fence clock.Timestamp) []string {
	if r = merge.Purge(r, fence, 2); r.Len() == 0 || r.Erased() {
		return nil
	}
	if f == nil {
		return []string{""}
	}
	names := f(r)
	if len(names) == 1 && Valid(names[0]) {
		return names
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !Valid(name) })
	slices.Sort(names)
	return slices.Compact(names)
}

// Moves returns the buckets that the record of an update is in afterwards, and those that it has
// left. The server writes a row for each, with the sequence of the update. It also writes rows for
// the buckets in which the record stays, because the record has changed there.
func (f Func) Moves(u merge.Update, fence clock.Timestamp) (in, left []string) {
	in = f.Of(u.After, fence)
	for _, name := range f.Of(u.Before, fence) {
		if _, stays := slices.BinarySearch(in, name); !stays {
			left = append(left, name)
		}
	}
	return in, left
}
