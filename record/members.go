package record

import (
	"iter"
	"slices"
)

// objectValue reads the rest of an object that is a value or part of one.
func (p *parser) objectValue(depth int) error {
	start, first := len(p.out), len(p.spans)
	if p.accept('}') {
		p.out = append(p.out, '}')
		return nil
	}
	sorted := true
	last, lastEnd := 0, 0 // the name before
	for {
		name := len(p.out) + 1
		nameEnd, err := p.memberName()
		if err != nil {
			return err
		}
		// Names that are equal are not in order either: sorting finds them.
		sorted = sorted && (last == 0 || compareNames(p.out[last:lastEnd], p.out[name:nameEnd]) < 0)
		last, lastEnd = name, nameEnd
		if err := p.value(depth); err != nil {
			return err
		}
		if err := p.checkSize(start); err != nil {
			return err
		}
		if p.accept('}') {
			break
		}
		if !p.accept(',') {
			return p.syntax("expected , or }")
		}
		p.out = append(p.out, ',')
	}
	if !sorted {
		if err := p.sortMembers(start, p.spans[first:]); err != nil {
			return err
		}
	}
	p.out = append(p.out, '}')
	return nil
}

// memberName reads a name and the colon behind it, and appends both to out. It
// returns where in out the inside of the name ends.
func (p *parser) memberName() (end int, err error) {
	if p.peek() != '"' {
		return 0, p.syntax("expected a name")
	}
	if err := p.stringValue(); err != nil {
		return 0, err
	}
	if !p.accept(':') {
		return 0, p.syntax("expected :")
	}
	p.out = append(p.out, ':')
	return len(p.out) - 2, nil
}

// member is one member of an object in canonical text: the offsets of the name's
// first byte, of the quotation mark behind the name, and of the byte behind the
// value.
type member struct{ name, nameEnd, end int32 }

// span is where the canonical text of a long array or object is in out.
type span struct{ from, to int32 }

// longSpan is the length from which it is worth to remember a span: it takes 8 bytes,
// and saves reading all these.
const longSpan = 128

// sortMembers puts the members of the object whose canonical text begins at
// start of out, behind the brace, in the order of their names. Those of its values that
// are long are in the given spans.
func (p *parser) sortMembers(start int, long []span) error {
	text := p.out[start:]
	p.splitMembers(start, long)
	byName := func(a, b member) int {
		return compareNames(text[a.name:a.nameEnd], text[b.name:b.nameEnd])
	}
	slices.SortFunc(p.members, byName)
	p.moved = slices.Grow(p.moved[:0], len(text))
	for i, m := range p.members {
		if i > 0 {
			if byName(p.members[i-1], m) == 0 {
				return p.fail(ErrDuplicate)
			}
			p.moved = append(p.moved, ',')
		}
		p.moved = append(p.moved, text[m.name-1:m.end]...)
	}
	copy(text, p.moved)
	return nil
}

// splitMembers finds the members of the object whose canonical text begins at start, in
// two passes, so that it takes no more memory than they need.
func (p *parser) splitMembers(start int, long []span) {
	n := 0
	for range eachMember(p.out[start:], start, long) {
		n++
	}
	p.members = slices.Grow(p.members[:0], n)
	for m := range eachMember(p.out[start:], start, long) {
		p.members = append(p.members, m)
	}
}

// eachMember yields the members in a canonical text, which begins at start of what the
// spans are about.
func eachMember(text []byte, start int, long []span) iter.Seq[member] {
	return func(yield func(member) bool) {
		for i := 0; i < len(text); {
			nameEnd := skipCanonical(text, i) - 1
			value := nameEnd + 2
			end := 0
			if len(long) > 0 && int(long[0].from) == start+value {
				end, long = int(long[0].to)-start, long[1:]
			} else {
				end = skipCanonical(text, value)
			}
			if !yield(member{int32(i + 1), int32(nameEnd), int32(end)}) {
				return
			}
			i = end + 1
		}
	}
}

// skipCanonical returns the offset behind the value that begins at i of a
// canonical text.
func skipCanonical(text []byte, i int) int {
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
