package jsontext

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Name reads the name of a member and the colon after it. The returned name is a part of the
// input, unless it has escapes.
func (r *Reader) Name() ([]byte, error) {
	if r.Peek() != '"' {
		return nil, r.Syntax("expected a name")
	}
	name, plain, err := r.rawString()
	if err != nil {
		return nil, err
	}
	if !r.Accept(':') {
		return nil, r.Syntax("expected :")
	}
	if !plain {
		name = unescape(make([]byte, 0, len(name)), name)
	}
	return name, nil
}

// AcceptName skips white space, the given name and the colon, if they come next in the form
// of canonical JSON, and returns the name as a part of the input. It saves the checks that
// Name makes. For example, with the name "title":
//
//	input           result
//	"title":1       "title", and 1 is next
//	"title" :1      false: a space before the colon; Name accepts it
//	"t\u0069tle":1  false: an escape; Name accepts it
func (r *Reader) AcceptName(name string) ([]byte, bool) {
	if r.Peek() != '"' {
		return nil, false
	}
	rest := r.in[r.Pos+1:]
	n := len(name)
	if len(rest) <= n+1 || string(rest[:n]) != name || rest[n] != '"' || rest[n+1] != ':' {
		return nil, false
	}
	r.Pos += n + len(`"":`)
	return rest[:n], true
}

// Text reads a string and returns the text that it represents. Without escapes the text is a
// part of the input; with escapes it is in scratch memory until the next call.
func (r *Reader) Text() ([]byte, error) {
	inner, plain, err := r.rawString()
	if err != nil || plain {
		return inner, err
	}
	r.scratch = unescape(slices.Grow(r.scratch[:0], len(inner)), inner)
	return r.scratch, nil
}

// Quoted returns the n bytes after the next quotation mark, if another quotation mark follows
// them, and consumes nothing. Use it for texts of a known length that have a parser of their
// own: no other check is necessary then.
func (r *Reader) Quoted(n int) ([]byte, bool) {
	if r.Pos+n+1 >= len(r.in) || r.in[r.Pos+n+1] != '"' {
		return nil, false
	}
	return r.in[r.Pos+1 : r.Pos+1+n], true
}

// rawString reads a string, checks it, and returns the text between the quotation marks. The
// string is plain if it has no escapes.
func (r *Reader) rawString() (inner []byte, plain bool, err error) {
	r.Pos++
	start := r.Pos
	plain = true
	for {
		r.Pos += plainPrefix(r.in[r.Pos:])
		if r.Pos >= len(r.in) {
			return nil, false, r.Syntax("")
		}
		switch c := r.in[r.Pos]; {
		case c == '"':
			r.Pos++
			return r.in[start : r.Pos-1], plain, nil
		case c == '\\':
			plain = false
			err = r.escapedText()
		case c < ' ':
			err = r.control()
		default:
			err = r.runes()
		}
		if err != nil {
			return nil, false, err
		}
	}
}

func (r *Reader) control() error { return r.Syntax("control character in a string; escape it") }

// runes checks and skips the multi-byte runes up to the next ASCII character.
func (r *Reader) runes() error {
	for r.Pos < len(r.in) && r.in[r.Pos] >= utf8.RuneSelf {
		rest := r.in[r.Pos:]
		_, n := utf8.DecodeRune(rest)
		if n == 1 {
			if !utf8.FullRune(rest) {
				r.Pos = len(r.in)
				return r.Syntax("")
			}
			return ErrUTF8
		}
		r.Pos += n
	}
	return nil
}

// escapedText checks and skips the next escape, or the two escapes of a surrogate pair.
func (r *Reader) escapedText() error {
	start := r.Pos
	if err := r.escape(); err != nil {
		return err
	}
	c, n := escapedRune(r.in[start:])
	if c != utf8.RuneError || r.in[start+2]|0x20 != 'd' {
		r.Pos = start + n
		return nil
	}
	// A syntax error after the surrogate takes precedence over the lone surrogate.
	if r.Pos >= len(r.in) {
		return r.Syntax("")
	}
	if r.in[r.Pos] == '\\' {
		if err := r.escape(); err != nil {
			return err
		}
	}
	r.Pos = start
	return errSurrogate
}

var errSurrogate = fmt.Errorf("%w: lone surrogate", ErrUTF8)

// escape checks the syntax of the next escape, and skips it.
func (r *Reader) escape() error {
	rest := r.in[r.Pos:]
	if len(rest) < 2 {
		r.Pos = len(r.in)
		return r.Syntax("")
	}
	switch rest[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		r.Pos += 2
		return nil
	case 'u':
	default:
		return r.Syntax("invalid escape")
	}
	for i := 2; i < 6; i++ {
		if i == len(rest) {
			r.Pos = len(r.in)
			return r.Syntax("")
		}
		if hexDigit(rest[i]) < 0 {
			return r.Syntax("invalid escape")
		}
	}
	r.Pos += 6
	return nil
}

// Literal reads the word true, false or null.
func (r *Reader) Literal(word string) error {
	rest := r.in[r.Pos:]
	if !bytes.HasPrefix(rest, []byte(word)) {
		if bytes.HasPrefix([]byte(word), rest) {
			r.Pos = len(r.in)
		}
		return r.Syntax("expected a value")
	}
	r.Pos += len(word)
	return nil
}

// numberText reads a number and returns its literal, and whether the literal has neither
// fraction nor exponent.
func (r *Reader) numberText() (text []byte, integer bool, err error) {
	start := r.Pos
	r.Next('-')
	if !r.Next('0') { // No digit may follow a leading zero.
		err = r.digits()
	}
	integer = true
	if err == nil && r.Next('.') {
		integer = false
		err = r.digits()
	}
	if err == nil && (r.Next('e') || r.Next('E')) {
		integer = false
		if !r.Next('+') {
			r.Next('-')
		}
		err = r.digits()
	}
	return r.in[start:r.Pos], integer, err
}

// digits skips one or more decimal digits.
func (r *Reader) digits() error {
	start := r.Pos
	for r.Pos < len(r.in) && isDigit(r.in[r.Pos]) {
		r.Pos++
	}
	if r.Pos == start {
		return r.Syntax("expected a digit")
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
