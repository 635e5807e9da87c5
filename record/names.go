package record

import (
	"slices"
	"strings"
)

// names is a sorted list of field names. Records with the same fields share one list, so a
// join can tell that they match without reading the names, and a field needs no memory for
// its name.
type names struct{ list []string }

// nameTable finds the list that other records with the same names use. Its size is bounded:
// when it is full, it is emptied.
type nameTable struct {
	last  *names
	known map[string]*names // keyed by the names, each followed by U+0000
	words map[string]string // single names, shared between lists
	key   []byte
}

const (
	// Lists with more than maxShared names, or more than maxSharedBytes bytes in them, are
	// not remembered. Such long lists, for example the field names of sets, are seldom equal.
	maxShared      = 64
	maxSharedBytes = 4096
	// maxKnown bounds the number of remembered lists, and of remembered names.
	maxKnown = 1024
)

// shared returns the list of the n names that the function at returns.
func (t *nameTable) shared(n int, at func(i int) []byte) *names {
	// Records of one table often follow each other and have the same names.
	if t.last != nil && sameNames(t.last.list, n, at) {
		return t.last
	}
	remember := t.join(n, at)
	if found := t.known[string(t.key)]; remember && found != nil {
		t.last = found
		return found
	}
	t.last = &names{make([]string, n)}
	if !remember {
		t.last.fill(at)
		return t.last
	}
	for i := range n {
		t.last.list[i] = t.word(at(i))
	}
	if t.known == nil || len(t.known) >= maxKnown {
		t.known = make(map[string]*names)
	}
	t.known[string(t.key)] = t.last
	return t.last
}

// fill sets the names of a long list to parts of one string, which takes less memory than a string for
// each.
func (l *names) fill(at func(i int) []byte) {
	size := 0
	for i := range l.list {
		size += len(at(i))
	}
	var all strings.Builder
	all.Grow(size)
	for i := range l.list {
		all.Write(at(i))
	}
	rest := all.String()
	for i := range l.list {
		n := len(at(i))
		l.list[i], rest = rest[:n], rest[n:]
	}
}

// join sets t.key to the key of the n names that the function at returns, and reports whether
// their list is short enough to be remembered.
func (t *nameTable) join(n int, at func(i int) []byte) bool {
	t.key = t.key[:0]
	for i := 0; i < n && n <= maxShared; i++ {
		t.key = append(append(t.key, at(i)...), 0)
	}
	return n <= maxShared && len(t.key) <= maxSharedBytes
}

func sameNames(list []string, n int, at func(i int) []byte) bool {
	if len(list) != n {
		return false
	}
	for i, name := range list {
		if name != string(at(i)) {
			return false
		}
	}
	return true
}

// word returns the name as a string. Equal names get the same string.
func (t *nameTable) word(name []byte) string {
	if word, ok := t.words[string(name)]; ok {
		return word
	}
	if t.words == nil || len(t.words) >= maxKnown {
		t.words = make(map[string]string)
	}
	word := string(name)
	t.words[word] = word
	return word
}

// union returns the list of all names of a and b. If a or b has them all, it returns that
// list itself.
func union(a, b *names) *names {
	switch {
	case covers(a.list, b.list):
		return a
	case covers(b.list, a.list):
		return b
	}
	all := append(slices.Clone(a.list), b.list...)
	slices.Sort(all)
	return &names{slices.Clip(slices.Compact(all))}
}

// covers reports whether a has every name of b. Both lists are sorted, so the search for each
// name begins after the previous name.
func covers(a, b []string) bool {
	if len(b) > len(a) {
		return false
	}
	for _, name := range b {
		for len(a) > 0 && a[0] != name {
			a = a[1:]
		}
		if len(a) == 0 {
			return false
		}
		a = a[1:]
	}
	return true
}
