package deflate

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestMatcherFindsTheNearestCopyOfEachLength compares the matcher with a search through all earlier positions. The content is
// short enough that no tree is deeper than the matcher looks, and its copies can be longer than the format permits.
func TestMatcherFindsTheNearestCopyOfEachLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.ByteRange(0, 2), 0, maxDepth/2).Draw(t, "content")
		for range rapid.IntRange(0, maxDepth/10).Draw(t, "parts") {
			from := rapid.IntRange(0, len(content)).Draw(t, "from")
			content = slices.Concat(content, noise(rapid.IntRange(0, 300).Draw(t, "noise"), 256), content[from:])
			content = content[:min(len(content), 2000)]
		}
		m := newMatcher(content)
		for at := range content {
			var want []token
			longest := minLength - 1
			for from := at - 1; from >= 0; from-- {
				if n := shared(content[from:], content[at:]); n > longest {
					longest, want = n, append(want, token{uint16(n), uint16(at - from)})
				}
			}
			require.Equal(t, want, m.appendAt(nil, at))
		}
	})
}

// shared returns the number of bytes with which both begin.
func shared(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b), maxLength) && a[n] == b[n] {
		n++
	}
	return n
}

// TestMatcherStaysInTheWindow: no copy comes from 32 KiB back or more.
func TestMatcherStaysInTheWindow(t *testing.T) {
	word := []byte("unlikely")
	for gap, found := range map[int]bool{1<<15 - 1: true, 1 << 15: false} {
		content := append(bytes.Clone(word), make([]byte, gap-len(word))...)
		content = append(content, word...)
		m := newMatcher(content)
		for at := range gap {
			m.appendAt(nil, at)
		}
		require.Equal(t, found, len(m.appendAt(nil, gap)) > 0, gap)
	}
}
