package record

import "strings"

// memory gives out pieces of larger chunks, so that making many records takes
// few allocations. Chunks begin as large as what is asked for and double up to a
// few kilobytes, so that a single record holds on to little more than its own, and
// one that is kept for long does not hold on to many others.
type memory struct {
	free []write
	size int // of the present chunk of writes
	// text is the present chunk of text. What was written is never moved or
	// changed again.
	text strings.Builder
}

// The sizes of the largest chunks.
const (
	maxWrites = 128
	maxText   = 4 << 10
)

// writes returns n writes to fill in.
func (m *memory) writes(n int) []write {
	if n > len(m.free) {
		m.size = max(n, min(2*m.size, maxWrites))
		m.free = make([]write, m.size)
	}
	w := m.free[:n:n]
	m.free = m.free[n:]
	return w
}

// reserve makes room for n more bytes of text.
func (m *memory) reserve(n int) {
	if n > m.text.Cap()-m.text.Len() {
		size := max(n, min(2*m.text.Cap(), maxText))
		m.text.Reset()
		m.text.Grow(size)
	}
}

// cut returns the last n bytes of text that were written.
func (m *memory) cut(n int) string {
	return m.text.String()[m.text.Len()-n:]
}
