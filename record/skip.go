package record

// skip moves behind the value that is next, however deep it is. It checks the
// syntax and nothing else: of a batch, only what is no JSON must not be taken
// for one bad item. What is in out is lost.
func (p *parser) skip() error {
	p.out, p.from = p.out[:0], p.pos
	for {
		if err := p.skipStart(); err != nil {
			return err
		}
		for n := len(p.out); n > 0 && p.accept(p.out[n-1]); n-- {
			p.out = p.out[:n-1]
		}
		switch n := len(p.out); {
		case n == 0:
			return nil
		case !p.accept(','):
			return p.syntax("expected , or " + string(p.out[n-1:]))
		case p.out[n-1] == '}':
			if err := p.skipName(); err != nil {
				return err
			}
		}
	}
}

// skipStart skips a scalar, an empty composite, or the opening brackets up to
// either. Of the brackets that stay open, the closing ones are in out.
func (p *parser) skipStart() error {
	for {
		c := p.peek()
		if c != '{' && c != '[' {
			return p.skipScalar(c)
		}
		p.pos++
		p.grow(1)
		p.out = append(p.out, c+2) // In ASCII, } is { + 2, and ] is [ + 2.
		if p.peek() == c+2 {
			return nil
		}
		if c == '{' {
			if err := p.skipName(); err != nil {
				return err
			}
		}
	}
}

// skipName skips a member name and the colon behind it.
func (p *parser) skipName() error {
	if p.peek() != '"' {
		return p.syntax("expected a name")
	}
	if err := p.skipString(); err != nil {
		return err
	}
	if !p.accept(':') {
		return p.syntax("expected :")
	}
	return nil
}

// skipScalar skips the value that begins with c and is not a composite.
func (p *parser) skipScalar(c byte) error {
	switch {
	case c == '"':
		return p.skipString()
	case c == '-' || isDigit(c):
		_, _, err := p.numberText()
		return err
	case c == 't':
		return p.literal("true")
	case c == 'f':
		return p.literal("false")
	case c == 'n':
		return p.literal("null")
	}
	return p.syntax("not a value")
}

// skipString skips a string, whatever the text is that it means.
func (p *parser) skipString() error {
	p.pos++
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; {
		case c == '"':
			p.pos++
			return nil
		case c == '\\':
			if err := p.escape(); err != nil {
				return err
			}
		case c < ' ':
			return p.control()
		default:
			p.pos++
		}
	}
	return p.syntax("")
}
