package record

import "slices"

// objectValue reads the rest of an object that is a value or part of one.
func (p *parser) objectValue(depth int) error {
	start := len(p.out)
	if p.accept('}') {
		p.out = append(p.out, '}')
		return nil
	}
	sorted := true
	last, lastEnd := 0, 0
	for {
		if p.peek() != '"' {
			return p.syntax("expected a name")
		}
		name := len(p.out) + 1
		if err := p.stringValue(); err != nil {
			return err
		}
		nameEnd := len(p.out) - 1
		if lastEnd > 0 {
			order := compareNames(p.out[last:lastEnd], p.out[name:nameEnd])
			if order == 0 {
				return p.fail(ErrDuplicate)
			}
			sorted = sorted && order < 0
		}
		last, lastEnd = name, nameEnd
		if !p.accept(':') {
			return p.syntax("expected :")
		}
		p.out = append(p.out, ':')
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
		if err := p.sortMembers(start); err != nil {
			return err
		}
	}
	p.out = append(p.out, '}')
	return nil
}

// sortMembers puts the members of the object whose canonical text begins at
// start of out, behind the brace, in the order of their names.
func (p *parser) sortMembers(start int) error {
	p.splitMembers(start)
	slices.SortFunc(p.members, func(a, b member) int {
		return compareNames(p.out[a.name:a.nameEnd], p.out[b.name:b.nameEnd])
	})
	p.moved = p.moved[:0]
	for i, m := range p.members {
		if i > 0 {
			prev := p.members[i-1]
			if compareNames(p.out[prev.name:prev.nameEnd], p.out[m.name:m.nameEnd]) == 0 {
				return p.fail(ErrDuplicate)
			}
			p.moved = append(p.moved, ',')
		}
		p.moved = append(p.moved, p.out[m.name-1:m.end]...)
	}
	copy(p.out[start:], p.moved)
	return nil
}

// splitMembers finds the members of an object in canonical text that ends where
// out does, in two passes, so that it takes no more memory than they need.
func (p *parser) splitMembers(start int) {
	n := 0
	for i := start; i < len(p.out); n++ {
		i = skipCanonical(p.out, skipCanonical(p.out, i)+1) + 1
	}
	p.members = slices.Grow(p.members[:0], n)
	for i := start; i < len(p.out); {
		nameEnd := skipCanonical(p.out, i) - 1
		end := skipCanonical(p.out, nameEnd+2)
		p.members = append(p.members, member{int32(i + 1), int32(nameEnd), int32(end)})
		i = end + 1
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
