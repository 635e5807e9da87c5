// Package jsontext implements a reader of untrusted JSON, one value after another, and the
// canonical form of package record. It does not depend on package record.
//
// It refuses ambiguous input, and it allocates at most a small multiple of the size of the
// input. Its files:
//
//	reader.go  Reader: the input, the position, and the texts that were read
//	token.go   strings, names, numbers and literals
//	value.go   values in canonical form, and their limits
//	object.go  the objects in values: members are sorted, and duplicates refused
//	skip.go    skipping values
//	string.go  canonical strings, and the order of names
//	number.go  canonical numbers
//	float.go   the float64 nearest to a literal
//	errors.go  the reasons for refusing input
package jsontext

import (
	"bytes"
	"fmt"
)

// Reader reads one JSON text. It does not build trees: it appends the canonical text of each
// value to Out while it reads the value, so that the texts of all values of a record end up
// in one piece of memory.
//
// Each error that a method returns is one of the Err variables, wraps one of them, or is a
// *LimitError. Pos is then the offset at which the error was detected. After an error, call
// only Reset or Skip, or set Pos.
//
// The zero Reader reads an empty text. Reset begins another text and reuses the memory.
type Reader struct {
	// Pos is the offset of the next byte. To read a part of the input again, set Pos back.
	Pos int
	// Out holds the canonical texts of the values that were read, one after another. The
	// caller may truncate it, and append texts of its own.
	Out []byte
	// Limits bound the values that are read next.
	Limits Limits

	in   []byte
	from int // offset in the input at which the texts in Out begin
	// dropped marks a value whose text is not kept. Its syntax, names and size are checked as
	// always, but its numbers need no canonical form.
	dropped bool
	// The rest is scratch memory, which is kept from one use to the next: scratch is for
	// unescaped text; members, moved and spans are for sorting an object.
	scratch []byte
	members []member
	moved   []byte
	spans   []span
}

// Limits bound a value. Zero permits nothing.
type Limits struct {
	// Depth is the greatest nesting depth of the arrays and objects in the value. A scalar has
	// depth 0.
	Depth int
	// Size is the greatest length of the canonical text of the value, in bytes.
	Size int
	// Exact refuses numbers whose canonical form is another number.
	Exact bool
}

// maxKept is the greatest size of scratch memory that a Reader keeps for the next text.
const maxKept = 1 << 20

// Reset begins to read text. The Reader keeps a reference to it until the next Reset.
func (r *Reader) Reset(text []byte, limits Limits) {
	r.in, r.Pos, r.Limits, r.dropped = text, 0, limits, false
	if cap(r.Out)+cap(r.scratch) > maxKept {
		r.Out, r.moved, r.members, r.spans, r.scratch = nil, nil, nil, nil, nil
	}
	r.Clear()
}

// Clear removes all texts from Out. Call it before reading values that do not belong with the
// previous ones.
func (r *Reader) Clear() { r.Out, r.from = r.Out[:0], r.Pos }

// Rest returns the input from Pos on.
func (r *Reader) Rest() []byte { return r.in[r.Pos:] }

// Syntax returns an ErrSyntax with a reason, or an ErrTruncated at the end of the input.
func (r *Reader) Syntax(reason string) error {
	switch {
	case r.Pos >= len(r.in):
		return ErrTruncated
	case r.Pos == 0 && bytes.HasPrefix(r.in, []byte("\xef\xbb\xbf")):
		reason = "byte order mark"
	}
	return fmt.Errorf("%w: %s", ErrSyntax, reason)
}

// Peek skips white space and returns the next byte, or 0 at the end.
func (r *Reader) Peek() byte {
	for r.Pos < len(r.in) {
		switch c := r.in[r.Pos]; c {
		case ' ', '\t', '\n', '\r':
			r.Pos++
		default:
			return c
		}
	}
	return 0
}

// Accept skips white space and then c, if c is next.
func (r *Reader) Accept(c byte) bool {
	if r.Peek() != c || r.Pos >= len(r.in) {
		return false
	}
	r.Pos++
	return true
}

// Next skips c if it is the very next byte.
func (r *Reader) Next(c byte) bool {
	if r.Pos < len(r.in) && r.in[r.Pos] == c {
		r.Pos++
		return true
	}
	return false
}

// End returns an error if anything but white space follows up to the end of the input.
func (r *Reader) End() error {
	if r.Peek(); r.Pos < len(r.in) {
		return r.Syntax("data after the value")
	}
	return nil
}

// Expect returns ErrType if the next value does not begin with c. It skips only white space.
func (r *Reader) Expect(c byte) error {
	got := r.Peek()
	switch {
	case got == c && r.Pos < len(r.in):
		return nil
	case startsValue(got):
		return ErrType
	}
	return r.Syntax("expected a value")
}

func startsValue(c byte) bool {
	switch c {
	case '{', '[', '"', 't', 'f', 'n', '-':
		return true
	}
	return isDigit(c)
}
