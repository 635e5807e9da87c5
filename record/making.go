package record

// making is a record under construction. A join replaces only the writes that change and
// copies each stretch between them in one piece.
//
// For example, x holds 1, 2 and 3 in its fields a, b and c: its text is "123", with the ends
// 1, 2 and 3. A join replaces the write of b with a write of 77:
//
//	after                   text     ends     done
//	replace(x, 1, y, 1)     "177"    1 3 3    2     a kept, b replaced
//	rest(m, x)              "1773"   1 3 4    3     c kept, its end moved by 1
type making struct {
	writes []write
	text   []byte // in scratch memory
	done   int    // number of leading writes that are final and whose text is in m.text
}

// finish gives r the writes and the text of m.
func (b *Builder) finish(m *making, r *Record) {
	if b.scratch = m.text; cap(m.text) > maxKept {
		b.scratch = nil
	}
	r.writes, r.text = m.writes, string(m.text)
}

// replace puts the write at position j of y in place of the write at position i of x. The
// writes of x before position i stay.
func (m *making) replace(x *Record, i int, y *Record, j int) {
	if m.writes == nil {
		m.writes = make([]write, len(x.writes)) // faster than slices.Clone
		copy(m.writes, x.writes)
	}
	m.keep(x, i)
	m.put(i, y, j)
	m.done = i + 1
}

// keep keeps the writes of x before position i as they are.
func (m *making) keep(x *Record, i int) {
	from := x.start(m.done)
	moved := len(m.text) - from
	m.text = append(m.text, x.text[from:x.start(i)]...)
	for ; m.done < i; m.done++ {
		m.writes[m.done].end += moved
	}
}

// put stores the write at position j of r at position i.
func (m *making) put(i int, r *Record, j int) {
	m.text = append(m.text, r.value(j)...)
	w := &m.writes[i]
	w.stamp, w.end = r.writes[j].stamp, len(m.text)
}

// rest keeps the remaining writes of x and stores the result in x, if any write was replaced.
// It reports whether any write was replaced.
func (b *Builder) rest(m *making, x *Record) bool {
	if m.writes == nil {
		return false
	}
	m.keep(x, len(m.writes))
	b.finish(m, x)
	return true
}
