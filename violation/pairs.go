package violation

import (
	"cmp"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// pair is two records that overlap, in the order of their keys, and the end of their last
// overlap.
type pair struct {
	a, b *taken
	end  clock.Timestamp
}

// byKey orders pairs by the keys of their findings.
func (p pair) byKey(o pair) int {
	if c := p.a.Key().Compare(o.a.Key()); c != 0 {
		return c
	}
	return p.b.Key().Compare(o.b.Key())
}

// byEnd orders pairs by their ends, the latest first, and then by key.
func (p pair) byEnd(o pair) int {
	if c := cmp.Compare(o.end, p.end); c != 0 {
		return c
	}
	return p.byKey(o)
}

// sortPairs sorts the pairs and keeps at most m.most of them, the first ones.
func (m *meetings) sortPairs() {
	order := pair.byKey
	if m.byEnd {
		order = pair.byEnd
	}
	slices.SortFunc(m.pairs, order)
	if len(m.pairs) > m.most {
		m.pairs = slices.Delete(m.pairs, m.most, len(m.pairs))
	}
}
