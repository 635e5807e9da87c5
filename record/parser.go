package record

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
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
	// trusted is as in Decoder.
	trusted bool
	out     []byte // canonical texts
	from    int    // where in the input the texts in out begin
	// dropped says that the value that is read is not kept. Its syntax, names and
	// size are checked all the same, but its numbers need no canonical form.
	dropped bool
	// The rest is scratch, which is kept from one use to the next: scratch is
	// for unescaped text, members, moved and spans are for sorting an object, and
	// others holds the unknown names of the objects that are open.
	scratch []byte
	members []member
	moved   []byte
	spans   []span
	others  [][]byte
	// trail holds the names that lead to an error, the innermost first.
	trail [][]byte
}

// fail returns err as an *Error at the present position.
func (p *parser) fail(err error) error {
	return &Error{Offset: p.pos, Err: err}
}

// syntax returns an ErrSyntax, or an ErrTruncated at the end of the input.
func (p *parser) syntax(reason string) error {
	switch {
	case p.pos >= len(p.in):
		return p.fail(ErrTruncated)
	case p.pos == 0 && bytes.HasPrefix(p.in, []byte("\xef\xbb\xbf")):
		reason = "byte order mark"
	}
	return p.fail(fmt.Errorf("%w: %s", ErrSyntax, reason))
}

// under returns err, noting that it is of the member of that name.
func (p *parser) under(name []byte, err error) error {
	p.trail = append(p.trail, name)
	return err
}

// located returns err with its whole path, which is made only now, in one piece.
// The path begins with the index of an item, unless that is negative.
func (p *parser) located(index int, err error) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	path := p.scratch[:0]
	if index >= 0 {
		path = append(strconv.AppendInt(append(path, '['), int64(index), 10), ']')
	}
	for _, name := range slices.Backward(p.trail) {
		path = appendPathName(appendDot(path), name)
	}
	if e.Path != "" {
		path = append(appendDot(path), e.Path...)
	}
	p.trail, p.scratch, e.Path = p.trail[:0], path, string(path)
	return e
}

func appendDot(path []byte) []byte {
	if len(path) == 0 {
		return path
	}
	return append(path, '.')
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
// value is next. Where the members come in the order of names, it also passes the
// index of the name, and -1 otherwise.
func (p *parser) object(names []string, member func(i int, name []byte) error) error {
	if err := p.expect('{'); err != nil {
		return err
	}
	p.pos++
	if p.accept('}') {
		return nil
	}
	for k := 0; ; k++ {
		i, name, err := -1, []byte(nil), error(nil)
		if k < len(names) && p.peek() == '"' && p.isNext(names[k]) {
			i, name = k, p.in[p.pos+1:p.pos+1+len(names[k])]
			p.pos += len(name) + len(`"":`)
		} else if name, err = p.name(); err != nil {
			return err
		}
		if err := member(i, name); err != nil {
			return p.under(name, err)
		}
		if p.accept('}') {
			return nil
		}
		if !p.accept(',') {
			return p.syntax("expected , or }")
		}
	}
}

// isNext reports whether the next name is the given one, with a colon right
// behind it, as canonical JSON has it. That saves looking at the name in detail.
func (p *parser) isNext(name string) bool {
	rest := p.in[p.pos+1:]
	n := len(name)
	return len(rest) > n+1 && string(rest[:n]) == name && rest[n] == '"' && rest[n+1] == ':'
}

// name reads a member name and the colon behind it. The name is a part of the
// input, unless it has escapes.
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
	p.scratch = unescape(slices.Grow(p.scratch[:0], len(inner)), inner)
	return p.scratch, nil
}
