package violation

import (
	"cmp"
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

// find finds the pairs.
func (m *meetings) find() error {
	m.countOnes()
	if m.total > 0 && m.byEnd {
		m.listByEnd()
	} else if m.total > 0 {
		m.listByKey()
	}
	err := m.findOthers()
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

// before returns how many of sorted times are before a time.
func before(times []clock.Timestamp, at clock.Timestamp) int {
	n, _ := slices.BinarySearch(times, at)
	return n
}

// until returns how many slots are taken just before a time, and how many of them end
// at that time.
func (b bounds) until(end clock.Timestamp) (taken, ending int) {
	ended := before(b.ends, end)
	after := sort.Search(len(b.ends), func(i int) bool { return b.ends[i] > end })
	return before(b.begins, end) - ended, after - ended
}

// countOnes counts the pairs of records with one slot. Two of them meet until the earlier
// end: the pairs of an end are those of all slots taken just before it of which at least
// one ends.
func (m *meetings) countOnes() {
	b := boundsOf(m.ones)
	for i, end := range b.ends {
		if m.owns(end) && (i == 0 || b.ends[i-1] != end) {
			taken, ending := b.until(end)
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
		if taken, ending := b.until(end); pairsOf(taken) > pairsOf(taken-ending) {
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
		if m.partners(b, s) == 0 {
			continue
		}
		for _, o := range m.ones[i+1:] {
			if end := min(s.to, o.to); s.from < o.to && o.from < s.to && m.owns(end) && len(m.pairs) < m.most {
				m.pairs = append(m.pairs, pair{s.taken, o.taken, end})
			}
		}
	}
}

// partners returns with how many others a record with one slot meets.
func (m *meetings) partners(b bounds, s span) (n int) {
	if m.owns(s.to) {
		taken, _ := b.until(s.to)
		n = taken - 1
	}
	// And those that end before it, and after it begins.
	from, to := max(s.from, m.from), s.to
	if m.to < maxTime {
		to = min(to, m.to+1)
	}
	first := sort.Search(len(b.ends), func(i int) bool { return b.ends[i] > from })
	return n + max(0, before(b.ends, to)-first)
}

// findOthers finds the pairs of which at least one record has several slots. It goes from
// the last end to the first, so the first time that it meets a pair is the last one here.
// If that takes too many steps and there are more pairs than are listed, the rest is not
// counted. If there are not, it is ErrTooLarge.
func (m *meetings) findOthers() error {
	if len(m.others) == 0 {
		return nil
	}
	spans := append(slices.Clone(m.ones), m.others...)
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(b.to, a.to) })
	var ones, others []span // that are taken at the end of the next one, if they began
	seen := make(map[[2]*taken]bool)
	steps := maxSteps
	for _, s := range spans {
		one := len(s.slots) == 1
		others = stillTaken(others, s.to)
		with := others
		if !one {
			ones = stillTaken(ones, s.to)
			steps -= len(ones)
			with = append(slices.Clone(ones), others...)
		}
		steps -= 1 + len(with)
		for _, o := range with {
			steps -= m.meet(s, o, seen)
		}
		if steps < 0 {
			if len(m.pairs) < m.most {
				return ErrTooLarge
			}
			return nil // these are the same wherever the records are
		}
		if one {
			ones = append(ones, s)
		} else {
			others = append(others, s)
		}
		if len(m.pairs) > 4*m.most {
			m.sortPairs()
		}
	}
	return nil
}

// stillTaken returns those of the spans that begin before an end.
func stillTaken(spans []span, end clock.Timestamp) []span {
	return slices.DeleteFunc(spans, func(s span) bool { return s.from >= end })
}

// meet takes in that two spans have a moment in common until the end of the first. It
// returns how many steps that took.
func (m *meetings) meet(s, o span, seen map[[2]*taken]bool) (steps int) {
	a, b := s.taken, o.taken
	if a.Key().Compare(b.Key()) > 0 {
		a, b = b, a
	}
	if a == b || !m.owns(s.to) || seen[[2]*taken{a, b}] {
		return 0
	}
	seen[[2]*taken{a, b}] = true
	end, resource := lastMeeting(a.slots, b.slots)
	if end == s.to && resource == m.resource {
		m.total++
		m.pairs = append(m.pairs, pair{a, b, end})
	}
	return len(a.slots) + len(b.slots)
}

// lastMeeting returns when the last time ends that two records meet, and at which resource;
// the first one by name if that is at several. The slots are as in taken.
func lastMeeting(a, b []Slot) (end clock.Timestamp, resource string) {
	end = minTime
	for len(a) > 0 && len(b) > 0 {
		s, o := a[0], b[0]
		switch {
		case s.Resource < o.Resource:
			a = a[1:]
		case s.Resource > o.Resource:
			b = b[1:]
		case s.From < o.To && o.From < s.To:
			if until := min(s.To, o.To); until > end {
				end, resource = until, s.Resource
			}
			// What comes later in the lists is earlier in time.
			if s.From > o.From {
				a = a[1:]
			} else {
				b = b[1:]
			}
		case s.From >= o.To:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return end, resource
}
