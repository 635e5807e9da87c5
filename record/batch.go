package record

import (
	"errors"
	"slices"
)

// Item is one item of a batch: a mutation, or the reason why it is refused.
type Item struct {
	Mutation Mutation
	// Err is an *Error. The Mutation then holds the key, as far as it was read,
	// and no fields.
	Err error
}

// Batch reads an array of mutations, or JSON Lines with one mutation a line. An
// error means that the batch as a whole cannot be understood. Else there is an
// Item for each mutation, in their order, and one that is refused does not
// touch the others. White space alone is no batch, but an empty array is one.
//
// A batch is refused as a whole, with ErrLimit, if more than 1,000 of its items
// are refused, and more than one for each 64 bytes of it: then the errors would
// cost many times the memory of the input.
func (d *Decoder) Batch(text []byte) ([]Item, error) {
	p, err := d.start(text)
	if err != nil {
		return nil, err
	}
	d.refused, d.sized = 0, struct{ pos, items int }{}
	var items []Item
	if p.peek() == '{' {
		items, err = d.lines()
	} else {
		items, err = d.array()
	}
	if err != nil {
		return nil, err
	}
	return items, nil
}

// array reads an array of mutations, and nothing behind it.
func (d *Decoder) array() (items []Item, err error) {
	p := &d.parser
	if err := p.expect('['); err != nil {
		return nil, err
	}
	p.pos++
	if p.accept(']') {
		return []Item{}, p.end()
	}
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
		for p.next(' ') || p.next('\t') || p.next('\r') {
		}
		if p.pos < len(p.in) && !p.next('\n') {
			return nil, p.syntax("data after the mutation of a line")
		}
	}
	return items, nil
}

// shortest is the length of {"table":"t","id":"i","data":{}}.
const shortest = 31

// A refused item can cost more memory than it weighs. So of a batch no more than
// maxRefused may be refused, or one for each refusedSize bytes of a long one.
const (
	maxRefused  = 1000
	refusedSize = 64
)

// item reads the next item of a batch. It returns an error only if it cannot be
// told where the item ends.
func (d *Decoder) item(items []Item) ([]Item, error) {
	p := &d.parser
	p.peek()
	if len(items) >= p.limits.Items {
		return nil, p.fail(&LimitError{What: "items", Limit: p.limits.Items})
	}
	start := p.pos
	m, err := d.mutation()
	if err != nil {
		err = p.located(len(items), err)
		if errors.Is(err, ErrSyntax) {
			return nil, err
		}
		p.pos = start
		if err := d.refuse(); err != nil {
			return nil, p.located(len(items), err)
		}
	}
	return append(d.room(items), Item{m, err}), nil
}

// room makes room for the item that was just read, and for the rest if those are
// as long as the items since it did so last.
func (d *Decoder) room(items []Item) []Item {
	if len(items) < cap(items) {
		return items
	}
	p := &d.parser
	length := max((p.pos-d.sized.pos)/(len(items)+1-d.sized.items), shortest)
	d.sized.pos, d.sized.items = p.pos, len(items)+1
	return slices.Grow(items, min(1+(len(p.in)-p.pos)/length, p.limits.Items-len(items)))
}

// refuse counts a refused item and moves behind it.
func (d *Decoder) refuse() error {
	p := &d.parser
	if most := max(len(p.in)/refusedSize, maxRefused); d.refused == most {
		return p.fail(&LimitError{What: "refused", Limit: most})
	}
	d.refused++
	return p.skip()
}
