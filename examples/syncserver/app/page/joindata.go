package page

import (
	"encoding/binary"
	"errors"
)

// The IDs of the sections of a WebAssembly module that joinData reads.
const (
	dataSection      = 11
	dataCountSection = 12
)

// maxData limits the data of a program, in bytes: a greater address is a mistake.
const maxData = 64 << 20

// errModule reports a module that joinData cannot read.
var errModule = errors.New("page: the data of the program has an unexpected form")

// joinData returns a program with its data in one segment, from address 0. The linker begins a new segment after every few
// zeros, which costs a tenth of the compressed size: addresses compress badly, and zeros do not. Browsers also refuse a
// program with more than 100,000 segments, and this program comes near that limit.
func joinData(program []byte) ([]byte, error) {
	const header = 8 // magic number and version
	if len(program) < header {
		return nil, errModule
	}
	m := module{rest: program[header:]}
	joined := append([]byte(nil), program[:header]...)
	for len(m.rest) > 0 {
		id := m.take(1)
		content := m.take(m.number())
		if m.bad || id[0] == dataCountSection {
			return nil, errModule
		}
		if id[0] == dataSection {
			data, err := joinSegments(content)
			if err != nil {
				return nil, err
			}
			content = data
		}
		joined = append(joined, id...)
		joined = binary.AppendUvarint(joined, uint64(len(content)))
		joined = append(joined, content...)
	}
	return joined, nil
}

// joinSegments returns a data section with one segment.
func joinSegments(section []byte) ([]byte, error) {
	const i32Const, end = 0x41, 0x0b // the instructions of a constant address
	m := module{rest: section}
	memory := []byte{}
	for range m.number() {
		kind, instruction := m.number(), m.take(1)
		address := m.number() // as a signed number, it has the same form if it is positive
		terminator, content := m.take(1), m.take(m.number())
		if m.bad || kind != 0 || instruction[0] != i32Const || terminator[0] != end || address+len(content) > maxData {
			return nil, errModule
		}
		if missing := address + len(content) - len(memory); missing > 0 {
			memory = append(memory, make([]byte, missing)...)
		}
		copy(memory[address:], content)
	}
	if m.bad || len(m.rest) > 0 {
		return nil, errModule
	}
	joined := []byte{1, 0, i32Const, 0, end}
	joined = binary.AppendUvarint(joined, uint64(len(memory)))
	return append(joined, memory...), nil
}

// module is the rest of a WebAssembly module, or of a section. After a failure it is bad, and everything taken is empty.
type module struct {
	rest []byte
	bad  bool
}

// number takes an unsigned number of the variable length of LEB128, which is at most maxData.
func (m *module) number() int {
	n, size := binary.Uvarint(m.rest)
	if size <= 0 || n > maxData {
		m.bad, m.rest = true, nil
		return 0
	}
	m.rest = m.rest[size:]
	return int(n)
}

// take takes a number of bytes.
func (m *module) take(n int) []byte {
	if n > len(m.rest) {
		m.bad, m.rest = true, nil
		return nil
	}
	taken := m.rest[:n]
	m.rest = m.rest[n:]
	return taken
}
