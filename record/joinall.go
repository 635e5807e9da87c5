package record

import "sort"

// JoinAll returns the join of two sets of records: all records of both, with records of the
// same key joined. Each set is sorted by key and has one record per key. The inputs are not
// changed. If y adds nothing, the result is x itself and nothing is allocated, so do not
// modify the result.
//
// Use JoinAll if you read records in the order of their keys, for example from a database,
// and join many sets with one Builder, which then shares lists of names among them all. For a
// Collection, whose type guarantees the order, merge.Join does the same. Both slices must be
// sorted; JoinAll does not check that.
func (b *Builder) JoinAll(x, y []Record) []Record {
	if len(x) == 0 {
		return y
	}
	var out []Record // nil as long as the result equals x
	var joined Record
	i, done := 0, 0 // how many records of x have been passed, and how many of them are already in out
	for j := range y {
		r := &y[j]
		found := i < len(x) && x[i].key == r.key
		if !found {
			i = seek(x, i, r.key)
			found = i < len(x) && x[i].key == r.key
		}
		next := i // the position in x after the record with this key
		if found {
			next++
			joined = x[i]
			if !b.join(&joined, r) {
				i = next
				continue
			}
			r = &joined
		}
		if out == nil {
			out = make([]Record, 0, len(x))
		}
		out = append(append(out, x[done:i]...), *r)
		i, done = next, next
	}
	if out == nil {
		return x
	}
	return append(out, x[done:]...)
}

// seek returns the position of the first record, from i on, whose key is not less than key. It
// doubles its steps from i, then does a binary search within the last step: sets that are
// joined are usually alike, so the position is near, but one set may be much smaller than the
// other.
func seek(records []Record, i int, key Key) int {
	less := func(i int) bool { return records[i].key.Compare(key) < 0 }
	if i >= len(records) || !less(i) {
		return i
	}
	step := 1
	for i+step < len(records) && less(i+step) {
		i += step
		step *= 2
	}
	// The position is in (i, i+step].
	n := min(step, len(records)-i)
	return i + 1 + sort.Search(n-1, func(k int) bool { return !less(i + 1 + k) })
}
