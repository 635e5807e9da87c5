package jsontext

import (
	"iter"
	"slices"
)

// objectValue reads the rest of an object that is a value or a part of a value. If the names
// come in order, no member is moved.
func (r *Reader) objectValue(depth int) error {
	start, first := len(r.Out), len(r.spans)
	if r.Accept('}') {
		r.Out = append(r.Out, '}')
		return nil
	}
	sorted := true
	last, lastEnd := 0, 0 // the previous name
	for {
		name := len(r.Out) + 1
		nameEnd, err := r.memberName()
		if err != nil {
			return err
		}
		// Equal names count as not in order, so sorting finds them.
		sorted = sorted && (last == 0 || compareNames(r.Out[last:lastEnd], r.Out[name:nameEnd]) < 0)
		last, lastEnd = name, nameEnd
		if err := r.value(depth); err != nil {
			return err
		}
		if err := r.checkSize(start); err != nil {
			return err
		}
		if r.Accept('}') {
			break
		}
		if !r.Accept(',') {
			return r.Syntax("expected , or }")
		}
		r.Out = append(r.Out, ',')
	}
	if !sorted {
		if err := r.sortMembers(start, r.spans[first:]); err != nil {
			return err
		}
	}
	r.Out = append(r.Out, '}')
	return nil
}

// memberName reads a name and the colon after it, and appends both to Out. It returns the
// offset in Out of the quotation mark that ends the name.
func (r *Reader) memberName() (end int, err error) {
	if r.Peek() != '"' {
		return 0, r.Syntax("expected a name")
	}
	if err := r.stringValue(); err != nil {
		return 0, err
	}
	if !r.Accept(':') {
		return 0, r.Syntax("expected :")
	}
	r.Out = append(r.Out, ':')
	return len(r.Out) - 2, nil
}

// member is one member of an object in canonical text: the offsets of the first byte of the
// name, of the quotation mark after the name, and of the byte after the value.
type member struct{ name, nameEnd, end int32 }

// span is the position in Out of the canonical text of a long array or object.
type span struct{ from, to int32 }

// longSpan is the least length of a text whose span is remembered. A span takes 8 bytes and
// saves reading that text again.
const longSpan = 128

// sortMembers sorts the members of an object by name, and refuses a name that occurs twice.
// The canonical text of the members, which follows the opening brace, begins at offset start
// of Out. The parameter long holds the spans of the long values.
func (r *Reader) sortMembers(start int, long []span) error {
	text := r.Out[start:]
	r.splitMembers(start, long)
	byName := func(a, b member) int {
		return compareNames(text[a.name:a.nameEnd], text[b.name:b.nameEnd])
	}
	slices.SortFunc(r.members, byName)
	r.moved = slices.Grow(r.moved[:0], len(text))
	for i, m := range r.members {
		if i > 0 {
			if byName(r.members[i-1], m) == 0 {
				return ErrDuplicate
			}
			r.moved = append(r.moved, ',')
		}
		r.moved = append(r.moved, text[m.name-1:m.end]...)
	}
	copy(text, r.moved)
	return nil
}

// splitMembers finds the members whose canonical text begins at offset start of Out. It makes
// two passes, so that it allocates no more memory than the members need.
func (r *Reader) splitMembers(start int, long []span) {
	n := 0
	for range eachMember(r.Out[start:], start, long) {
		n++
	}
	r.members = slices.Grow(r.members[:0], n)
	for m := range eachMember(r.Out[start:], start, long) {
		r.members = append(r.members, m)
	}
}

// eachMember yields the members in a canonical text. The text begins at offset start of the
// buffer to which the spans refer.
func eachMember(text []byte, start int, long []span) iter.Seq[member] {
	return func(yield func(member) bool) {
		for i := 0; i < len(text); {
			nameEnd := SkipCanonical(text, i) - 1
			value := nameEnd + 2
			end := 0
			if len(long) > 0 && int(long[0].from) == start+value {
				end, long = int(long[0].to)-start, long[1:]
			} else {
				end = SkipCanonical(text, value)
			}
			if !yield(member{int32(i + 1), int32(nameEnd), int32(end)}) {
				return
			}
			i = end + 1
		}
	}
}

// SkipCanonical returns the offset after the value that begins at offset i of a canonical
// text.
func SkipCanonical(text []byte, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}
