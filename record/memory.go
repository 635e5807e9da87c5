package record

import "strings"

// memory gives out pieces of larger chunks, so that making many records takes
// few allocations. Chunks begin as large as what is asked for and double, so
// that a single record does not hold on to more than its own.
type memory struct {
	free  []write
	size  int // of the present chunk of writes
	texts texts
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

// text returns where to write a text of n bytes, which cut returns then.
func (m *memory) text(n int) *texts {
	if t := &m.texts; n > t.Cap()-t.Len() {
		size := max(n, min(2*t.Cap(), maxText))
		t.Reset()
		t.Grow(size)
	}
	return &m.texts
}

// texts is a chunk of text. What was written is not moved or changed again.
type texts struct{ strings.Builder }

// cut returns the last n bytes that were written.
func (t *texts) cut(n int) string {
	return t.String()[t.Len()-n:]
}
