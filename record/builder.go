package record

import (
	"bytes"
	"iter"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// Builder makes records out of fields and out of other records. The records
// that one Builder makes share what they can: lists of field names, and memory
// that is taken in chunks. So a record that is kept for long can hold on to the
// memory of some that were made beside it, some kilobytes at most; what is made
// with a Builder of its own does not.
//
// The zero Builder is ready to use. It must not be used from two goroutines at
// once, nor copied after its first use, but the records it makes may.
type Builder struct {
	memory memory
	table  nameTable
	// unionOf and union are the last two lists of names that were united, and
	// the result: records that are joined one after another are much alike.
	unionOf [2]*names
	union   *names
	// picks, entries and texts are kept for the next call.
	picks   []int
	entries []entry
	texts   []byte
}

// Record returns the record that has the given key and fields. They may come in
// any order, and none twice. The key, the names, the stamps and the kind of
// $deleted are checked; a refused one is returned as an *Error.
func (b *Builder) Record(key Key, fields iter.Seq2[string, FieldValue]) (Record, error) {
	if err := key.Check(); err != nil {
		return Record{}, err
	}
	b.entries, b.texts = b.entries[:0], b.texts[:0]
	for name, w := range fields {
		if err := w.Check(name); err != nil {
			return Record{}, err
		}
		start := len(b.texts)
		b.texts = append(b.texts, name...)
		from := len(b.texts)
		b.texts = append(b.texts, w.Value.text...)
		b.entries = append(b.entries, entry{b.texts[start:from], from, len(b.texts), w.Stamp})
	}
	if err := sortEntries(b.entries); err != nil {
		return Record{}, err
	}
	return b.record(key, b.entries, b.texts), nil
}

// entry is one field of a record that is being made. The text of its Value is a
// part of a longer text.
type entry struct {
	name     []byte
	from, to int
	stamp    clock.Stamp
}

// sortEntries sorts by name and refuses a name that occurs twice.
func sortEntries(entries []entry) error {
	byName := func(a, b entry) int { return bytes.Compare(a.name, b.name) }
	if !slices.IsSortedFunc(entries, byName) {
		slices.SortFunc(entries, byName)
	}
	for i := 1; i < len(entries); i++ {
		if byName(entries[i-1], entries[i]) == 0 {
			return at(pathName(entries[i].name), ErrDuplicate)
		}
	}
	return nil
}

// record returns the record of entries that are checked and sorted.
func (b *Builder) record(key Key, entries []entry, texts []byte) Record {
	if len(entries) == 0 {
		return Record{key: key}
	}
	size := 0
	for i := range entries {
		size += entries[i].to - entries[i].from
	}
	writes := b.memory.writes(len(entries))
	text := b.memory.text(size)
	end := 0
	for i := range entries {
		e := &entries[i]
		end += e.to - e.from
		writes[i] = write{e.stamp, end}
		text.Write(texts[e.from:e.to])
	}
	names := b.table.shared(len(entries), func(i int) []byte { return entries[i].name })
	return Record{key, names, writes, text.cut(size)}
}

// Join returns the join of x and y: of every field the greater write, by
// FieldValue.Compare. It is commutative, associative and idempotent, and a
// record without fields changes nothing, so any number of records can be joined
// in any order, and any of them twice. Joining never fails, except that records
// of two different keys have no join: that is ErrKey.
//
// It also tells whether the result differs from x. Where it does not, because y
// adds nothing, the result is x itself, and nothing is allocated.
func (b *Builder) Join(x, y Record) (joined Record, changed bool, err error) {
	switch {
	case x.key != y.key:
		return x, false, &Error{Offset: -1, Err: ErrKey}
	case len(y.writes) == 0:
		return x, false, nil
	case len(x.writes) == 0:
		return y, true, nil
	}
	all := b.unite(x.names, y.names)
	if all == x.names && len(y.writes) == len(x.writes) {
		changed = !sameWrites(&x, &y) && b.pickAlike(&x, &y)
	} else {
		changed = b.pick(&x, &y, all)
	}
	if !changed {
		return x, false, nil
	}
	return b.assemble(&x, &y, all), true, nil
}

// sameWrites reports whether records that have the same names have the same
// writes. That is the most frequent case of a join, and this its quickest way.
func sameWrites(x, y *Record) bool {
	v := y.writes[:len(x.writes)]
	for i := range x.writes {
		if x.writes[i] != v[i] {
			return false
		}
	}
	return x.text == y.text
}

// unite returns the union of two lists, remembering the last one.
func (b *Builder) unite(x, y *names) *names {
	if x == y {
		return x
	}
	if b.unionOf != [2]*names{x, y} {
		b.unionOf, b.union = [2]*names{x, y}, union(x, y)
	}
	return b.union
}

// pickAlike picks the winners of records that have the same names: for each
// field its position in x, or the complement of its position in y. It reports
// whether any is of y, and picks nothing otherwise.
func (b *Builder) pickAlike(x, y *Record) (changed bool) {
	for i := range x.writes {
		if !y.beats(i, x, i) {
			continue
		}
		if !changed {
			changed = true
			b.picks = inOrder(b.picks, len(x.writes))
		}
		b.picks[i] = ^i
	}
	return changed
}

// inOrder returns 0, 1, 2 and so on up to n-1, in the memory of picks if that
// is enough.
func inOrder(picks []int, n int) []int {
	picks = slices.Grow(picks[:0], n)[:n]
	for i := range picks {
		picks[i] = i
	}
	return picks
}

// pick does the same for any records, all being the names of both together.
func (b *Builder) pick(x, y *Record, all *names) (changed bool) {
	if all == x.names && !y.adds(x) {
		return false
	}
	b.picks = inOrder(b.picks, len(all.list))
	i, j := 0, 0
	for k, name := range all.list {
		inX := i < len(x.writes) && x.names.list[i] == name
		inY := j < len(y.writes) && y.names.list[j] == name
		if inX && (!inY || !y.beats(j, x, i)) {
			b.picks[k] = i
		} else {
			b.picks[k] = ^j
		}
		if inX {
			i++
		}
		if inY {
			j++
		}
	}
	return true
}

// adds reports whether a write of y, whose names x has all, beats that of x.
func (y *Record) adds(x *Record) bool {
	i := 0
	for j, name := range y.names.list {
		for x.names.list[i] != name {
			i++
		}
		if y.beats(j, x, i) {
			return true
		}
	}
	return false
}

// beats reports whether the write at position i of y is greater than the one at
// position j of x, by the rule of FieldValue.Compare. Most are told apart by
// their times, and most of the others are equal.
func (y *Record) beats(i int, x *Record, j int) bool {
	v, w := &y.writes[i].stamp, &x.writes[j].stamp
	if v.Time != w.Time {
		return v.Time > w.Time
	}
	if v.Client != w.Client {
		return v.Client.Compare(w.Client) > 0
	}
	a, b := y.value(i), x.value(j)
	return a != b && Value{a}.Compare(Value{b}) > 0
}

// assemble returns the record of the writes that were picked. Those that lie
// side by side in one of the two records are copied together.
func (b *Builder) assemble(x, y *Record, all *names) Record {
	size := 0
	for k := 0; k < len(b.picks); {
		from, i, n := b.run(k, x, y)
		size += from.writes[i+n-1].end - from.start(i)
		k += n
	}
	writes := b.memory.writes(len(b.picks))
	text := b.memory.text(size)
	end := 0
	for k := 0; k < len(b.picks); {
		from, i, n := b.run(k, x, y)
		copied := from.text[from.start(i):from.writes[i+n-1].end]
		text.WriteString(copied)
		copy(writes[k:], from.writes[i:i+n])
		if moved := end - from.start(i); moved != 0 {
			for w := k; w < k+n; w++ {
				writes[w].end += moved
			}
		}
		end += len(copied)
		k += n
	}
	return Record{x.key, all, writes, text.cut(size)}
}

// run returns where the pick at position k comes from, and how many from there
// on come from positions side by side of the same record.
func (b *Builder) run(k int, x, y *Record) (from *Record, i, n int) {
	first := b.picks[k]
	if first >= 0 {
		for n = 1; k+n < len(b.picks) && b.picks[k+n] == first+n; n++ {
		}
		return x, first, n
	}
	for n = 1; k+n < len(b.picks) && b.picks[k+n] == first-n; n++ {
	}
	return y, ^first, n
}
