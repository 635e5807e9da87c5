package deflate

// Limits of the format.
const (
	minLength   = 3
	maxLength   = 258
	maxDistance = windowSize - 1 // the format permits one more, for which the tree would need another place
	windowSize  = 1 << 15
)

// A token is a literal, or a copy of bytes that come earlier.
type token struct {
	length   uint16 // of a copy; of a literal, the byte itself
	distance uint16 // 0 for a literal
}

// size returns the number of bytes that the token stands for.
func (t token) size() int {
	if t.distance == 0 {
		return 1
	}
	return int(t.length)
}

const (
	hashBits = 16
	maxDepth = 50 // the nodes of a tree that are looked at for one position
	none     = -1
)

// A matcher finds earlier occurrences of the bytes that follow each position. Positions with the same hash form a binary
// tree, sorted by the bytes that follow them, with the latest position as its root.
type matcher struct {
	content  []byte
	root     [1 << hashBits]int32 // by the hash of three bytes
	children [windowSize][2]int32 // by the position modulo the size of the window: what sorts before it, and after it
}

func newMatcher(content []byte) *matcher {
	m := &matcher{content: content}
	for i := range m.root {
		m.root[i] = none
	}
	return m
}

// appendAt appends the copies that can begin at a position: each one is longer than the one before and comes from
// further back, and for its length none comes from nearer. The positions must come in order, without gaps.
func (m *matcher) appendAt(copies []token, at int) []token {
	limit := min(maxLength, len(m.content)-at)
	if limit < minLength {
		return copies
	}
	here := m.content[at : at+limit]
	root := &m.root[(uint32(here[0])|uint32(here[1])<<8|uint32(here[2])<<16)*0x9e3779b1>>(32-hashBits)]
	node := *root
	*root = int32(at)

	// The new root takes over the tree. Before and after are where the next smaller or greater node belongs.
	before, after := &m.children[at%windowSize][0], &m.children[at%windowSize][1]
	sameBefore, sameAfter, longest := 0, 0, minLength-1
	for depth := 0; node != none && at-int(node) <= maxDistance && depth < maxDepth; depth++ {
		there := m.content[node : int(node)+limit]
		same := min(sameBefore, sameAfter) // all nodes between two nodes share what these share
		for same < limit && there[same] == here[same] {
			same++
		}
		if same > longest {
			longest = same
			copies = append(copies, token{length: uint16(same), distance: uint16(at - int(node))})
		}
		children := &m.children[node%windowSize]
		switch {
		case same == limit: // the new root replaces the node
			*before, *after = children[0], children[1]
			return copies
		case there[same] < here[same]:
			*before, before, sameBefore = node, &children[1], same
			node = children[1]
		default:
			*after, after, sameAfter = node, &children[0], same
			node = children[0]
		}
	}
	*before, *after = none, none
	return copies
}
