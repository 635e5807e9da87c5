package violation

import (
	"slices"
	"sort"

	"github.com/fieldlww/fieldlww/clock"
)

// meetings finds and counts the pairs of records that overlap in a window.
//
// A pair belongs to the window in which its last overlap ends. The two records alone determine
// that window, so each pair is counted once, in the window where it stops mattering.
//
// Pairs of records with one slot each are counted from the sorted starts and ends, and only
// the first pairs are formed, so the cost does not grow with their number. A record with
// several slots may overlap another one several times, so all its pairs are formed; maxSteps
// limits that work.
type meetings struct {
	window
	byEnd bool // whether pairs are ordered by end before key
	most  int  // the number of pairs to list

	ones   []span // the slots of records with one slot, sorted by key
	others []span // the slots of records with several slots, sorted by key

	pairs []pair // the first pairs, in order
	total int
}

// span is one slot of a record.
type span struct {
	*taken
	from, to clock.Timestamp
}

// maxSteps limits the steps for the pairs of records with several slots. That many steps take
// about ten milliseconds.
const maxSteps = 1 << 20

// add adds the slots of a record that are in the window. Call add in the order of record keys.
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

// findPairs counts the pairs and lists the first ones.
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

// bounds holds the sorted starts and ends of slots.
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

// countBefore returns how many of the sorted times are before a time.
func countBefore(times []clock.Timestamp, at clock.Timestamp) int {
	n, _ := slices.BinarySearch(times, at)
	return n
}

// takenBefore returns how many slots include the moment just before a time, and how many of
// these end at that time.
func (b bounds) takenBefore(end clock.Timestamp) (taken, ending int) {
	ended := countBefore(b.ends, end)
	after := sort.Search(len(b.ends), func(i int) bool { return b.ends[i] > end })
	return countBefore(b.begins, end) - ended, after - ended
}

// countOnes counts the pairs of records with one slot. Two slots overlap until the earlier
// end. So for each end, it counts the pairs in which both slots include the moment just before
// that end, and at least one of them ends there.
func (m *meetings) countOnes() {
	b := boundsOf(m.ones)
	for i, end := range b.ends {
		if m.owns(end) && (i == 0 || b.ends[i-1] != end) {
			taken, ending := b.takenBefore(end)
			m.total += pairsOf(taken) - pairsOf(taken-ending)
		}
	}
}

// pairsOf returns the number of pairs among n slots.
func pairsOf(n int) int { return n * (n - 1) / 2 }

// listByEnd lists the first pairs of records with one slot by their ends, the latest first. It
// skips ends without a pair, so it makes at most as many rounds as there are pairs to list.
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

// listEnd lists the first pairs whose overlap ends at a given time, in the order of their
// keys.
func (m *meetings) listEnd(end clock.Timestamp) {
	var here, ending []span // in the order of their keys
	for _, s := range m.ones {
		if s.from < end && s.to >= end {
			here = append(here, s)
			if s.to == end {
				ending = append(ending, s)
			}
		}
	}
	for i, a := range here {
		with := ending // the partners of this span whose keys come after its key
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
			return // the overlaps of the remaining spans end later
		}
	}
}

// listByKey lists the first pairs of records with one slot, in the order of their keys. It
// skips records without a partner. So if it adds no pair for a record, the keys of all its
// partners come before its own key, and these pairs are already listed.
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

// hasPartner reports whether the window has a pair of this record and another record with one
// slot.
func (m *meetings) hasPartner(b bounds, s span) bool {
	if taken, _ := b.takenBefore(s.to); taken > 1 && m.owns(s.to) {
		return true
	}
	// Otherwise, a partner must end inside the slot s.
	from, to := max(s.from, m.from), s.to
	if m.to < maxTime {
		to = min(to, m.to+1)
	}
	first := sort.Search(len(b.ends), func(i int) bool { return b.ends[i] > from })
	return countBefore(b.ends, to) > first
}
