package merge

import (
	"sort"

	"github.com/fieldlww/fieldlww/record"
)

// Records returns the join of two records of one key: of every field the
// greater write. Records of different keys have no join: that is record.ErrKey.
// To join many, use one record.Builder, which shares memory between them.
func Records(a, b record.Record) (record.Record, error) {
	var builder record.Builder
	joined, _, err := builder.Join(a, b)
	return joined, err
}

// Join returns the join of two collections: all records of both, those with the
// same key joined field by field. It is commutative, associative and
// idempotent, so replicas that exchange what they have, in any order and as
// often as they like, end with equal collections. It never fails.
//
// The inputs are left as they are. The result shares with them the records that
// did not change. If b adds nothing, the result is a itself and nothing is
// allocated.
func Join(a, b Collection) Collection {
	if len(a.records) == 0 {
		return b
	}
	var (
		builder record.Builder
		out     []record.Record // nil as long as all is as in a
		done    int             // how many records of a are in out
		i       int
	)
	for _, y := range b.records {
		if i < len(a.records) && a.records[i].Key() != y.Key() {
			i = seek(a.records, i, y.Key())
		}
		joined, found := y, i < len(a.records) && a.records[i].Key() == y.Key()
		if found {
			var changed bool
			if joined, changed, _ = builder.Join(a.records[i], y); !changed {
				i++
				continue
			}
		}
		if out == nil {
			out = make([]record.Record, 0, len(a.records))
		}
		out = append(append(out, a.records[done:i]...), joined)
		if found {
			i++
		}
		done = i
	}
	if out == nil {
		return a
	}
	return Collection{append(out, a.records[done:]...)}
}

// seek returns the position of the first record from i on whose key is not less
// than key. It looks near i first: collections that are joined are mostly alike,
// but a delta may be much smaller than what it is joined to.
func seek(records []record.Record, i int, key record.Key) int {
	less := func(i int) bool { return records[i].Key().Compare(key) < 0 }
	if i >= len(records) || !less(i) {
		return i
	}
	step := 1
	for i+step < len(records) && less(i+step) {
		i += step
		step *= 2
	}
	// The answer is in (i, i+step].
	n := min(step, len(records)-i)
	return i + 1 + sort.Search(n-1, func(k int) bool { return !less(i + 1 + k) })
}
