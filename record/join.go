package record

import "slices"

// Join returns the join of x and y: for every field, the greater write by FieldValue.Compare.
// It is commutative, associative and idempotent, and a record without fields changes nothing,
// so records can be joined in any number, in any order, and more than once. Joining fails
// only for records with different keys, with ErrKeyMismatch.
//
// It also reports whether the result differs from x. If y adds nothing, the result is x
// itself, and nothing is allocated.
func (b *Builder) Join(x, y Record) (joined Record, changed bool, err error) {
	if x.key != y.key {
		return x, false, newError(ErrKeyMismatch)
	}
	changed = b.join(&x, &y)
	return x, changed, nil
}

// join joins y, which has the same key, to x, and reports whether that changes x.
func (b *Builder) join(x, y *Record) (changed bool) {
	switch {
	case len(y.writes) == 0:
		return false
	case len(x.writes) == 0:
		*x = *y
		return true
	case b.sameNames(x.names, y.names):
		return b.joinAlike(x, y)
	}
	return b.joinUnlike(x, y)
}

// sameNames reports whether two lists hold the same names.
func (b *Builder) sameNames(x, y *names) bool {
	if x == y || b.alike == [2]*names{x, y} {
		return true
	}
	if !slices.Equal(x.list, y.list) {
		return false
	}
	b.alike = [2]*names{x, y}
	return true
}

// joinAlike joins records that have the same names.
func (b *Builder) joinAlike(x, y *Record) (changed bool) {
	m := making{text: b.scratch[:0]}
	for i, to := differing(x, y); i < to; i++ {
		if y.beats(i, x, i) {
			m.replace(x, i, y, i)
		}
	}
	return b.rest(&m, x)
}

// differing returns a range of positions outside which the writes of x and y are the same.
// Both records must have the same names. Two records that are joined usually differ in few
// writes, and their texts are compared quickly: all before the range in one step, and all
// after it in another.
//
// For example, x holds 1, 2 and 3 in its fields a, b and c, so its text is "123". In y, b is
// 77, so the text is "1773". From the front, a has the same stamp and end in both, and the
// text up to there is "1" in both, so from = 1. From the back, the text of y is longer by one
// byte; c has the same stamp and begins at 3 instead of 2, one byte later, and the text from
// there is "3" in both, so to = 2. Only b remains to be compared.
func differing(x, y *Record) (from, to int) {
	to = len(x.writes)
	others := y.writes[:to]
	for from < to && x.writes[from] == others[from] {
		from++
	}
	if n := x.start(from); x.text[:n] != y.text[:n] {
		return 0, to
	}
	longer := len(y.text) - len(x.text)
	for to > from && x.writes[to-1].stamp == others[to-1].stamp && x.start(to-1)+longer == y.start(to-1) {
		to--
	}
	if n := x.start(to); x.text[n:] != y.text[n+longer:] {
		to = len(x.writes)
	}
	return from, to
}

// joinUnlike joins records whose names differ. It replaces single writes of x until it
// comes to a name of y that x lacks. Then it starts again with the union of the names.
func (b *Builder) joinUnlike(x, y *Record) (changed bool) {
	m := making{text: b.scratch[:0]}
	i := 0
	for j, name := range y.names.list {
		for i < len(x.writes) && x.names.list[i] != name {
			i++
		}
		if i == len(x.writes) {
			b.joinUnion(x, y)
			return true
		}
		if y.beats(j, x, i) {
			m.replace(x, i, y, j)
		}
	}
	return b.rest(&m, x)
}

// joinUnion joins records where y has names that x lacks. It merges the two sorted lists in
// one pass. For example, x has a=1 and c=1, and y has b=2 and a newer c=2:
//
//	name   inX    inY    taken
//	a      true   false  x: a=1
//	b      false  true   y: b=2
//	c      true   true   y: c=2, because it beats the write of x
func (b *Builder) joinUnion(x, y *Record) {
	all := b.unite(x.names, y.names)
	m := making{make([]write, len(all.list)), b.scratch[:0], 0}
	i, j := 0, 0
	for k, name := range all.list {
		inX := i < len(x.writes) && x.names.list[i] == name
		inY := j < len(y.writes) && y.names.list[j] == name
		if inX && (!inY || !y.beats(j, x, i)) {
			m.put(k, x, i)
		} else {
			m.put(k, y, j)
		}
		if inX {
			i++
		}
		if inY {
			j++
		}
	}
	b.finish(&m, x)
	x.names = all
}

// unite returns the union of two lists of names.
func (b *Builder) unite(x, y *names) *names {
	if b.unionOf != [2]*names{x, y} {
		b.unionOf, b.union = [2]*names{x, y}, union(x, y)
	}
	return b.union
}

// beats reports whether the write at position i of y is greater than the write at position j
// of x. It is FieldValue.Compare without the construction of two FieldValues.
func (y *Record) beats(i int, x *Record, j int) bool {
	c := y.writes[i].stamp.Compare(x.writes[j].stamp)
	if c == 0 {
		c = Value{y.value(i)}.Compare(Value{x.value(j)})
	}
	return c > 0
}
