package deflate

import "math"

// A segment is a part of the content, with all copies that can begin at each of its positions.
type segment struct {
	content []byte
	copies  []token
	starts  []int32 // where the copies of each position begin in copies
	steps   []step  // of the last parse
}

// A step is the cheapest way to a position.
type step struct {
	cost float64 // in bits, from where the parse began
	last token
}

// newSegment finds the copies of the positions from start to end. The positions of a matcher come in order, so segments do.
func newSegment(m *matcher, start, end int) *segment {
	s := &segment{content: m.content[start:end], steps: make([]step, end-start+1)}
	for at := start; at < end; at++ {
		s.starts = append(s.starts, int32(len(s.copies)))
		s.copies = m.appendAt(s.copies, at)
	}
	s.starts = append(s.starts, int32(len(s.copies)))
	return s
}

// parse returns the tokens for the positions from start to end, which together cost the least.
func (s *segment) parse(start, end int, c *costs) []token {
	steps := s.steps[:end-start+1]
	for i := range steps {
		steps[i].cost = math.Inf(1)
	}
	steps[0].cost = 0
	for i, b := range s.content[start:end] {
		reached := steps[i].cost
		improve(&steps[i+1], reached+c.literals[b], token{length: uint16(b)})
		length := uint16(minLength)
		for _, copied := range s.copies[s.starts[start+i]:s.starts[start+i+1]] {
			before := reached + c.distances[distanceSymbol(copied.distance).code]
			for ; length <= copied.length && i+int(length) < len(steps); length++ {
				improve(&steps[i+int(length)], before+c.lengths[length], token{length, copied.distance})
			}
		}
	}
	return tokens(steps)
}

func improve(s *step, cost float64, last token) {
	if cost < s.cost {
		s.cost, s.last = cost, last
	}
}

// tokens returns the tokens on the cheapest way to the last step.
func tokens(steps []step) []token {
	n := 0
	for at := len(steps) - 1; at > 0; at -= steps[at].last.size() {
		n++
	}
	way := make([]token, n)
	for at := len(steps) - 1; at > 0; at -= steps[at].last.size() {
		n--
		way[n] = steps[at].last
	}
	return way
}
