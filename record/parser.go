package record

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// parser reads one JSON text. It is written for input that nobody vouches for:
// it refuses what is ambiguous, holds no more than a small multiple of the
// input, and keeps going deeper only as far as it may.
//
// Values are not turned into trees. Their canonical text is appended to out
// while they are read, so that the texts of all values of a record end up in
// one piece of memory.
type parser struct {
	in     []byte
	pos    int
	limits Limits // as they are in force
	out    []byte // canonical texts
	from   int    // where in the input the texts in out begin
	// scratch holds unescaped names, members and moved what sorting an object
	// takes. All three are kept from one object to the next.
	scratch []byte
	members []member
	moved   []byte
}

// member is one member of an object whose canonical text is in parser.out: the
// offset of the name's first byte, of the quotation mark behind the name, and
// of the byte behind the value.
type member struct{ name, nameEnd, end int32 }

// fail returns err as an *Error at the present position.
func (p *parser) fail(err error) error {
	return &Error{Offset: p.pos, Err: err}
}

// syntax returns an ErrSyntax, or an ErrTruncated at the end of the input.
func (p *parser) syntax(reason string) error {
	if p.pos >= len(p.in) {
		return p.fail(ErrTruncated)
	}
	return p.fail(fmt.Errorf("%w: %s", ErrSyntax, reason))
}

// peek skips white space and returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

// accept skips white space and then c, if c is next.
func (p *parser) accept(c byte) bool {
	if p.peek() != c || p.pos >= len(p.in) {
		return false
	}
	p.pos++
	return true
}

// end refuses anything but white space up to the end of the input.
func (p *parser) end() error {
	if p.peek(); p.pos < len(p.in) {
		return p.syntax("data after the value")
	}
	return nil
}

// expect refuses a value that does not begin with c, and consumes nothing.
func (p *parser) expect(c byte) error {
	got := p.peek()
	switch {
	case got == c && p.pos < len(p.in):
		return nil
	case p.pos == 0 && bytes.HasPrefix(p.in, []byte("\xef\xbb\xbf")):
		return p.syntax("byte order mark")
	case startsValue(got):
		return p.fail(ErrType)
	}
	return p.syntax("not a value")
}

func startsValue(c byte) bool {
	switch c {
	case '{', '[', '"', 't', 'f', 'n', '-':
		return true
	}
	return '0' <= c && c <= '9'
}

// object reads an object, calling member with each name, unescaped, when its
// value is next.
func (p *parser) object(member func(name []byte) error) error {
	if err := p.expect('{'); err != nil {
		return err
	}
	p.pos++
	if p.accept('}') {
		return nil
	}
	for {
		name, err := p.name()
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return at(pathName(name), err)
		}
		if p.accept('}') {
			return nil
		}
		if !p.accept(',') {
			return p.syntax("expected , or }")
		}
	}
}

// name reads a member name and the colon behind it.
func (p *parser) name() ([]byte, error) {
	if p.peek() != '"' {
		return nil, p.syntax("expected a name")
	}
	name, plain, err := p.rawString()
	if err != nil {
		return nil, err
	}
	if !p.accept(':') {
		return nil, p.syntax("expected :")
	}
	if !plain {
		name = unescape(make([]byte, 0, len(name)), name)
	}
	return name, nil
}

// text reads a string and returns the text that it means. Without escapes that
// is a part of the input, else it is in scratch until the next call.
func (p *parser) text() ([]byte, error) {
	inner, plain, err := p.rawString()
	if err != nil || plain {
		return inner, err
	}
	p.scratch = unescape(p.scratch[:0], inner)
	return p.scratch, nil
}

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
			err = p.escape()
		case c < ' ':
			err = p.syntax("control character in a string")
		default:
			_, n := utf8.DecodeRune(p.in[p.pos:])
			if n == 1 {
				return nil, false, p.fail(ErrUTF8)
			}
			p.pos += n
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// escape checks and skips the escape that is next.
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
		if hexRune(rest[2:]) < 0 {
			if len(rest) < 6 {
				p.pos = len(p.in)
			}
			return p.syntax("invalid escape")
		}
		r, n := escapedRune(rest)
		if r == utf8.RuneError && rest[2]|0x20 == 'd' {
			return p.fail(fmt.Errorf("%w: lone surrogate", ErrUTF8))
		}
		p.pos += n
		return nil
	}
	return p.syntax("invalid escape")
}

// value reads the next value and appends its canonical text to out. The depth
// is that of the value: 0 for one that is not in a composite.
func (p *parser) value(depth int) error {
	p.grow(32)
	switch c := p.peek(); {
	case p.pos >= len(p.in):
		return p.syntax("")
	case c == '"':
		return p.stringValue()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case c == '{' || c == '[':
		if depth >= p.limits.Depth {
			return p.fail(&LimitError{What: "depth", Limit: p.limits.Depth})
		}
		p.pos++
		p.out = append(p.out, c)
		if c == '[' {
			return p.elements(depth + 1)
		}
		return p.objectValue(depth + 1)
	case c == 't':
		return p.literal("true")
	case c == 'f':
		return p.literal("false")
	case c == 'n':
		return p.literal("null")
	}
	return p.syntax("not a value")
}

// grow makes room for n more bytes in out. Canonical text is seldom longer than
// what it came from (1e20 is), so the room it makes is for the rest of the
// input at the rate so far: doubling would cost more.
func (p *parser) grow(n int) {
	if cap(p.out)-len(p.out) >= n {
		return
	}
	rest := len(p.in) - p.pos
	if read := p.pos - p.from; len(p.out) > read && read > 0 {
		rest = int(float64(rest) * 1.1 * float64(len(p.out)) / float64(read))
	}
	p.out = append(make([]byte, 0, len(p.out)+n+rest), p.out...)
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
	p.out = append(p.out, word...)
	return nil
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
	if p.in[p.pos] == '-' {
		p.pos++
	}
	leading := p.pos
	if err := p.digits(); err != nil {
		return err
	}
	if p.in[leading] == '0' && p.pos > leading+1 {
		p.pos = leading + 1
		return p.syntax("number with a leading zero")
	}
	integer := p.pos
	if p.next('.') {
		if err := p.digits(); err != nil {
			return err
		}
	}
	if p.next('e') || p.next('E') {
		if !p.next('+') {
			p.next('-')
		}
		if err := p.digits(); err != nil {
			return err
		}
	}
	literal := p.in[start:p.pos]
	if p.pos == integer && len(literal) < maxDigits && string(literal) != "-0" {
		p.out = append(p.out, literal...)
		return nil
	}
	var err error
	if p.out, err = appendNumber(p.out, literal); err != nil {
		p.pos = start
		return p.fail(err)
	}
	return nil
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
	for p.pos < len(p.in) && '0' <= p.in[p.pos] && p.in[p.pos] <= '9' {
		p.pos++
	}
	if p.pos == start {
		return p.syntax("expected a digit")
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
