package record

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
)

// Decoder reads values, records, mutations and batches from JSON that nobody
// vouches for. For any bytes it returns a value or an *Error; it never panics.
//
// It is strict on what is ambiguous: a name that occurs twice in an object at
// any depth, a member that equals a known one but for case, invalid UTF-8 and
// lone surrogates, data behind the value, numbers that a float64 cannot hold.
// Other unknown members are skipped, and unknown fields are fields like any
// other. All is bounded by Limits, before it costs memory.
//
// The zero Decoder is ready to use and has the default limits. It keeps memory
// between calls, and the records that it makes share lists of field names, so
// use one for many calls. It must not be used from two goroutines at once. What
// it returns holds no reference to the input.
type Decoder struct {
	Limits Limits

	parser  parser
	builder Builder
	entries []entry
}

// Item is one item of a batch: a mutation, or the reason why it is refused.
type Item struct {
	Mutation Mutation
	// Err is an *Error. The Mutation then holds the key, as far as it was read,
	// and no fields.
	Err error
}

// maxKept is how much scratch memory a Decoder keeps for the next call.
const maxKept = 1 << 20

// parse returns the parser, set to the beginning of text.
func (d *Decoder) parse(text []byte) *parser {
	p := &d.parser
	p.in, p.pos, p.from, p.limits = text, 0, 0, d.Limits.inForce()
	p.out = p.out[:0]
	if cap(p.out) > maxKept {
		p.out, p.moved, p.members = nil, nil, nil
	}
	if cap(d.entries) > maxKept/64 {
		d.entries = nil
	}
	return p
}

// start returns the parser set to the beginning of text, or an error if that is
// too long.
func (d *Decoder) start(text []byte) (*parser, error) {
	p := d.parse(text)
	if len(text) > p.limits.Bytes {
		return nil, p.fail(&LimitError{What: "bytes", Limit: p.limits.Bytes})
	}
	return p, nil
}

// Value reads one JSON text as a value.
func (d *Decoder) Value(text []byte) (Value, error) {
	p, err := d.start(text)
	if err != nil {
		return Value{}, err
	}
	if err := p.checkedValue(); err != nil {
		return Value{}, err
	}
	if err := p.end(); err != nil {
		return Value{}, err
	}
	return valueOf(string(p.out)), nil
}

// Record reads an object from field names to FieldValues as the record of the
// given key, which is not checked.
func (d *Decoder) Record(key Key, text []byte) (Record, error) {
	p, err := d.start(text)
	if err != nil {
		return Record{}, err
	}
	if err := d.fields(); err != nil {
		return Record{}, err
	}
	if err := p.end(); err != nil {
		return Record{}, err
	}
	return d.finish(key)
}

// Mutation reads one mutation.
func (d *Decoder) Mutation(text []byte) (Mutation, error) {
	p, err := d.start(text)
	if err != nil {
		return Mutation{}, err
	}
	m, err := d.mutation()
	if err != nil {
		return Mutation{}, err
	}
	return m, p.end()
}

// Batch reads an array of mutations, or JSON Lines with one mutation a line. An
// error means that the batch as a whole cannot be understood. Else there is an
// Item for each mutation, in their order, and one that is refused does not
// touch the others. White space alone is no batch, but an empty array is one.
func (d *Decoder) Batch(text []byte) ([]Item, error) {
	p, err := d.start(text)
	if err != nil {
		return nil, err
	}
	if p.peek() == '{' {
		return d.lines()
	}
	if err := p.expect('['); err != nil {
		return nil, err
	}
	p.pos++
	if p.accept(']') {
		return []Item{}, p.end()
	}
	var items []Item
	for {
		if items, err = d.item(items); err != nil {
			return nil, err
		}
		if p.accept(']') {
			return items, p.end()
		}
		if !p.accept(',') {
			return nil, p.syntax("expected , or ]")
		}
	}
}

// lines reads mutations one behind the other, each on a line of its own.
func (d *Decoder) lines() (items []Item, err error) {
	p := &d.parser
	for p.peek(); p.pos < len(p.in); p.peek() {
		if items, err = d.item(items); err != nil {
			return nil, err
		}
		line, _, _ := bytes.Cut(p.in[p.pos:], []byte{'\n'})
		if len(bytes.TrimSpace(line)) > 0 {
			return nil, p.syntax("data after the mutation of a line")
		}
		p.pos += len(line)
	}
	return items, nil
}

// shortest is the length of {"table":"t","id":"i","data":{}}, and maxStubs how
// many items of a batch may be shorter: items that cost more than they weigh.
const (
	shortest = 31
	maxStubs = 1000
)

// item reads the next item of a batch. It returns an error only if it cannot be
// told where the item ends.
func (d *Decoder) item(items []Item) ([]Item, error) {
	p := &d.parser
	if most := min(p.limits.Items, len(p.in)/shortest+maxStubs); len(items) >= most {
		return nil, p.fail(&LimitError{What: "items", Limit: most})
	}
	p.peek()
	start := p.pos
	m, err := d.mutation()
	if err != nil {
		err = at("["+strconv.Itoa(len(items))+"]", err)
		if errors.Is(err, ErrSyntax) {
			return nil, err
		}
		p.pos = start
		if err := p.skip(); err != nil {
			return nil, err
		}
	}
	if len(items) == cap(items) {
		// Room for the rest, if its items are as long as those so far.
		length := max(p.pos/(len(items)+1), shortest)
		items = slices.Grow(items, 1+(len(p.in)-p.pos)/length)
	}
	return append(items, Item{m, err}), nil
}

// skip moves behind the value that begins here without looking into it.
func (p *parser) skip() error {
	depth := 0
	for ; p.pos < len(p.in); p.pos++ {
		switch p.in[p.pos] {
		case '"':
			for p.pos++; p.pos < len(p.in) && p.in[p.pos] != '"'; p.pos++ {
				if p.in[p.pos] == '\\' {
					p.pos++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return nil
			}
			if depth--; depth == 0 {
				p.pos++
				return nil
			}
		case ',', '\n':
			if depth == 0 {
				return nil
			}
		}
	}
	return p.syntax("")
}
