package violation

import (
	"cmp"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// findRepeated finds the pairs in which at least one record has several slots. It goes from
// the last end to the first, so the first overlap that it sees of a pair is the last one in
// this window. After too many steps, it leaves the rest uncounted if it has found enough pairs
// to list, and otherwise returns ErrTooLarge.
func (m *meetings) findRepeated() error {
	if len(m.others) == 0 {
		return nil
	}
	spans := append(slices.Clone(m.ones), m.others...)
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(b.to, a.to) })
	var ones, others []span // visited spans that start before the current end
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
			steps -= m.addMeeting(s, o, seen)
		}
		if steps < 0 {
			if len(m.pairs) < m.most {
				return ErrTooLarge
			}
			return nil // every server lists the same pairs
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

// stillTaken returns the spans that start before an end.
func stillTaken(spans []span, end clock.Timestamp) []span {
	return slices.DeleteFunc(spans, func(s span) bool { return s.from >= end })
}

// addMeeting records that two spans overlap until the end of the first. It returns the number
// of steps that this took.
func (m *meetings) addMeeting(s, o span, seen map[[2]*taken]bool) (steps int) {
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

// lastMeeting returns the end of the last overlap of two records, and its resource, the first
// one by name if there are several. The slots are sorted as in taken.
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
			// Slots that come later in the lists are earlier in time.
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
