package record

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// The methods in this file read the tokens of JSON: strings, numbers and
// literals.

// rawString reads a string, checks it, and returns what is between the
// quotation marks. It is plain if it has no escapes.
func (p *parser) rawString() (inner []byte, plain bool, err error) {
	p.pos++
	start := p.pos
	plain = true
	for {
		p.pos += plainPrefix(p.in[p.pos:])
		if p.pos >= len(p.in) {
			return nil, false, p.syntax("")
		}
		switch c := p.in[p.pos]; {
		case c == '"':
			p.pos++
			return p.in[start : p.pos-1], plain, nil
		case c == '\\':
			plain = false
			err = p.escapedText()
		case c < ' ':
			err = p.control()
		default:
			err = p.runes()
		}
		if err != nil {
			return nil, false, err
		}
	}
}

func (p *parser) control() error { return p.syntax("control character in a string") }

// runes checks and skips what is next up to an ASCII character.
func (p *parser) runes() error {
	for p.pos < len(p.in) && p.in[p.pos] >= utf8.RuneSelf {
		rest := p.in[p.pos:]
		_, n := utf8.DecodeRune(rest)
		if n == 1 {
			if !utf8.FullRune(rest) {
				p.pos = len(p.in)
				return p.syntax("")
			}
			return p.fail(ErrUTF8)
		}
		p.pos += n
	}
	return nil
}

// escapedText checks and skips the escape that is next, or the two of them that
// a surrogate pair is.
func (p *parser) escapedText() error {
	start := p.pos
	if err := p.escape(); err != nil {
		return err
	}
	r, n := escapedRune(p.in[start:])
	if r != utf8.RuneError || p.in[start+2]|0x20 != 'd' {
		p.pos = start + n
		return nil
	}
	// Before a surrogate is called lone, what follows it has to be JSON.
	if p.pos >= len(p.in) {
		return p.syntax("")
	}
	if p.in[p.pos] == '\\' {
		if err := p.escape(); err != nil {
			return err
		}
	}
	p.pos = start
	return p.fail(errSurrogate)
}

var errSurrogate = fmt.Errorf("%w: lone surrogate", ErrUTF8)

// escape checks the syntax of the escape that is next, and skips it.
func (p *parser) escape() error {
	rest := p.in[p.pos:]
	if len(rest) < 2 {
		p.pos = len(p.in)
		return p.syntax("")
	}
	switch rest[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.pos += 2
		return nil
	case 'u':
	default:
		return p.syntax("invalid escape")
	}
	for i := 2; i < 6; i++ {
		if i == len(rest) {
			p.pos = len(p.in)
			return p.syntax("")
		}
		if hexDigit(rest[i]) < 0 {
			return p.syntax("invalid escape")
		}
	}
	p.pos += 6
	return nil
}

// literal reads true, false or null.
func (p *parser) literal(word string) error {
	rest := p.in[p.pos:]
	if !bytes.HasPrefix(rest, []byte(word)) {
		if bytes.HasPrefix([]byte(word), rest) {
			p.pos = len(p.in)
		}
		return p.syntax("not a value")
	}
	p.pos += len(word)
	return nil
}

// numberText reads a number and returns it as it is written, and whether that
// is with neither fraction nor exponent.
func (p *parser) numberText() (text []byte, integer bool, err error) {
	start := p.pos
	p.next('-')
	if !p.next('0') { // Nothing but a fraction may follow a zero.
		err = p.digits()
	}
	integer = true
	if err == nil && p.next('.') {
		integer = false
		err = p.digits()
	}
	if err == nil && (p.next('e') || p.next('E')) {
		integer = false
		if !p.next('+') {
			p.next('-')
		}
		err = p.digits()
	}
	return p.in[start:p.pos], integer, err
}

// next skips c if it is the very next byte.
func (p *parser) next(c byte) bool {
	if p.pos < len(p.in) && p.in[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// digits skips one or more decimal digits.
func (p *parser) digits() error {
	start := p.pos
	for p.pos < len(p.in) && isDigit(p.in[p.pos]) {
		p.pos++
	}
	if p.pos == start {
		return p.syntax("expected a digit")
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
