// Package jsontext reads untrusted JSON, one value after another, and writes values
// in the canonical form of package record. It knows nothing of records.
//
// It is strict on what is ambiguous, and holds no more memory than a small multiple of
// its input. Its files:
//
//	reader.go  Reader: the input, the position, and the texts that were read
//	token.go   strings, names, numbers and literals
//	value.go   values in canonical form, and their limits
//	object.go  the objects in values: members are sorted, and none occurs twice
//	skip.go    values that are passed over
//	string.go  canonical strings, and the order of names
//	number.go  canonical numbers
//	float.go   the float64 nearest to a literal
//	errors.go  the reasons to refuse input
package jsontext

import (
	"bytes"
	"fmt"
)

// Reader reads one JSON text. Values do not become trees: their canonical text is
// appended to Out while they are read, so that the texts of all values of a record end
// up in one piece of memory.
//
// What a method returns as an error is one of the Err variables, or wraps one, or is a
// *LimitError; Pos is then where in the input it was noticed. After an error only Reset,
// Skip and a user that sets Pos itself make sense.
//
// The zero Reader reads an empty text. Reset begins another one, and keeps the memory.
type Reader struct {
	// Pos is the offset of the next byte. To read a part of the input again, set it back.
	Pos int
	// Out holds the canonical texts of the values that were read, one after another. The
	// user may cut it, and append texts of its own.
	Out []byte
	// Limits are those of the values that are read next.
	Limits Limits

	in   []byte
	from int // where in the input the texts in Out begin
	// dropped says that the value that is read is not kept. Its syntax, names and
	// size are checked all the same, but its numbers need no canonical form.
	dropped bool
	// The rest is scratch, which is kept from one use to the next: scratch is for
	// unescaped text, and members, moved and spans are for sorting an object.
	scratch []byte
	members []member
	moved   []byte
	spans   []span
}

// Limits bound a value. Zero permits nothing.
type Limits struct {
	// Depth is how deep its arrays and objects may be nested. A scalar has depth 0.
	Depth int
	// Size is the greatest length of its canonical text, in bytes.
	Size int
	// Exact refuses numbers whose canonical form is another number.
	Exact bool
}

// maxKept is how much scratch memory a Reader keeps for the next text.
const maxKept = 1 << 20

// Reset begins to read text, which the Reader holds on to until the next Reset.
func (r *Reader) Reset(text []byte, limits Limits) {
	r.in, r.Pos, r.Limits, r.dropped = text, 0, limits, false
	if cap(r.Out)+cap(r.scratch) > maxKept {
		r.Out, r.moved, r.members, r.spans, r.scratch = nil, nil, nil, nil, nil
	}
	r.Clear()
}

// Clear removes all texts from Out, before values are read that have nothing to do with
// those before.
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

// End refuses anything but white space up to the end of the input.
func (r *Reader) End() error {
	if r.Peek(); r.Pos < len(r.in) {
		return r.Syntax("data after the value")
	}
	return nil
}

// Expect refuses a value that does not begin with c, with ErrType, and consumes nothing.
func (r *Reader) Expect(c byte) error {
	got := r.Peek()
	switch {
	case got == c && r.Pos < len(r.in):
		return nil
	case startsValue(got):
		return ErrType
	}
	return r.Syntax("not a value")
}

func startsValue(c byte) bool {
	switch c {
	case '{', '[', '"', 't', 'f', 'n', '-':
		return true
	}
	return isDigit(c)
}
