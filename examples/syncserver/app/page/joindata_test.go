package page

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// moduleOf returns a module with the given sections.
func moduleOf(sections ...[]byte) []byte {
	module := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range sections {
		module = append(module, s[0])
		module = binary.AppendUvarint(module, uint64(len(s)-1))
		module = append(module, s[1:]...)
	}
	return module
}

// segment returns a data segment with a constant address below 64.
func segment(address byte, content string) string {
	return string([]byte{0, 0x41, address, 0x0b, byte(len(content))}) + content
}

// dataOf returns a data section with the given segments.
func dataOf(segments ...string) []byte {
	section := []byte{dataSection, byte(len(segments))}
	for _, s := range segments {
		section = append(section, s...)
	}
	return section
}

// TestDataIsJoined: the joined segment holds the same memory, whatever the order of the segments is, and the other sections
// are as before.
func TestDataIsJoined(t *testing.T) {
	other, last := []byte("\x00other"), []byte("\x0alast")
	program := moduleOf(other, dataOf(segment(9, "tail"), segment(2, "head"), segment(40, "")), last)
	joined, err := joinData(program)
	require.NoError(t, err)
	memory := "\x00\x00head\x00\x00\x00tail" + string(make([]byte, 27))
	require.Equal(t, moduleOf(other, dataOf(segment(0, memory)), last), joined)

	again, err := joinData(joined)
	require.NoError(t, err)
	require.Equal(t, joined, again)
}

// TestUnknownModulesAreRefused: no program is changed that has another form than the linker gives it.
func TestUnknownModulesAreRefused(t *testing.T) {
	segmentOf := func(bytes ...byte) []byte { return moduleOf(append([]byte{dataSection, 1}, bytes...)) }
	for name, program := range map[string][]byte{
		"passive":         segmentOf(1, 1, 'x'),
		"global address":  segmentOf(0, 0x23, 0, 0x0b, 1, 'x'),
		"longer address":  segmentOf(0, 0x41, 0, 0x41, 0, 0x0b, 1, 'x'),
		"far address":     segmentOf(0, 0x41, 0xff, 0xff, 0xff, 0x7f, 0x0b, 1, 'x'),
		"rest":            moduleOf(append(dataOf(segment(0, "x")), 0)),
		"count of data":   moduleOf([]byte{dataCountSection, 1}, dataOf(segment(0, "x"))),
		"no module":       []byte("\x00asm"),
		"missing content": moduleOf(dataOf(segment(0, "x")[:5])),
	} {
		_, err := joinData(program)
		require.ErrorIs(t, err, errModule, name)
	}
}

// TestCutModulesAreRefused: a program that ends too early is refused, unless it ends between two sections.
func TestCutModulesAreRefused(t *testing.T) {
	sections := [][]byte{[]byte("\x00other"), dataOf(segment(9, "tail"), segment(2, "head"))}
	whole := moduleOf(sections...)
	complete := map[int]bool{len(moduleOf()): true, len(moduleOf(sections[0])): true, len(whole): true}
	for n := range len(whole) + 1 {
		_, err := joinData(whole[:n])
		require.Equal(t, complete[n], err == nil, n)
	}
}

// TestNoBytesPanic: joinData returns whatever the bytes are.
func TestNoBytesPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		section := append([]byte{dataSection}, rapid.SliceOf(rapid.SampledFrom([]byte{0, 1, 2, 0x0b, 0x41, 0x80, 0xff})).Draw(t, "data")...)
		joinData(moduleOf(section))
		joinData(append(moduleOf(), section...))
	})
}
