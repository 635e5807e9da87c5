package buckets

import "slices"

// Loss is what the reset lines and the trailer of a chunk take away from a client. The zero Loss
// takes nothing.
type Loss struct {
	reset map[string]bool
	has   map[string]bool // nil if the trailer names no buckets
}

// LossOf returns the Loss of a chunk: reset has the buckets of its reset lines, and has the buckets
// that its trailer names. A nil has means that the trailer names none, because they are the same as
// before.
func LossOf(reset, has []string) (l Loss) {
	l.reset = setOf(reset)
	if has != nil {
		l.has = make(map[string]bool, len(has))
		for _, name := range has {
			l.has[name] = true
		}
	}
	return l
}

func setOf(names []string) map[string]bool {
	var set map[string]bool
	for _, name := range names {
		if set == nil {
			set = make(map[string]bool, len(names))
		}
		set[name] = true
	}
	return set
}

// Keep returns the remaining buckets of a record, given the buckets in which the client holds it.
// If none remains, the client forgets the record, and writes nothing. Keep returns in itself if all
// remain, and then it allocates nothing.
func (l Loss) Keep(in []string) []string {
	lost := func(name string) bool { return l.reset[name] || l.has != nil && !l.has[name] }
	if !slices.ContainsFunc(in, lost) {
		return in
	}
	return slices.DeleteFunc(slices.Clone(in), lost)
}
