package merge

import (
	"slices"
	"strings"
)

// nameSet is the names of the fields of a draft. A nil nameSet is empty.
//
// Short sets are sorted, immutable, and shared by all drafts that have the same
// names, so that a set that many records have stays in the nearest memory. A set
// of more than maxScanned names belongs to one draft and is in the order in
// which the names came.
type nameSet struct {
	list  []string
	index map[string]int // of long sets
}

// maxScanned is the number of names up to which looking at all of them is faster
// than an index.
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

// nameSets finds the set that has one name more than another. It forgets what it
// knows rather than grow without end.
type nameSets struct {
	known map[string]*nameSet
	steps map[nameStep]*nameSet
}

// nameStep is a set and a name that is added to it.
type nameStep struct {
	from *nameSet
	name string
}

// maxSets bounds the number of sets and of steps that are remembered.
const maxSets = 4096

// with returns the set of the names of s and a name that it has not, and the
// position of that name.
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
	key := strings.Join(list, "\x00") // which is in no name
	next := m.known[key]
	if next == nil {
		next = &nameSet{list: list}
		m.known[key] = next
	}
	m.steps[nameStep{s, name}] = next
	return next
}

// long appends a name to a set that is or becomes long, and thereby belongs to
// one draft.
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
