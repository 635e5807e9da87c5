package deflate

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	segmentSize = 1 << 18 // bytes whose blocks are chosen together
	rounds      = 3       // the parses of a block, each with the prices that the one before it has led to
)

// Gzip compresses content, of at most 1 GiB, to the gzip format. Equal content has equal results.
func Gzip(content []byte) []byte {
	w := &writer{bytes: []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255}} // no name, no time, slowest method, no system
	var before counts                                                 // of the block before
	before.add(startTokens())
	m := newMatcher(content)
	for start := 0; start == 0 || start < len(content); start += segmentSize {
		end := min(start+segmentSize, len(content))
		before = w.segment(newSegment(m, start, end), before, end == len(content))
	}
	w.flush()
	w.bytes = binary.LittleEndian.AppendUint32(w.bytes, crc32.ChecksumIEEE(content))
	return binary.LittleEndian.AppendUint32(w.bytes, uint32(len(content)))
}

// startTokens returns tokens with the prices of the first parse: all literals cost the same, and so do all copies but for
// their further bits.
func startTokens() []token {
	var all []token
	for b := range uint16(256) {
		all = append(all, token{length: b}, token{length: b})
	}
	for length := uint16(minLength); length <= maxLength; length++ {
		all = append(all, token{length, 1 << (length % 15)})
	}
	return all
}

// segment writes a segment. It begins with the prices of the block before and returns the counts of its last block.
func (w *writer) segment(s *segment, before counts, last bool) counts {
	blocks := split(s.parse(0, len(s.content), before.costs()))
	if len(blocks) == 0 {
		w.block(nil, last)
	}
	start := 0
	for i, tokens := range blocks {
		end := start
		for _, t := range tokens {
			end += t.size()
		}
		for range rounds {
			before = counts{}
			before.add(tokens)
			tokens = s.parse(start, end, before.costs())
		}
		w.block(tokens, last && i == len(blocks)-1)
		start = end
	}
	return before
}
