package violation

import (
	"slices"
	"sort"

	"github.com/fieldlww/fieldlww/clock"
)

// meetings finds the pairs of records that meet in a window, and counts them.
//
// A pair belongs to the window in which the last time that the two meet ends. So each pair
// is of one window, by the two records alone, and that it stops mattering is known there.
//
// Pairs of records with one slot each are counted from the sorted beginnings and ends, and
// only the first ones are formed, so it does not matter how many there are. A record with
// several slots may meet another one several times, so its pairs are formed; that is limited
// by maxSteps.
type meetings struct {
	window
	byEnd bool // whether pairs are ordered by their ends before their keys
	most  int  // how many pairs are listed

	ones   []span // the slots of records with one, by key
	others []span // those of records with several

	pairs []pair // the first ones, in order
	total int
}

// span is a slot of a record.
type span struct {
	*taken
	from, to clock.Timestamp
}

// maxSteps is how many steps are made for the pairs of records with several slots. It is
// some ten milliseconds.
const maxSteps = 1 << 20

// add adds what a record takes in the window. Records come in the order of their keys.
func (m *meetings) add(t taken) {
	for i := range t.slots {
		s := t.slots[i]
		if s.Resource != m.resource || s.To <= m.from || s.From >= m.to {
			continue
		}
		if len(t.slots) == 1 {
			m.ones = append(m.ones, span{&t, s.From, s.To})
		} else {
			m.others = append(m.others, span{&t, s.From, s.To})
		}
	}
}

// findPairs finds the pairs.
func (m *meetings) findPairs() error {
	m.countOnes()
	if m.total > 0 && m.byEnd {
		m.listByEnd()
	} else if m.total > 0 {
		m.listByKey()
	}
	err := m.findRepeated()
	m.sortPairs()
	return err
}

// bounds are the sorted beginnings and ends of slots.
type bounds struct{ begins, ends []clock.Timestamp }

func boundsOf(spans []span) bounds {
	var b bounds
	for _, s := range spans {
		b.begins, b.ends = append(b.begins, s.from), append(b.ends, s.to)
	}
	slices.Sort(b.begins)
	slices.Sort(b.ends)
	return b
}

// countBefore returns how many of sorted times are before a time.
func countBefore(times []clock.Timestamp, at clock.Timestamp) int {
	n, _ := slices.BinarySearch(times, at)
	return n
}

// takenBefore returns how many slots are taken just before a time, and how many of them end
// at that time.
func (b bounds) takenBefore(end clock.Timestamp) (taken, ending int) {
	ended := countBefore(b.ends, end)
	after := sort.Search(len(b.ends), func(i int) bool { return b.ends[i] > end })
	return countBefore(b.begins, end) - ended, after - ended
}

// countOnes counts the pairs of records with one slot. Two of them meet until the earlier
// end: the pairs of an end are those of all slots taken just before it of which at least
// one ends.
func (m *meetings) countOnes() {
	b := boundsOf(m.ones)
	for i, end := range b.ends {
		if m.owns(end) && (i == 0 || b.ends[i-1] != end) {
			taken, ending := b.takenBefore(end)
			m.total += pairsOf(taken) - pairsOf(taken-ending)
		}
	}
}

// pairsOf returns how many pairs there are of n.
func pairsOf(n int) int { return n * (n - 1) / 2 }

// listByEnd lists the first pairs of records with one slot in the order of their ends,
// the latest first. It looks at no end without a pair, so it makes at most as many rounds
// as there are pairs to list.
func (m *meetings) listByEnd() {
	b := boundsOf(m.ones)
	for i := len(b.ends) - 1; i >= 0 && len(m.pairs) < m.most; i-- {
		end := b.ends[i]
		if !m.owns(end) || i+1 < len(b.ends) && b.ends[i+1] == end {
			continue
		}
		if taken, ending := b.takenBefore(end); pairsOf(taken) > pairsOf(taken-ending) {
			m.listEnd(end)
		}
	}
}

// listEnd lists the first pairs, by key, that meet until an end.
func (m *meetings) listEnd(end clock.Timestamp) {
	var here, ending []span // by key
	for _, s := range m.ones {
		if s.from < end && s.to >= end {
			here = append(here, s)
			if s.to == end {
				ending = append(ending, s)
			}
		}
	}
	for i, a := range here {
		with := ending // those after a by key
		if len(ending) > 0 && ending[0].taken == a.taken {
			ending = ending[1:]
			with = here[i+1:]
		}
		for _, b := range with {
			if len(m.pairs) == m.most {
				return
			}
			m.pairs = append(m.pairs, pair{a.taken, b.taken, end})
		}
		if len(ending) == 0 {
			return // the rest are taken longer, and meet until later
		}
	}
}

// listByKey lists the first pairs of records with one slot, by key. It looks only for
// partners of records that have some, so the records that it goes through in vain have
// partners that are listed already.
func (m *meetings) listByKey() {
	b := boundsOf(m.ones)
	for i, s := range m.ones {
		if len(m.pairs) == m.most {
			return
		}
		if !m.hasPartner(b, s) {
			continue
		}
		for _, o := range m.ones[i+1:] {
			if end := min(s.to, o.to); s.from < o.to && o.from < s.to && m.owns(end) && len(m.pairs) < m.most {
				m.pairs = append(m.pairs, pair{s.taken, o.taken, end})
			}
		}
	}
}

// hasPartner reports whether the window has a pair of a record with one slot and another one.
func (m *meetings) hasPartner(b bounds, s span) bool {
	if taken, _ := b.takenBefore(s.to); taken > 1 && m.owns(s.to) {
		return true
	}
	// Others end before it, after it begins.
	from, to := max(s.from, m.from), s.to
	if m.to < maxTime {
		to = min(to, m.to+1)
	}
	first := sort.Search(len(b.ends), func(i int) bool { return b.ends[i] > from })
	return countBefore(b.ends, to) > first
}
