package record

// value reads the next value and appends its canonical text to out. The depth
// is that of the value: 0 for one that is not in a composite.
func (p *parser) value(depth int) error {
	p.grow(32)
	switch c := p.peek(); {
	case c == '"':
		return p.stringValue()
	case c == '-' || isDigit(c):
		return p.number()
	case c == '{' || c == '[':
		if depth >= p.limits.Depth {
			return p.fail(&LimitError{What: "depth", Limit: p.limits.Depth})
		}
		return p.composite(c, depth+1)
	case c == 't':
		return p.word("true")
	case c == 'f':
		return p.word("false")
	case c == 'n':
		return p.word("null")
	}
	return p.syntax("not a value")
}

// composite reads an array or an object, which begins with c, and remembers where it is if
// it is long: whoever sorts the members around it need not read it again.
func (p *parser) composite(c byte, depth int) (err error) {
	start, first := len(p.out), len(p.spans)
	p.pos++
	p.out = append(p.out, c)
	if c == '[' {
		err = p.elements(depth)
	} else {
		err = p.objectValue(depth)
	}
	p.spans = p.spans[:first] // what is within it is passed over with it
	if depth > 1 && len(p.out)-start >= longSpan {
		p.spans = append(p.spans, span{int32(start), int32(len(p.out))})
	}
	return err
}

// checkedValue reads the next value, which is no part of another.
func (p *parser) checkedValue() error {
	start := len(p.out)
	if err := p.value(0); err != nil {
		return err
	}
	return p.checkSize(start)
}

// grow makes room for n more bytes in out. What most records need is made at
// once. Of a longer one the canonical text is seldom longer than what it came
// from, so the room is what is left of the input. Where the text did grow, it is
// enough for the worst that can follow, so that it need not be made once more:
// 1e20, is five bytes and becomes 22.
func (p *parser) grow(n int) {
	if cap(p.out)-len(p.out) >= n {
		return
	}
	const most = 64 << 10
	rest := len(p.in) - p.pos
	switch {
	case cap(p.out) == 0:
		rest = min(rest, most)
	case len(p.out) > p.pos-p.from:
		rest = rest / 5 * 22
	}
	p.out = append(make([]byte, 0, len(p.out)+rest+n), p.out...)
}

// word reads a literal and appends it to out.
func (p *parser) word(literal string) error {
	p.out = append(p.out, literal...)
	return p.literal(literal)
}

// stringValue reads a string and appends it to out in canonical form.
func (p *parser) stringValue() error {
	inner, plain, err := p.rawString()
	if err != nil {
		return err
	}
	p.grow(len(inner) + 8)
	p.out = append(p.out, '"')
	if plain {
		p.out = append(p.out, inner...)
	} else {
		p.out = appendCanonical(p.out, inner)
	}
	p.out = append(p.out, '"')
	return nil
}

// number reads a number and appends its canonical form to out.
func (p *parser) number() error {
	start := p.pos
	text, integer, err := p.numberText()
	if err != nil {
		return err
	}
	if p.dropped || integer && len(text) < maxDigits && string(text) != "-0" || !integer && isShort(text) {
		p.out = append(p.out, text...)
		return nil
	}
	if p.out, err = appendNumber(p.out, text, p.limits.Exact); err != nil {
		p.pos = start
		return p.fail(err)
	}
	return nil
}

// elements reads the rest of an array.
func (p *parser) elements(depth int) error {
	if p.accept(']') {
		p.out = append(p.out, ']')
		return nil
	}
	start := len(p.out)
	for {
		if err := p.value(depth); err != nil {
			return err
		}
		if err := p.checkSize(start); err != nil {
			return err
		}
		if p.accept(']') {
			p.out = append(p.out, ']')
			return nil
		}
		if !p.accept(',') {
			return p.syntax("expected , or ]")
		}
		p.out = append(p.out, ',')
	}
}

// checkSize refuses a composite that has grown beyond the limit of a value
// while it is being read, before the rest of it costs memory.
func (p *parser) checkSize(start int) error {
	if len(p.out)-start > p.limits.Value {
		return p.fail(&LimitError{What: "value", Limit: p.limits.Value})
	}
	return nil
}
