package jsontext

// Skip skips the next value, however deep it is. It checks only the syntax, and needs no more
// memory than one byte per level. The texts in Out are lost. For example, in {"a":[1,2]},7 it
// stops before ,7 and the stack in Out changes like this:
//
//	skipped   Out
//	{"a":[1   }]    closing brackets, the innermost last
//	,2        }]
//	]         }
//	}               empty: the value has ended
func (r *Reader) Skip() error {
	r.Clear()
	for {
		if err := r.skipStart(); err != nil {
			return err
		}
		for n := len(r.Out); n > 0 && r.Accept(r.Out[n-1]); n-- {
			r.Out = r.Out[:n-1]
		}
		switch n := len(r.Out); {
		case n == 0:
			return nil
		case !r.Accept(','):
			return r.Syntax("expected , or " + string(r.Out[n-1:]))
		case r.Out[n-1] == '}':
			if err := r.skipName(); err != nil {
				return err
			}
		}
	}
}

// skipStart skips a scalar or an empty composite, and the opening brackets and names before
// it. For each open bracket, it pushes the closing one onto the stack in Out.
func (r *Reader) skipStart() error {
	for {
		c := r.Peek()
		if c != '{' && c != '[' {
			return r.skipScalar(c)
		}
		r.Pos++
		r.grow(1)
		r.Out = append(r.Out, c+2) // In ASCII, } is { + 2, and ] is [ + 2.
		if r.Peek() == c+2 {
			return nil
		}
		if c == '{' {
			if err := r.skipName(); err != nil {
				return err
			}
		}
	}
}

// skipName skips a member name and the colon after it.
func (r *Reader) skipName() error {
	if r.Peek() != '"' {
		return r.Syntax("expected a name")
	}
	if err := r.skipString(); err != nil {
		return err
	}
	if !r.Accept(':') {
		return r.Syntax("expected :")
	}
	return nil
}

// skipScalar skips the value that begins with c and is not a composite.
func (r *Reader) skipScalar(c byte) error {
	switch {
	case c == '"':
		return r.skipString()
	case c == '-' || isDigit(c):
		_, _, err := r.numberText()
		return err
	case c == 't':
		return r.Literal("true")
	case c == 'f':
		return r.Literal("false")
	case c == 'n':
		return r.Literal("null")
	}
	return r.Syntax("expected a value")
}

// skipString skips a string. It checks the syntax, but not that the text is valid Unicode.
func (r *Reader) skipString() error {
	r.Pos++
	for r.Pos < len(r.in) {
		switch c := r.in[r.Pos]; {
		case c == '"':
			r.Pos++
			return nil
		case c == '\\':
			if err := r.escape(); err != nil {
				return err
			}
		case c < ' ':
			return r.control()
		default:
			r.Pos++
		}
	}
	return r.Syntax("")
}
