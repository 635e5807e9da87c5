package record

import "slices"

// names is a sorted list of field names. Records with the same fields share
// one, so that a join can tell that they match without reading the names, and
// so that a field costs no memory for its name.
type names struct{ list []string }

// nameTable finds the list that other records with the same names have. It
// forgets what it knows rather than grow without end.
type nameTable struct {
	last  *names
	known map[string]*names // by the names, each followed by U+0000
	words map[string]string // single names, so that lists share them
	key   []byte
}

const (
	// maxShared is the number of names, and maxSharedBytes that of the bytes in
	// them, up to which lists are remembered. Longer ones, such as those of sets,
	// are seldom alike.
	maxShared      = 64
	maxSharedBytes = 4096
	// maxKnown bounds the number of lists, and of names, that are remembered.
	maxKnown = 1024
)

// shared returns the list of the n names that at gives.
func (t *nameTable) shared(n int, at func(i int) []byte) *names {
	if t.last != nil && sameNames(t.last.list, n, at) {
		return t.last
	}
	remember := t.join(n, at)
	if found := t.known[string(t.key)]; remember && found != nil {
		t.last = found
		return found
	}
	t.last = &names{make([]string, n)}
	for i := range n {
		t.last.list[i] = t.word(at(i))
	}
	if remember {
		if t.known == nil || len(t.known) >= maxKnown {
			t.known = make(map[string]*names)
		}
		t.known[string(t.key)] = t.last
	}
	return t.last
}

// join sets the key to that of the n names that at gives, and reports whether
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

// word returns the name as a string, the same one each time.
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

// union returns the list of all names of a and b, which is one of them if that
// has them all.
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

// covers reports whether a has every name of b. Both are sorted, so it is enough
// to look for each behind the one before.
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
