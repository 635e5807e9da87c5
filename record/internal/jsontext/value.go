package jsontext

// Value reads the next value and appends its canonical text to Out.
func (r *Reader) Value() error {
	start := len(r.Out)
	if err := r.value(0); err != nil {
		return err
	}
	return r.checkSize(start)
}

// Drop reads the next value and drops it. The value is checked like any other, except that
// its numbers may be out of range.
func (r *Reader) Drop() error {
	end := len(r.Out)
	r.dropped = true
	err := r.Value()
	r.Out, r.dropped = r.Out[:end], false
	return err
}

// value reads the next value, which may be a part of another one. The depth is the number of
// composites around it.
func (r *Reader) value(depth int) error {
	r.grow(32)
	switch c := r.Peek(); {
	case c == '"':
		return r.stringValue()
	case c == '-' || isDigit(c):
		return r.number()
	case c == '{' || c == '[':
		if depth >= r.Limits.Depth {
			return &LimitError{What: "depth", Limit: r.Limits.Depth}
		}
		return r.composite(c, depth+1)
	case c == 't':
		return r.word("true")
	case c == 'f':
		return r.word("false")
	case c == 'n':
		return r.word("null")
	}
	return r.Syntax("expected a value")
}

// composite reads an array or an object that begins with c. It remembers the span of a long
// array or object, so that sortMembers need not read the text again for an object around it.
func (r *Reader) composite(c byte, depth int) (err error) {
	start, first := len(r.Out), len(r.spans)
	r.Pos++
	r.Out = append(r.Out, c)
	if c == '[' {
		err = r.elements(depth)
	} else {
		err = r.objectValue(depth)
	}
	r.spans = r.spans[:first] // the span of this value covers those within it
	if depth > 1 && len(r.Out)-start >= longSpan {
		r.spans = append(r.spans, span{int32(start), int32(len(r.Out))})
	}
	return err
}

// grow makes room for n more bytes in Out. The first allocation has room for most records. The
// canonical text of a longer record is seldom longer than its input, so the next allocation
// adds the length of the remaining input. If the text so far is longer than its input, the
// room covers the worst case, so that Out is not copied once more: in an array, 1e20 and its
// comma are 5 bytes of input and become 22.
func (r *Reader) grow(n int) {
	if cap(r.Out)-len(r.Out) >= n {
		return
	}
	const most = 64 << 10
	rest := len(r.in) - r.Pos
	switch {
	case cap(r.Out) == 0:
		rest = min(rest, most)
	case len(r.Out) > r.Pos-r.from:
		rest = rest / 5 * 22
	}
	r.Out = append(make([]byte, 0, len(r.Out)+rest+n), r.Out...)
}

// word reads a literal and appends it to Out.
func (r *Reader) word(literal string) error {
	r.Out = append(r.Out, literal...)
	return r.Literal(literal)
}

// stringValue reads a string and appends it to Out in canonical form.
func (r *Reader) stringValue() error {
	inner, plain, err := r.rawString()
	if err != nil {
		return err
	}
	r.grow(len(inner) + 8)
	r.Out = append(r.Out, '"')
	if plain {
		r.Out = append(r.Out, inner...)
	} else {
		r.Out = appendCanonical(r.Out, inner)
	}
	r.Out = append(r.Out, '"')
	return nil
}

// number reads a number and appends its canonical form to Out.
func (r *Reader) number() error {
	start := r.Pos
	text, integer, err := r.numberText()
	if err != nil {
		return err
	}
	// Most numbers are short and plain, and so already canonical. The form of a dropped
	// number does not matter.
	if r.dropped || integer && len(text) < maxDigits && string(text) != "-0" || !integer && isShort(text) {
		r.Out = append(r.Out, text...)
		return nil
	}
	if r.Out, err = appendNumber(r.Out, text, r.Limits.Exact); err != nil {
		r.Pos = start
		return err
	}
	return nil
}

// elements reads the rest of an array.
func (r *Reader) elements(depth int) error {
	if r.Accept(']') {
		r.Out = append(r.Out, ']')
		return nil
	}
	start := len(r.Out)
	for {
		if err := r.value(depth); err != nil {
			return err
		}
		if err := r.checkSize(start); err != nil {
			return err
		}
		if r.Accept(']') {
			r.Out = append(r.Out, ']')
			return nil
		}
		if !r.Accept(',') {
			return r.Syntax("expected , or ]")
		}
		r.Out = append(r.Out, ',')
	}
}

// checkSize refuses a composite that has grown beyond the limit of a value. It is called
// while the composite is read, before the rest of it costs memory.
func (r *Reader) checkSize(start int) error {
	if len(r.Out)-start > r.Limits.Size {
		return &LimitError{What: "value", Limit: r.Limits.Size}
	}
	return nil
}
