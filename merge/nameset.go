package merge

import (
	"slices"
	"strings"
)

// nameSet is the set of field names of a draft. A nil nameSet is empty.
//
// Short sets are sorted, immutable, and shared by all drafts that have the same
// names, so a set that many records use stays in the CPU cache. A set of more than
// maxScanned names belongs to one draft, and keeps the names in the order of arrival.
type nameSet struct {
	list  []string
	index map[string]int // name to position; only for long sets
}

// maxScanned is the number of names up to which a linear search is faster than an index.
const maxScanned = 16

// position returns the position of a name, or -1.
func (s *nameSet) position(name string) int {
	if s == nil {
		return -1
	}
	if s.index == nil {
		return slices.Index(s.list, name)
	}
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// nameSets finds the set that has one name more than another set. To bound its memory, it
// starts over with empty maps after maxSets steps.
type nameSets struct {
	known map[string]*nameSet
	steps map[nameStep]*nameSet
}

// nameStep is a set and a name that is added to it.
type nameStep struct {
	from *nameSet
	name string
}

// maxSets is the greatest number of sets and of steps that are remembered.
const maxSets = 4096

// with returns the set of the names of s and one more name, and the position of that name.
func (m *nameSets) with(s *nameSet, name string) (*nameSet, int) {
	if s != nil && len(s.list) >= maxScanned {
		return s.long(name)
	}
	next := m.steps[nameStep{s, name}]
	if next == nil {
		next = m.step(s, name)
	}
	i, _ := slices.BinarySearch(next.list, name)
	return next, i
}

// step finds or makes the shared set that is one name longer.
func (m *nameSets) step(s *nameSet, name string) *nameSet {
	list := []string{name}
	if s != nil {
		i, _ := slices.BinarySearch(s.list, name)
		list = slices.Insert(slices.Clone(s.list), i, name)
	}
	if m.known == nil || len(m.steps) >= maxSets {
		m.known, m.steps = make(map[string]*nameSet), make(map[nameStep]*nameSet)
	}
	key := strings.Join(list, "\x00") // no name contains U+0000
	next := m.known[key]
	if next == nil {
		next = &nameSet{list: list}
		m.known[key] = next
	}
	m.steps[nameStep{s, name}] = next
	return next
}

// long appends a name to a set that is or becomes long. A long set belongs to one draft.
func (s *nameSet) long(name string) (*nameSet, int) {
	if s.index == nil {
		s = &nameSet{list: slices.Clone(s.list), index: make(map[string]int, 2*maxScanned)}
		for i, name := range s.list {
			s.index[name] = i
		}
	}
	i := len(s.list)
	s.list = append(s.list, name)
	s.index[name] = i
	return s, i
}
