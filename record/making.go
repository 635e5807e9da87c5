package record

// making is a record while it is put together.
type making struct {
	writes []write
	text   []byte // in scratch memory
	done   int    // how many of the writes are final and have their text
}

// finish gives r the writes that were put together.
func (b *Builder) finish(m *making, r *Record) {
	if b.scratch = m.text; cap(m.text) > maxKept {
		b.scratch = nil
	}
	r.writes, r.text = m.writes, string(m.text)
}

// replace puts the write at position j of y in the place of that at position i
// of x. The writes of x before it stay.
func (m *making) replace(x *Record, i int, y *Record, j int) {
	if m.writes == nil {
		m.writes = make([]write, len(x.writes)) // quicker than slices.Clone
		copy(m.writes, x.writes)
	}
	m.keep(x, i)
	m.put(i, y, j)
	m.done = i + 1
}

// keep keeps the writes of x up to position i as they are.
func (m *making) keep(x *Record, i int) {
	from := x.start(m.done)
	moved := len(m.text) - from
	m.text = append(m.text, x.text[from:x.start(i)]...)
	for ; m.done < i; m.done++ {
		m.writes[m.done].end += moved
	}
}

// put makes the write at position j of r that at position i.
func (m *making) put(i int, r *Record, j int) {
	m.text = append(m.text, r.value(j)...)
	w := &m.writes[i]
	w.stamp, w.end = r.writes[j].stamp, len(m.text)
}

// rest keeps the rest of x and makes x what was put together, if anything was
// replaced. It reports whether that is so.
func (b *Builder) rest(m *making, x *Record) bool {
	if m.writes == nil {
		return false
	}
	m.keep(x, len(m.writes))
	b.finish(m, x)
	return true
}
